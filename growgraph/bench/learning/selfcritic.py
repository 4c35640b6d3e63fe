"""The protocol of doubt: does SelfCriticNet know when, and say why, its answers are wrong.

Images: eight of ten classes are learnt; peers are given what our retina makes of the images and the
same rows, of which a tenth calibrates them and is not learnt, as a tenth of ours is held out.
Causes are asked of cases from generators that nothing rehearsed. Tables: errors alone.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from growgraph._random import generator
from growgraph.bench import peers as installed
from growgraph.bench.learning import causes, material, peers, ridge, scores, selfknow
from growgraph.bench.learning.results import Results, compare
from growgraph.bench.learning.selfcritic_floors import floors
from growgraph.bench.learning.selfknow import PAIRS, TAIL
from growgraph.graph import Graph
from growgraph.growth import GrowthController
from growgraph.models._selfcritic.rehearsal import weak_reading
from growgraph.models._selfcritic.tensions import tensions
from growgraph.models.grownet import GrowNet
from growgraph.models.resonet import ResoNet
from growgraph.models.selfcritic import SelfCriticNet
from growgraph.senses import Retina

KNOWN = ("digits", "MNIST-5k", "wine", "breast_cancer", "ImageSegments")
OURS, SOFTMAX = "growgraph", "MLP, softmax"
HIDDEN, PASSES, NETS = 64, 40, 5
_LABELS = 100  # of MNIST-5k, in the row without labels
_FEW = (f"{OURS}, {_LABELS} labels", f"{OURS}, {_LABELS} labels, the rest without")
_MOST_COLUMNS = 256  # for a T1 that takes pixels as columns: it learns 5000 x 784 for a minute
_EXPLAINED = 60  # rows
_FEW_ROWS, _OFTENER = 200, 4  # tables with fewer test rows have few errors: more shuffles


class Nets(peers.Peer):
    """Perceptrons of 64 relu nodes, 40 passes of Adam each; their mean probability answers."""

    def __init__(self, seed=0, count=1):
        super().__init__(seed)
        self.count, self.rows, self.nets = count, [], []

    def learn(self, X, y):
        """Keep the rows: what is learnt in many passes needs all of them."""
        self._meet(y)
        self.rows.append((np.asarray(X, np.float64), np.asarray(y)))

    def _fit(self):
        from sklearn.neural_network import MLPClassifier

        X, y = (np.concatenate(part) for part in zip(*self.rows, strict=True))
        self.scale = X.mean(axis=0), X.std(axis=0) + 1e-3 * X.std() + 1e-9
        for s in range(self.count):
            net = MLPClassifier((HIDDEN,), max_iter=PASSES, random_state=self.seed * NETS + s)
            with installed.quiet():  # 40 passes are what was agreed, converged or not
                self.nets.append(net.fit((X - self.scale[0]) / self.scale[1], y))

    def doubt(self, X):
        """Logarithm of the mean probability, and the negative of the largest."""
        if not self.nets:
            self._fit()
        X = (np.asarray(X, np.float64) - self.scale[0]) / self.scale[1]
        mean = sum(net.predict_proba(X) for net in self.nets) / len(self.nets)
        told = np.log(np.maximum(mean, 1e-12))
        return told, -told.max(axis=1)


class Mahalanobis(peers.SLDA):
    """Linear discriminants; novelty is the distance to the nearest mean (Lee et al. 2018)."""

    def doubt(self, X):
        """Linear scores and the least squared distance to a mean."""
        told, _ = super().doubt(X)
        S = self._pooled()
        S = 0.99 * S + 0.01 * (np.trace(S) / len(S) + 1e-9) * np.eye(len(S))
        L = np.linalg.cholesky(np.linalg.inv(S))
        away = [(((X - self.moments[c][1]) @ L) ** 2).sum(axis=1) for c in self.classes]
        return told, np.min(away, axis=0)


class Ours:
    """A SelfCriticNet with the verbs of the peers."""

    calibrates = False

    def __init__(self, **options):
        self.model = SelfCriticNet(**options)

    def learn(self, X, y):
        """Learn rows."""
        self.model.partial_fit(X, y)

    def judge(self, X):
        """Answer, confidence and novelty of each row."""
        told = self.model.reflect(X)
        return told.answer, told.confidence, told.novelty


class OnParts:
    """A calibrated peer that is given features of the rows."""

    calibrates = True

    def __init__(self, peer, features):
        self.peer, self.features = selfknow.Calibrated(peer), features

    def learn(self, X, y):
        """As the peer."""
        self.peer.learn(self.features(X), y)

    def calibrate(self, X, y):
        """As the peer."""
        self.peer.calibrate(self.features(X), y)

    def judge(self, X):
        """Answer, confidence and novelty of each row."""
        return self.peer.judge(self.features(X))


def parts_of(shape, seed):
    """A function from images to what our retina makes of them; rows of tables stay as they are."""
    if shape is None:
        return lambda X: X
    graph, sense = Graph(), Retina(shape, seed)
    sense.grow(graph, GrowthController([]))
    return lambda X: sense.values(graph, np.asarray(X, np.float64)).astype(np.float64)


def learners(shape):
    """Name -> (seed -> learner), ours first."""
    features: dict[int, Any] = {}

    def on_parts(make):
        def learner(seed):
            if seed not in features:
                features.clear()
                features[seed] = parts_of(shape, seed)
            return OnParts(make(seed), features[seed])

        return learner

    def ours(s, estimator=None, **options):
        return Ours(random_state=s, image_shape=shape, estimator=estimator, **options)

    def silent(s, **options):
        t1 = ResoNet(random_state=s, image_shape=shape, learning="resonance", **options)
        return ours(s, t1, **options)

    rows: dict[str, Callable[[int], Any]] = {OURS: ours, f"{OURS}, T1 without a readout": silent}
    if shape is None:
        rows |= {
            f"{OURS}, replay 0": lambda s: ours(s, replay=0),
            f"{OURS}, T1 without a readout, replay 0": lambda s: silent(s, replay=0),
        }
    rows |= {
        f"{OURS}, T1 GrowNet": lambda s: ours(s, GrowNet(random_state=s)),
        SOFTMAX: on_parts(lambda s: Nets(s)),
        "ensemble of 5 MLPs": on_parts(lambda s: Nets(s, NETS)),
    }  # fmt: skip
    if shape is not None and shape[0] * shape[1] > _MOST_COLUMNS:
        del rows[f"{OURS}, T1 GrowNet"]
    if shape is not None:
        rows |= {
            "Mahalanobis": on_parts(Mahalanobis),
            "kNN distance": on_parts(peers.Neighbours),
            "streaming QDA, -log p": on_parts(peers.StreamingQDA),
            "ridge residual": on_parts(ridge.RandomRidge),
        }
    return rows


def methods(name):
    """Names of the rows of a data set."""
    return [*learners(material.DATA[name].shape), *(_FEW if name == "MNIST-5k" else ())]


def risk_curve(sure, right):
    """Area under the risk-coverage curve (Geifman and El-Yaniv 2017), x 1000.

    Examples
    --------
    >>> risk_curve(np.array([0.9, 0.8]), np.array([True, False]))
    250.0
    """
    order = np.argsort(-sure, kind="stable")
    return float(1e3 * (np.cumsum(~right[order]) / np.arange(1, len(right) + 1)).mean())


def of_errors(answer, sure, y):
    """Figures of answers and confidences alone; an AUROC only where there are errors.

    Examples
    --------
    >>> of_errors(np.array([1, 0]), np.array([0.9, 0.1]), np.array([1, 1]))["removed at 10 %"]
    0.0
    """
    right = answer == y
    found = {
        "accuracy": float(right.mean()), "errors": scores.auroc(-sure, ~right),
        "AURC x1000": risk_curve(sure, right), "ECE": scores.calibration_error(sure, right),
    }  # fmt: skip
    if not right.all():
        doubtful = np.argsort(sure, kind="stable")[: int(0.1 * len(sure))]
        found["removed at 10 %"] = float((~right[doubtful]).sum() / (~right).sum())
    return found


def telling_time(model, X):
    """Median CPU time, in ms, of explaining one row."""
    model.explain(X[:1])  # the critic is made
    spent = []
    for i in range(min(len(X), _EXPLAINED)):
        begun = time.thread_time()
        model.explain(X[i])
        spent.append(1e3 * (time.thread_time() - begun))
    return float(np.median(spent))


# ---- causes -------------------------------------------------------------------------------------
def diagnosed(model, X, y, X_test, y_test, known, shape, rng):
    """Recall of each cause on cases of generators that were never rehearsed, and their mean.

    "Beyond capacity" are rows that a T1 which sees the left of the picture alone gets wrong; a row
    is fine if its answer is right.
    """
    seen, label = X_test[known], y_test[known]
    wrong = causes.likeliest_wrong(X, y, seen, label)
    told: dict[str, list[float]] = {}
    for case in causes.cases(seen, label, X_test[~known], wrong, shape, rng):
        said = model.reflect(case.X, case.label)
        right = said.answer == case.label if case.cause == "fine" else slice(None)
        share = float((said.cause[right] == case.cause).mean())
        told.setdefault(case.cause, []).append(share)
    told["beyond capacity"] = [half_blind(model, seen, label)]
    recall = {cause: float(np.mean(told[cause])) for cause in causes.CAUSES}
    return {"causes": float(np.mean(list(recall.values()))), **recall}


def half_blind(model, X, y):
    """Share of a small T1's errors that are laid to its capacity."""
    core, rows = model._read(X)
    critic, memory = model._critic()
    parts, grid = core.graph.groups["parts"].size, core.sense.sizes["grid"]
    cell = np.arange(parts) // (parts // grid**2)
    reading = weak_reading(core, rows, np.flatnonzero(cell % grid == 0))[:, model._order(core)]
    place = np.searchsorted(model.classes_, y)
    some = np.flatnonzero(reading.argmax(axis=1) != place)
    heard = model._hear(rows)[some].forecast(core, reading[some])
    told = critic.judge(tensions(heard, memory, place[some]), heard.strange)[2]
    return float((told.argmax(axis=1) == causes.CAUSES.index("beyond capacity")).mean())


