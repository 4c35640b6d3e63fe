"""Class concepts on the graph: prototypes and aspects, grown by the controller, learnt in place."""

import numpy as np

from growgraph.growth import GrowthLog
from growgraph.growth.proposal import NewNode, Proposal
from growgraph.kernels import concept


class Concepts:
    """Where each class's concept nodes are, and the few numbers learning keeps beside them.

    A class has, in each window, a prototype node (kind "match", its weights the mean), aspect nodes
    ("sum", activation "square", their weights a direction) and a resonance node that adds them
    up to the log-likelihood of a Gaussian with k free directions (a local form of the modified
    quadratic discriminant function, Kimura et al. 1987).

    Parameters
    ----------
    win : ndarray of int64 [windows, width]
        Parts of each window.
    floor : ndarray of float64 [windows]
    most : int
        Aspects a window at most.
    places : list of str
        Where each window lies, in words.
    """

    def __init__(self, win, floor, most, places):
        self.places = [f" {place}" if len(places) > 1 else "" for place in places]
        self.win, self.floor = np.ascontiguousarray(win, np.int64), np.asarray(floor, np.float64)
        windows, width = self.win.shape
        self.most = max(min(most, width - 1), 0)
        room = max(self.most, 1)
        self.prototypes = np.empty((0, windows), np.int64)
        self.resonances = np.empty((0, windows), np.int64)
        self.outputs = np.empty(0, np.int64)
        self.aspects = np.empty((0, windows, room), np.int64)
        self.k, self.counts = np.empty(0, np.int64), np.empty(0, np.int64)
        self.size = np.empty((0, windows, room))
        self.R, self.met = np.empty((0, windows)), np.empty((0, windows))
        self.newborn = np.empty((windows, width), np.float32)
        # growth whose outcome is awaited: class, its count then, events first .. last, share before
        self.pending = np.empty((0, 5))

    ARRAYS = (
        "win", "floor", "prototypes", "resonances", "outputs", "aspects", "k", "counts", "size",
        "R", "met", "pending",
    )  # fmt: skip

    # ---- growth ---------------------------------------------------------------------------------
    def add_class(self, graph, controller, name, x, alpha, n, role):
        """Grow the nodes of a class at its first sample x (features)."""
        parts, evidence = graph.groups["parts"], graph.groups["evidence"]
        born = graph.groups.get("born", np.empty(0, np.int64))
        nodes = []
        for w, window in enumerate(self.win):
            where = self.places[w]
            nodes.append(
                NewNode(tuple(parts[window].tolist()), tuple(x[window].tolist()), kind="match",
                        p0=1.0, name=f"{name}: prototype{where}")
            )  # fmt: skip
            nodes.append(NewNode((-2 * w - 1,), (1.0,), name=f"{name}: resonance{where}"))
        heard = [-2 * w - 2 for w in range(len(self.win))] if alpha else []
        heard += evidence.tolist() + born.tolist()
        nodes.append(NewNode(tuple(heard), (0.0,) * len(heard), role=role, name=str(name)))
        ids = controller.grow(
            graph, Proposal(1.0, tuple(nodes)), rule="NewClass", cause="a label never met",
            intention=f"know {name}", step=n, sample=n,
        )  # fmt: skip
        windows = len(self.win)
        graph.set_stability(ids[0 : 2 * windows : 2], 1.0)
        self.prototypes = np.vstack([self.prototypes, ids[0 : 2 * windows : 2]])
        self.resonances = np.vstack([self.resonances, ids[1 : 2 * windows : 2]])
        self.outputs = np.append(self.outputs, ids[-1])
        blank = np.full((1, *self.aspects.shape[1:]), -1, np.int64)
        self.aspects = np.concatenate([self.aspects, blank])
        self.k, self.counts = np.append(self.k, 0), np.append(self.counts, 0)
        self.size = np.concatenate([self.size, np.zeros((1, *self.size.shape[1:]))])
        self.R, self.met = (np.vstack([m, np.zeros(windows)]) for m in (self.R, self.met))
        graph.groups[f"concept/{name}"] = np.array(ids[:-1], np.int64)
        graph.groups["classes"] = self.outputs.copy()

    def add_aspects(self, graph, controller, c, name, n, patience):
        """Grow one aspect in every window of class c, along what it could not explain.

        What came of it is told after ``patience`` more samples of the class.
        """
        parts = graph.groups["parts"]
        k = int(self.k[c])
        nodes, edges = [], []
        for w, window in enumerate(self.win):
            v = self.newborn[w].copy()
            v[k % v.size] += np.float32(1e-9)  # never the zero direction
            where = self.places[w]
            nodes.append(
                NewNode(tuple(parts[window].tolist()), tuple(v.tolist()), activation="square",
                        name=f"{name}: aspect {k}{where}")
            )  # fmt: skip
            edges.append((-w - 1, int(self.resonances[c, w]), 0.0))
            self.size[c, w, k] = float(v.astype(np.float64) @ v)
        share, first = self.unexplained(c), GrowthLog(graph).end
        ids = controller.grow(
            graph, Proposal(share, tuple(nodes), tuple(edges)), rule="Aspect",
            cause="lasting misfit", node=int(self.outputs[c]), tension=share,
            lasted=int(self.counts[c]), intention=f"know {name}", step=n, sample=n - 1,
        )  # fmt: skip
        graph.set_stability(ids, 1.0)
        self.aspects[c, :, k] = ids
        self.k[c] += 1
        group = f"concept/{name}"
        graph.groups[group] = np.append(graph.groups[group], ids)
        awaited = (c, self.counts[c] + patience, first, GrowthLog(graph).end, share)
        self.pending = np.vstack([self.pending, awaited])

    def unexplained(self, c):
        """Share of the energy that class c's concept has met and not explained, of late."""
        return float(self.R[c].sum() / self.met[c].sum())

    # ---- outcomes -------------------------------------------------------------------------------
    def due(self):
        """For each class the count of its samples at which an outcome must be told, -1 if none."""
        due = np.full(self.k.size, -1, np.int64)
        for c, when in self.pending[::-1, :2].astype(np.int64).tolist():  # the earliest comes last
            due[c] = max(when, self.counts[c] + 1)
        return due

    def tell_outcomes(self, graph, controller, c):
        """Write into the log what share class c leaves unexplained now that its growth is due."""
        share = self.unexplained(c)
        told = (self.pending[:, 0] == c) & (self.pending[:, 1] <= self.counts[c])
        for _, _, first, last, before in self.pending[told].tolist():
            controller.tell(graph, int(first), int(last), realised=share, paid_off=share < before)
        self.pending = self.pending[~told]

    # ---- what the kernels need ------------------------------------------------------------------
    def slots(self, graph):
        """Slots of prototypes and aspects, int32."""
        aspects = np.where(self.aspects < 0, self.prototypes[:, :, None], self.aspects)
        return (
            graph._slots(self.prototypes.ravel()).reshape(self.prototypes.shape),
            graph._slots(aspects.ravel()).reshape(aspects.shape),
        )

    def noise(self):
        """Noise variance a dimension in each window."""
        delta = np.empty(len(self.win))
        concept.noise(self.counts, self.k, self.R, self.floor, self.win.shape[1], delta)
        return delta

    # ---- writing what is derived ----------------------------------------------------------------
    def derive(self, graph):
        """Write what follows from means and aspects: widths, biases, coefficients."""
        if not self.outputs.size:
            return
        delta = self.noise()
        width = self.win.shape[1]
        graph.set_nodes(self.prototypes.ravel(), p0=np.sqrt(np.tile(delta, len(self.prototypes))))
        for c in range(len(self.outputs)):
            k = int(self.k[c])
            for w in range(len(self.win)):
                mean = graph.weights(self.prototypes[c, w]).astype(np.float64)
                ids = self.aspects[c, w, :k]
                V = np.array([graph.weights(a) for a in ids], np.float64).reshape(k, width)
                size = self.size[c, w, :k]
                length = np.maximum(np.sqrt(size), delta[w])
                if k:
                    graph.set_nodes(ids, bias=-V @ mean)
                coefficient = 0.5 * (1 / delta[w] - 1 / length) / size if k else np.empty(0)
                graph.set_weights(self.resonances[c, w], np.concatenate([[1.0], coefficient]))
                spread = np.log(length).sum() + (width - k) * np.log(delta[w])
                graph.set_nodes(self.resonances[c, w], bias=-0.5 * spread)
