"""What a clusterer answers with: its graph with concept nodes, and the concepts as a network."""

from functools import cached_property

import numpy as np

from growgraph.errors import GraphError
from growgraph.growth import GrowthController, GrowthLog
from growgraph.growth.proposal import NewNode, Proposal
from growgraph.models._clusterer import ontology as _ontology
from growgraph.models._told import Knowledge

_ALIKE = 3  # nearest concepts that are called like one
_TOLD = 2  # places that a concept's name tells


class Answer:
    """The concepts of this moment: a pure function of the micro-concepts.

    Parameters
    ----------
    core : Micro
        It is read; its graph is copied.
    n_clusters : int or None

    Attributes
    ----------
    graph : Graph
        A copy, with a ``max`` node over the micro-concepts of each concept.
    linkage : ndarray of float64 [micro-concepts - 1, 4]
    labels : ndarray of int64 [micro-concepts]
    outputs : ndarray of int64 [concepts]
    """

    def __init__(self, core, n_clusters):
        self.core, self.W = core, core.prototypes()
        index, weight = self.like = _ontology.likeness(self.W)
        shares = _ontology.coincidence(index, weight, core.counts)
        self.linkage = _ontology.hierarchy(shares)
        if n_clusters is None:
            k = _ontology.n_found(self.linkage, core.counts)
        else:
            k = min(n_clusters, len(self.W))
        self.labels, self.in_linkage = _ontology.cut(self.linkage, k)
        member = np.eye(k)[self.labels]
        joint = member.T @ shares @ member
        self.mass = joint.sum(axis=1)
        self.ratio = joint / self.mass / self.mass[:, None]
        np.fill_diagonal(self.ratio, 0.0)
        self.samples = np.bincount(self.labels, core.counts, k).astype(np.int64)
        self.means = (member * core.counts[:, None]).T @ self.W / self.samples[:, None]
        self.places, self.columns = core.sense.places(core.graph)
        self.names = [f"concept {c}{self._told(c)}" for c in range(k)]
        self.graph = core.graph.copy()
        self.outputs = self._grow()

    def _grow(self):
        """The concept nodes, by way of a controller of the copy."""
        core, controller, born = self.core, GrowthController([], log_limit=None), []
        for c, name in enumerate(self.names):
            members = tuple(core.ids[self.labels == c].tolist())
            node = NewNode(members, (1.0,) * len(members), kind="max", role="output", name=name)
            born += controller.grow(
                self.graph, Proposal(1.0, (node,)), rule="Coincidence",
                cause="these coincide more often than by chance", step=core.n,
                intention="know what belongs together",
            )  # fmt: skip
        outputs = np.array(born, np.int64)
        self.graph.groups.update(micro=core.ids.copy(), concepts=outputs)
        return outputs

    def resonances(self, rows):
        """-1/2 squared distance from the nearest prototype of each concept, [batch, concepts]."""
        return self.core.heard(self.graph, rows, self.outputs)

    # ---- concepts -----------------------------------------------------------------------------
    def share(self, a, b):
        """How much each place holds of the squared distance between two points; sum 1."""
        square = (np.asarray(a, np.float64) - b) ** 2
        held = np.array([square[where].sum() for where in self.columns])
        return held / max(held.sum(), 1e-300)

    @cached_property
    def everything(self):
        """The mean of all samples as the micro-concepts stand for them."""
        return self.samples @ self.means / self.samples.sum()

    def _told(self, c):
        """The places in which a concept differs most from the mean, in words."""
        share = self.share(self.means[c], self.everything)
        away = self.means[c] - self.everything
        top = np.argsort(-share, kind="stable")[:_TOLD]
        told = [
            f"{'much' if away[self.columns[p]].sum() > 0 else 'little'} {self.places[p]}"
            for p in top.tolist() if share[p] > 0
        ]  # fmt: skip
        return ": " + ", ".join(told) if told else ""

    def nearest(self, c):
        """Concepts by how much more often they coincide with c than by chance, without c."""
        order = np.argsort(-self.ratio[c], kind="stable")
        return order[order != c]

    # ---- the network ----------------------------------------------------------------------------
    @cached_property
    def network(self):
        """See :attr:`growgraph.ResoNetClusterer.concepts_`."""
        import networkx as nx

        core, k = self.core, len(self.names)
        everything = int(self.samples.sum())
        net = nx.DiGraph()
        net.add_nodes_from(
            _node(f"concept {c}", "concept", name, self.samples[c], c, self.outputs[c])
            for c, name in enumerate(self.names)
        )
        net.add_nodes_from(
            _node(f"micro {i}", "micro", f"micro {i}", core.counts[i], c, core.ids[i])
            for i, c in enumerate(self.labels.tolist())
        )
        net.add_nodes_from(
            _node(f"part {p}", "part", place, everything) for p, place in enumerate(self.places)
        )
        net.add_edges_from(self._parts_of())
        net.add_edges_from(
            _edge(f"micro {i}", f"concept {c}", "kind-of", core.counts[i] / self.samples[c])
            for i, c in enumerate(self.labels.tolist())
        )
        self._add_kinds(net)
        net.add_edges_from(
            _edge(f"concept {c}", f"concept {other}", "is-like", self.ratio[c, other])
            for c in range(k) for other in self.nearest(c)[:_ALIKE].tolist()
        )  # fmt: skip
        index, weight = self.like
        net.add_edges_from(
            _edge(f"micro {i}", f"micro {j}", "is-like", w)
            for i, row in enumerate(index.tolist())
            for j, w in zip(row, weight[i].tolist(), strict=True)
        )
        return net

    def _parts_of(self):
        """Where concepts differ from the mean: each place with its share of the distance."""
        held = np.array([self.share(mean, self.everything) for mean in self.means])
        for c, p in np.argwhere(held > 0).tolist():
            yield _edge(f"part {p}", f"concept {c}", "part-of", held[c, p])

    def _add_kinds(self, net):
        """What the concepts are kinds of: the hierarchy above them."""
        n, k = len(self.W), len(self.names)
        called = {name: f"concept {c}" for c, name in enumerate(self.in_linkage)}
        for row in range(n - k, n - 1):
            below = [called[int(v)] for v in self.linkage[row, :2]]
            kind = called[n + row] = f"kind {row - (n - k)}"
            members = sorted(c for name in below for c in _concepts_in(net, name))
            name = f"{kind}: concepts {', '.join(map(str, members))}"
            net.add_nodes_from([_node(kind, "kind", name, self.samples[members].sum())])
            ratio = 1 / self.linkage[row, 2]
            net.add_edges_from(_edge(name, kind, "kind-of", ratio) for name in below)

    # ---- telling --------------------------------------------------------------------------------
    def knowledge(self):
        """One row a concept, see :meth:`growgraph.ResoNetClusterer.knowledge`."""
        k = len(self.names)
        table = np.zeros(k, [
            ("label", int), ("name", f"U{max(map(len, self.names))}"), ("samples", int),
            ("micro", int), ("stability", float), ("last_seen", int), ("rival", int),
            ("likeness", float),
        ])  # fmt: skip
        for c, row in enumerate(table):
            rival = int(self.nearest(c)[0]) if k > 1 else c
            row["label"], row["name"], row["samples"] = c, self.names[c], self.samples[c]
            row["micro"] = np.count_nonzero(self.labels == c)
            row["stability"] = self.samples[c] / row["micro"]
            row["last_seen"] = self.core.seen[self.labels == c].max()
            row["rival"], row["likeness"] = rival, self.ratio[c, rival]  # 0 with itself
        return table.view(Knowledge)

    def why(self, rows):
        """The figures behind the answer for one sample."""
        core = self.core
        x = core.heard(self.graph, rows, core.sources())[0].astype(np.float64)
        near = core.heard(self.graph, rows, core.ids)[0]
        resonance = self.resonances(rows)[0]
        order = np.argsort(-resonance, kind="stable")
        c = int(order[0])
        micro = self._best(near, c)
        rival = int(order[1]) if len(order) > 1 else None
        spoke = np.zeros(len(self.places))
        if rival is not None:
            other = self.W[self._best(near, rival)]
            spoke = np.array([(((x - other) ** 2 - (x - self.W[micro]) ** 2)[where]).sum() / 2
                              for where in self.columns])  # fmt: skip
            total = float(resonance[c]) - float(resonance[rival])
            held = spoke.sum()  # windows overlap: their shares are of the margin all the same
            spoke = spoke * (total / held) if held > 0 else spoke
        top = np.argsort(-np.abs(spoke), kind="stable")
        return {
            "answer": c, "name": self.names[c], "resonance": float(resonance[c]),
            "novelty": -float(resonance[c]), "rival": rival,
            "margin": None if rival is None else float(resonance[c] - resonance[rival]),
            "parts": [{"part": self.places[p], "spoke": float(spoke[p])} for p in top.tolist()],
            "node": int(core.ids[micro]), "samples": int(core.counts[micro]),
            "like": [int(v) for v in self.nearest(c)[:_ALIKE]],
            "grown_because": _why(core.graph, int(core.ids[micro])),
        }  # fmt: skip

    def _best(self, near, c):
        """The micro-concept of concept c that resonates best."""
        return int(np.argmax(np.where(self.labels == c, near, -np.inf)))


