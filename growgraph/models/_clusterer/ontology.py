"""How concepts belong together: likeness, hierarchy by coincidence, the number of concepts."""

import numpy as np

from growgraph.graph.matching import Matcher

NEIGHBOURS = 8
_STEEP = 2.0  # of the fall of likeness with the squared distance
_FAR = 30.0  # beyond it likeness falls no more: nothing is like nothing
_SPREAD = 4  # steps in which coincidence spreads along likeness
_NEVER = 1e-9  # coincidence, as a ratio to chance, of what never coincided
_BREAK = 5.0  # a hierarchy breaks off where the next merge coincides so many times less
_POWER = 1.7  # and where its height is the last one's to this power: high merges lie far apart
_MOST = 0.75  # share of samples in one concept; a break that leaves more tells of the rest only
_CLEAR = 100.0  # unless the next merge coincides so many times less


def likeness(prototypes):
    """Each prototype's nearest others and how like they are.

    w_ij = exp(-2 |p_i - p_j|^2 / (s_i s_j)), s_i the distance of the farthest of i's neighbours
    (Zelnik-Manor and Perona 2004, "Self-tuning spectral clustering").

    Parameters
    ----------
    prototypes : ndarray of float32 [n, d]

    Returns
    -------
    index : ndarray of int64 [n, neighbours]
    weight : ndarray of float64 [n, neighbours]
        In (0, 1].

    Examples
    --------
    >>> index, weight = likeness(np.array([[0.0], [1.0], [3.0]], np.float32))
    >>> index
    array([[1, 2],
           [0, 2],
           [1, 0]])
    """
    n = len(prototypes)
    k = min(NEIGHBOURS, n - 1)
    if k < 1:
        return np.empty((n, 0), np.int64), np.empty((n, 0))
    index, square = Matcher(prototypes).query(prototypes, k + 1)
    other = index != np.arange(n)[:, None]
    other[other.all(axis=1), -1] = False  # it is not among its own nearest: many stand there
    index, square = index[other].reshape(n, k), square[other].reshape(n, k)
    scale = np.sqrt(square[:, -1])
    scale = np.maximum(scale[:, None] * scale[index], 1e-300)
    return index, np.exp(-np.minimum(_STEEP * square / scale, _FAR))


def coincidence(index, weight, counts):
    """Shares p_ij of all coincidences, symmetric, sum 1: likeness spread over a few steps.

    A = counts_i w_ij, made symmetric; P its rows, each divided by its sum d_i; the result is
    d (P + P^2 + P^3 + P^4), symmetric as d P is.

    Parameters
    ----------
    index, weight
        As :func:`likeness` gives them.
    counts : ndarray [n]
        Samples of each prototype.

    Returns
    -------
    ndarray of float64 [n, n]
    """
    from scipy.sparse import csr_array

    n, k = index.shape
    if k == 0:
        return np.ones((n, n)) / n**2
    ends = np.arange(0, n * k + 1, k)
    A = csr_array(((counts[:, None] * weight).ravel(), index.ravel(), ends), shape=(n, n))
    A = (A + A.T).tocsr()
    degree = A.sum(axis=1)
    P = csr_array((A.data / np.repeat(degree, np.diff(A.indptr)), A.indices, A.indptr), A.shape)
    step = P.toarray()
    total = step.copy()
    for _ in range(_SPREAD - 1):
        step = P @ step
        total += step
    total *= degree[:, None]
    total = (total + total.T) / 2
    return total / total.sum()