# ---- the run ------------------------------------------------------------------------------------
def run(plan, only=None, tell=None):
    """All data sets; a dict for JSON. See :func:`growgraph.bench.learning.bench.run`."""
    results = Results()
    for name in material.chosen(plan, only, KNOWN, results):
        with installed.one_thread(), installed.quiet():
            shape = material.DATA[name].shape
            (_table if shape is None else _images)(results, plan, name)
            if name == "MNIST-5k" and any(map(plan.takes, _FEW)):
                _few_labels(results, plan, name)
        if tell is not None:
            tell(f"{name}: error AUROC {results.mean(name, OURS, 'errors'):.3f}")
    results.note(
        f"peers on images are given what our retina makes of them; the last {TAIL:.0%} of their "
        "rows set a softmax's temperature and are not learnt, 10% of ours are held out; MLPs take "
        f"{PASSES} passes, all others one"
    )
    results.note(
        "explain, ms: median CPU time of one row; T1: another classifier learns beside the "
        "concepts and answers with them (SelfCriticNet's estimator=)"
    )
    results.note(
        "causes: mean recall of six (columns that follow) on cases whose generators nothing "
        "rehearsed; paired t tests over pairs of classes and seeds, Holm"
    )
    return {"headline": OURS, "results": results, "comparisons": compared(results),
            "floors": floors(results, OURS)}  # fmt: skip