def in_words(data):
    """An explanation as a few sentences: why, what for, what it is like."""
    loud = [p for p in data["parts"] if p["spoke"] != 0][:3]
    spoke = ", ".join(f"{p['part']} {p['spoke']:+.3g}" for p in loud)
    against = f"; against concept {data['rival']}: {spoke}" if spoke else ""
    like = ", then ".join(f"concept {c}" for c in data["like"]) or "nothing else known"
    return "\n".join([
        f"answer {data['name']} (resonance {data['resonance']:.3g})",
        f"why: nearest is node {data['node']}, the mean of {data['samples']} samples{against}",
        f"what for: {data['grown_because']}",
        f"what it is like: {like}",
    ])  # fmt: skip


def _node(key, level, name, count, label=-1, node=-1):
    """A node of the network, with the plain values that files can hold."""
    return key, {"level": level, "name": name, "count": int(count), "label": int(label),
                 "node": int(node)}  # fmt: skip


def _edge(u, v, kind, weight):
    return u, v, {"kind": kind, "weight": float(weight)}


def _concepts_in(net, name):
    """Labels of the concepts below a kind, or of the concept itself."""
    if net.nodes[name]["level"] == "concept":
        return [net.nodes[name]["label"]]
    return [c for below in net.predecessors(name) for c in _concepts_in(net, below)]


def _why(graph, node):
    """Why a node was grown, or that its event was folded away."""
    try:
        return GrowthLog(graph).why(node)
    except GraphError as error:
        return str(error)