def hierarchy(shares):
    """Merge again and again the two whose coincidence exceeds chance most.

    Chance is p_i p_j, p_i the sum of row i; r = p_ij / (p_i p_j) of a union is the mean of its
    parts' ratios, so a nearest-neighbour chain (Murtagh 1983) finds the same merges.

    Parameters
    ----------
    shares : ndarray of float64 [n, n]
        Symmetric, sum 1.

    Returns
    -------
    ndarray of float64 [n - 1, 4]
        A linkage as scipy has it: the two that merge, height 1 / r, number of leaves.

    Examples
    --------
    >>> shares = np.array([[4, 4, 1], [4, 4, 1], [1, 1, 4]]) / 24
    >>> hierarchy(shares)[:, [0, 1, 3]]
    array([[0., 1., 2.],
           [2., 3., 3.]])
    """
    mass = shares.sum(axis=1)
    ratio = shares / mass / mass[:, None] + _NEVER
    np.fill_diagonal(ratio, -1.0)
    n = len(mass)
    alive, merges = np.ones(n, bool), []
    chain: list[int] = []
    for _ in range(n - 1):
        if not chain:
            chain = [int(np.argmax(alive))]
        while True:
            a = chain[-1]
            b = int(np.argmax(ratio[a]))
            if len(chain) > 1 and ratio[a, chain[-2]] >= ratio[a, b]:
                break
            chain.append(b)
        a, b = sorted((chain.pop(), chain.pop()))
        merges.append((ratio[a, b], a, b))
        row = (mass[a] * ratio[a] + mass[b] * ratio[b]) / (mass[a] + mass[b])
        alive[b] = False
        row[~alive] = row[a] = -1.0
        ratio[a] = ratio[:, a] = row
        ratio[b] = ratio[:, b] = -1.0
        mass[a] += mass[b]
    return _linkage(merges, n)


def _linkage(merges, n):
    """Merges (ratio, leaf of one, leaf of the other) in falling order, as a scipy linkage."""
    Z = np.empty((n - 1, 4))
    name, size = np.arange(n), np.ones(2 * n - 1)
    parent = np.arange(n)

    def root(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for row, (ratio, a, b) in enumerate(sorted(merges, key=lambda m: -m[0])):
        a, b = root(a), root(b)
        one, other = sorted((name[a], name[b]))
        size[n + row] = size[one] + size[other]
        Z[row] = one, other, 1 / ratio, size[n + row]
        parent[b], name[a] = a, n + row
    return Z


def n_found(linkage, counts):
    """How many concepts there are.

    The hierarchy breaks off where the next merge coincides five times less than the last and less
    than chance; where merges lie high, heights have to leap farther, to the last one's power of
    1.7, and a break that leaves more than 3/4 of the samples in one concept counts only where the
    next merge coincides 100 times less. The finest break is the answer. If there is none, the cut
    of greatest modularity is: a merge adds 2 p_a p_b (r - 1) to it, so that is where r falls
    below 1.

    Parameters
    ----------
    linkage : ndarray of float64 [n - 1, 4]
    counts : ndarray [n]
        Samples of each leaf.

    Returns
    -------
    int

    Examples
    --------
    >>> n_found(np.array([[0, 1, 0.5, 2], [2, 3, 1.5, 3.0]]), np.ones(3))
    2
    """
    height = linkage[:, 2]
    last, after = height[:-1], height[1:]
    leaps = (after > 1) & (after >= _BREAK * last) & (after >= last**_POWER)
    clear = after >= _CLEAR * last
    breaks = np.flatnonzero(leaps & (clear | (_greatest(linkage, counts)[:-1] <= _MOST)))
    if breaks.size:
        return len(height) - int(breaks[0])
    return int((height > 1).sum()) + 1


def _greatest(linkage, counts):
    """The share of samples in the greatest concept after each merge."""
    n = len(linkage) + 1
    held = np.zeros(2 * n - 1)
    held[:n] = counts
    for row, (a, b) in enumerate(linkage[:, :2].astype(np.int64).tolist()):
        held[n + row] = held[a] + held[b]
    return np.maximum(np.maximum.accumulate(held[n:]), held[:n].max()) / held[:n].sum()


def cut(linkage, k):
    """The concept of each leaf if there are k, numbered by their first leaves.

    Parameters
    ----------
    linkage : ndarray of float64 [n - 1, 4]
    k : int in [1, n]

    Returns
    -------
    labels : ndarray of int64 [n]
    names : list of int
        What each concept is called in the linkage.
    """
    n = len(linkage) + 1
    members = {i: [i] for i in range(n)}
    for row in range(n - k):
        a, b = (int(v) for v in linkage[row, :2])
        members[n + row] = sorted(members.pop(a) + members.pop(b))
    names = sorted(members, key=lambda name: members[name][0])
    labels = np.empty(n, np.int64)
    for label, name in enumerate(names):
        labels[members[name]] = label
    return labels, names