def compared(results):
    """Ours against the peers."""
    return [
        c for kind in ("unseen", "errors", "AURC x1000", "ECE")
        for c in compare(results, kind, OURS, higher=kind in ("unseen", "errors"))
    ]  # fmt: skip


def _images(results, plan, name):
    shape = material.DATA[name].shape
    for seed in plan.seeds:
        for at, pair in enumerate(PAIRS[: 1 if plan.quick else None]):
            X, y, X_test, y_test = material.split(name, 10 * seed + at, plan.rows)
            keep, known = ~np.isin(y, pair), ~np.isin(y_test, pair)
            for learner, make in learners(shape).items():
                if not plan.takes(learner):
                    continue
                model = selfknow.taught(selfknow.Learner(learner, make), seed, X[keep], y[keep])
                rng = generator(seed, f"self-critic {at}")
                told = selfknow.measure(model, X_test, y_test, known, rng)
                told.pop("risk at 10 %")
                answer, sure, _ = model.judge(X_test[known])
                told |= of_errors(answer, sure, y_test[known])
                if learner.startswith(OURS):
                    told |= diagnosed(model.model, X[keep], y[keep], X_test, y_test, known, shape,
                                      rng)  # fmt: skip
                    told["explain, ms"] = telling_time(model.model, X_test[known])
                _keep(results, name, learner, 10 * seed + at, told)


def _table(results, plan, name):
    few = material.DATA[name].held_out < _FEW_ROWS and not plan.quick
    for shuffle in range(plan.shuffles * (_OFTENER if few else 1)):
        seed = plan.seeds[0] + shuffle
        X, y, X_test, y_test = material.split(name, seed, plan.rows)
        for learner, make in learners(None).items():
            if not plan.takes(learner):
                continue
            model = selfknow.taught(selfknow.Learner(learner, make), seed, X, y)
            answer, sure, _ = model.judge(X_test)
            _keep(results, name, learner, seed, of_errors(answer, sure, y_test))


def _few_labels(results, plan, name):
    """Of the training rows 100 keep their label."""
    for seed in plan.seeds:
        X, y, X_test, y_test = material.split(name, seed, plan.rows)
        some = np.sort(generator(seed, "labels").permutation(len(y))[:_LABELS])
        told = np.full(len(y), -1)
        told[some] = y[some]
        shape = material.DATA[name].shape
        alone = SelfCriticNet(random_state=seed, image_shape=shape).fit(X[some], y[some])
        both = SelfCriticNet(random_state=seed, image_shape=shape, unlabeled=-1, replay=len(y))
        both.fit(X, told)
        for row, model in zip(_FEW, (alone, both), strict=True):
            results.add(name, row, "accuracy", seed, model.score(X_test, y_test))


def _keep(results, name, learner, seed, told):
    for kind, value in told.items():
        if not np.isnan(value):
            results.add(name, learner, kind, seed, value)
