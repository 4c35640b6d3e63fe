"""Measures of answers: ranking, calibration, risk, purity of a hierarchy, paired tests."""

import math

import numpy as np


def auroc(score, positive):
    """Probability that a positive sample has the higher score; ties count half.

    Parameters
    ----------
    score : array [samples]
    positive : bool array [samples]

    Returns
    -------
    float
        NaN where one of the two kinds is absent.

    Examples
    --------
    >>> auroc([0.1, 0.2, 0.9, 0.8], [False, False, True, True])
    1.0
    """
    from scipy.stats import rankdata

    positive = np.asarray(positive, bool)
    n, m = int(positive.sum()), int((~positive).sum())
    if n == 0 or m == 0:
        return math.nan
    rank = rankdata(np.asarray(score, np.float64))
    return float((rank[positive].sum() - n * (n + 1) / 2) / (n * m))


def calibration_error(confidence, right, bins=15):
    """Expected calibration error: mean distance of confidence and share of right answers.

    Parameters
    ----------
    confidence : array [samples], in [0, 1]
    right : bool array [samples]
    bins : int, default 15
        Of equal width.

    Examples
    --------
    >>> calibration_error([0.75, 0.75, 0.75, 0.75], [True, True, True, False])
    0.0
    """
    confidence, right = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gap = np.bincount(place, confidence - right, bins)
    return float(np.abs(gap).sum() / len(confidence))


def risk_at(confidence, right, abstained=0.1):
    """Share of wrong answers among those kept when the least sure share is left unanswered.

    Parameters
    ----------
    confidence : array [samples]
    right : bool array [samples]
    abstained : float, default 0.1

    Examples
    --------
    >>> risk_at([0.9, 0.8, 0.7, 0.1], [True, True, True, False], abstained=0.25)
    0.0
    """
    order = np.argsort(-np.asarray(confidence, np.float64), kind="stable")
    kept = max(1, round(len(order) * (1 - abstained)))
    return float(1 - np.asarray(right, np.float64)[order[:kept]].mean())


def rank_correlation(a, b):
    """Spearman's rank correlation, NaN where one side is constant.

    Examples
    --------
    >>> round(rank_correlation([1, 2, 3], [10, 20, 90]), 6)
    1.0
    """
    from scipy.stats import spearmanr

    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return math.nan
    return float(spearmanr(a, b).statistic)


def dendrogram_purity(children, leaf, labels):
    """Purity of the smallest branch that holds two samples of one class, mean over such pairs.

    Parameters
    ----------
    children : int array [merges, 2]
        As scipy and scikit-learn number them: leaves first, then merges in their sequence.
    leaf : int array [samples]
        The leaf each sample lies in.
    labels : array [samples]

    References
    ----------
    Heller and Ghahramani (2005), Bayesian hierarchical clustering, section 4.

    Examples
    --------
    >>> dendrogram_purity([[0, 1], [2, 3], [4, 5]], [0, 1, 2, 3], ["a", "a", "b", "b"])
    1.0
    """
    children = np.asarray(children, np.int64).reshape(-1, 2)
    _, coded = np.unique(labels, return_inverse=True)
    n_leaves = len(children) + 1
    counts = np.zeros((n_leaves + len(children), int(coded.max()) + 1))
    np.add.at(counts, (np.asarray(leaf, np.int64), coded), 1)
    total = pairs = 0.0
    for node in range(n_leaves):
        met = counts[node] * (counts[node] - 1) / 2
        total += float((met * counts[node]).sum() / max(counts[node].sum(), 1))
        pairs += float(met.sum())
    for at, (a, b) in enumerate(children.tolist()):
        node = n_leaves + at
        counts[node] = counts[a] + counts[b]
        met = counts[a] * counts[b]
        total += float((met * counts[node]).sum() / max(counts[node].sum(), 1))
        pairs += float(met.sum())
    return total / pairs if pairs else math.nan


def paired_p(a, b):
    """Two-sided p of a paired t test; 1 where all differences are 0, NaN below three pairs.

    Examples
    --------
    >>> paired_p([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    1.0
    """
    from scipy.stats import t

    difference = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    n = len(difference)
    if n < 3:
        return math.nan
    spread = float(difference.std(ddof=1))
    if spread <= 1e-12:
        return 1.0 if abs(float(difference.mean())) <= 1e-12 else 0.0
    return float(2 * t.sf(abs(float(difference.mean())) * math.sqrt(n) / spread, n - 1))


def signed_rank_p(a, b):
    """Two-sided p of Wilcoxon's signed-rank test of pairs; 1 where all are alike, NaN below six.

    Parameters
    ----------
    a, b : array [pairs]

    Notes
    -----
    Five pairs or fewer cannot reach .05, so they are no test.

    Examples
    --------
    >>> round(signed_rank_p([2, 3, 4, 5, 6, 8], [1, 1, 1, 1, 1, 2]), 4)
    0.0312
    """
    from scipy.stats import wilcoxon

    difference = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    if len(difference) < 6:
        return math.nan
    if not difference.any():
        return 1.0
    return float(wilcoxon(difference).pvalue)


def holm(p):
    """Correct p values for their number, step by step (Holm 1979); NaN stays NaN.

    Examples
    --------
    >>> [round(v, 3) for v in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p, np.float64)
    known = np.flatnonzero(~np.isnan(p))
    out, worst = np.full(p.shape, math.nan), 0.0
    for rank, i in enumerate(known[np.argsort(p[known], kind="stable")]):
        worst = max(worst, min(1.0, (len(known) - rank) * float(p[i])))
        out[i] = worst
    return out.tolist()
