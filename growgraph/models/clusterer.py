"""ResoNetClusterer: concepts without labels, their number unknown, in one pass."""

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin

from growgraph._validation import check_number
from growgraph.models import _door, _saved
from growgraph.models._asked import Asked
from growgraph.models._clusterer.kinds import Answer, in_words
from growgraph.models._clusterer.micro import Micro
from growgraph.models._columns import with_newcomers
from growgraph.models._sights import PlainTable, UnitRetina
from growgraph.models.base import Explanation, GrowingModel, check_one, one_sample

_SENSES = {"retina": UnitRetina, "table": PlainTable}


class ResoNetClusterer(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, GrowingModel
):
    """Clusterer that grows a graph of concepts; how many there are it finds itself.

    One pass over the data: a sample that nothing resonates with founds a micro-concept, any other
    moves the nearest one. How the samples are cut into calls changes nothing, bit for bit. When
    asked, it merges micro-concepts that coincide most into a hierarchy and cuts that.

    Parameters
    ----------
    random_state : None, int or numpy Generator, default None
        Seed of what is dreamt before birth (images); None is 0.
    max_nodes : int, optional
        No micro-concept is founded beyond so many nodes; the first always is, and inputs are grown
        always (of categories: at most a quarter as many, 64 or more, never over 1024).
    max_bytes : int, optional
        The same for the bytes of the graph that learns and its statistics.
    progress : None, True or callable, default None
        True shows a bar; a callable gets (samples done, samples in all, model).
    n_clusters : int, optional
        So many concepts, or as many as there are micro-concepts. None: as many as it finds.
    growth_rate : float in [0.01, 1], default 0.6
        Share of samples that found a micro-concept while there is room: the vigilance follows.
        Less is smaller and coarser.
    max_concepts : int, default 3000
        Room for micro-concepts; growth slows down as it fills.
    image_shape : (int, int), optional
        Rows of X are images of so many rows and columns. Without it X is a table, scaled by its
        first 64 rows.

    Attributes
    ----------
    graph_ : Graph
        All that is needed to answer: outputs are the concepts.
    growth_log_ : GrowthLog
        Why each node is there.
    concepts_ : networkx.DiGraph
        Nodes have ``level`` ("concept", "micro", "kind", "part"), ``name, count, label, node``
        (its id in ``graph_``), edges ``kind`` ("is-like", "part-of", "kind-of") and ``weight``.
        ``networkx.write_graphml`` writes it.
    hierarchy_ : ndarray [micro-concepts - 1, 4]
        How micro-concepts merge, as scipy's linkage; heights are chance / coincidence.
    n_clusters_ : int
    columns_ : dict of str to bool, or None
        Names of a table's columns, and which hold categories; None for images.
    labels_ : ndarray of int64
        Concepts of the rows of the last ``fit``; ``partial_fit`` keeps none.
    n_samples_seen_, nbytes_ : int

    Notes
    -----
    Growth by vigilance is that of adaptive resonance (Carpenter, Grossberg and Rosen 1991), with
    Euclidean gaps and a threshold that holds the rate of growth. The hierarchy merges by the ratio
    of coincidence to chance along a nearest-neighbour graph; where no level stands out, it is cut
    at greatest modularity (Newman and Girvan 2004). Modularity always finds parts: one even cloud
    is cut, too. The hierarchy needs memory for three n x n float64 matrices, n micro-concepts.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from growgraph import ResoNetClusterer
    >>> X, _ = make_blobs(300, centers=[[0, 0], [8, 0], [0, 8]], random_state=0)
    >>> model = ResoNetClusterer().fit(X)
    >>> model.n_clusters_
    3
    >>> print(model.knowledge()["samples"])
    [100 100 100]
    """

    def __init__(
        self, *, random_state=None, max_nodes=None, max_bytes=None, progress=None, n_clusters=None,
        growth_rate=0.6, max_concepts=3000, image_shape=None,
    ):  # fmt: skip
        self.random_state = random_state
        self.max_nodes = max_nodes
        self.max_bytes = max_bytes
        self.progress = progress
        self.n_clusters = n_clusters
        self.growth_rate = growth_rate
        self.max_concepts = max_concepts
        self.image_shape = image_shape

    # ---- learning -------------------------------------------------------------------------------
    def fit(self, X, y=None):
        """Learn from scratch, in one pass; ``labels_`` are the answers for these rows.

        Parameters
        ----------
        X : array [samples, columns], sparse, DataFrame or dict of columns
            Finite; in DataFrames and dicts, text makes a column categorical and a missing cell is
            a state of its own.
        y : ignored

        Returns
        -------
        ResoNetClusterer
            Itself.
        """
        rows = self._learn(X, first=True)
        self.labels_ = self._labels_of(rows)
        return self

    def partial_fit(self, X, y=None):
        """Learn more samples; ``labels_`` of an earlier ``fit`` are dropped.

        Parameters
        ----------
        X
            As in :meth:`fit`; with new columns too, see :meth:`growgraph.ResoNet.partial_fit`.
        y : ignored

        Returns
        -------
        ResoNetClusterer
            Itself.
        """
        self._learn(X, first=not hasattr(self, "n_samples_seen_"))
        self.__dict__.pop("labels_", None)
        return self

    def _learn(self, X, first):
        """Check everything, then learn; a call that is refused leaves the model as it was."""
        with self._unless_refused():
            X = self._rows_to_learn(X, first)
            self._n_asked()
            core = self._newborn(X) if first else self._core
            sense, X = (core.sense, X) if first else with_newcomers(core.sense, X)
            rows = sense.read(X)
        if first:
            self._begin(core)
        new, young = self._welcome(sense), self._is_young()
        self.__dict__.pop("labels_", None)
        self._learn_on(rows, None)
        self._tell_unheard(new, young)
        return rows

    def _newborn(self, X):
        """A core that has seen nothing, with checked options."""
        options = _door.limits(self) | {
            "growth_rate": check_number("growth_rate", self.growth_rate, 0.01, 1),
            "max_concepts": check_number("max_concepts", self.max_concepts, 1, integer=True),
        }
        return _door.newborn(X, self.image_shape, options, Micro, PlainTable, UnitRetina)

    @staticmethod
    def _teach(core, rows, targets):
        core.learn(rows)

    def _n_asked(self):
        return _door.optional("n_clusters", self.n_clusters)

    # ---- what was learnt ------------------------------------------------------------------------
    def _answering(self):
        """The concepts as they are now, see :class:`growgraph.models._clusterer.kinds.Answer`."""
        core, k = self._grown(), self._n_asked()
        held = self._asked.get("answer")
        if held is None or held[0] != k:
            self._asked["answer"] = held = k, Answer(core, k)
        return held[1]

    @property
    def nbytes_(self):
        """Bytes of ``graph_`` and of the statistics that serve further learning.

        While it answers, it holds the graph that learns besides, as large but for the concepts.
        """
        answer = self._answering()
        return answer.core.nbytes(answer.graph)

    @property
    def n_clusters_(self):
        """How many concepts there are."""
        return len(self._answering().outputs)

    @property
    def columns_(self):
        """Names of a table's columns, and whether each holds categories."""
        sense = self._answering().core.sense
        return dict(sense.columns) if sense.kind == "table" else None

    @property
    def concepts_(self):
        """The concepts, what they are made of and kinds of, as a networkx.DiGraph."""
        return self._answering().network

    @property
    def hierarchy_(self):
        """How micro-concepts merge: a linkage as scipy.cluster.hierarchy has it."""
        return self._answering().linkage

    @property
    def _n_features_out(self):
        return self.n_clusters_

    # ---- answering ------------------------------------------------------------------------------
    def _resonances(self, X):
        answer = self._answering()
        rows = self._read_by(answer.core.sense, X)
        return answer.resonances(rows).astype(np.float64)

    def _labels_of(self, rows):
        return self._answering().resonances(rows).argmax(axis=1)

    def predict(self, X):
        """The concept of each sample.

        Parameters
        ----------
        X
            As in :meth:`fit`.

        Returns
        -------
        ndarray of int64 [samples]
            Rows of :meth:`knowledge`; concepts are numbered by their first micro-concepts.
        """
        return self._resonances(X).argmax(axis=1)

    def transform(self, X):
        """Resonance with each concept: -1/2 squared distance from its nearest prototype.

        Parameters
        ----------
        X
            As in :meth:`fit`.

        Returns
        -------
        ndarray of float64 [samples, n_clusters_]
            At most 0; in units of the spread of columns, of images -(1 - cosine) and a little.
        """
        return self._resonances(X)

    def score_samples(self, X):
        """Familiarity of samples: the best of :meth:`transform`; lower = stranger."""
        return self._resonances(X).max(axis=1)

    # ---- telling --------------------------------------------------------------------------------
    def explain(self, x):
        """Why this concept, what its nodes are for, and what it is like.

        Parameters
        ----------
        x : array [columns] or [1, columns], or a table of one row

        Returns
        -------
        Explanation
            ``str()`` in words; ``data`` with answer, name, resonance, novelty, rival, margin, parts
            (columns or places of the image, with what they add to the margin), node, samples, like,
            grown_because.
        """
        answer = self._answering()
        rows = self._read_by(answer.core.sense, one_sample(x))
        check_one(rows)
        data = answer.why(rows)
        core, graph = answer.core, answer.graph
        node, inputs = answer.outputs[data["answer"]], core.sense.inputs(graph)
        values = core.sense.values(graph, rows)[0]
        asked = Asked(self, graph, node, x=x, inputs=inputs, values=values)
        return Explanation(in_words(data), data, asked)

    def knowledge(self):
        """What the model knows of each concept.

        Returns
        -------
        Knowledge
            A structured array that prints as a table, one row a concept: ``label, name, samples,
            micro`` (micro-concepts), ``stability`` (samples a micro-concept), ``last_seen, rival``
            (the concept most like it; itself if there is no other), ``likeness`` (coincidence of
            the two, as a ratio to chance).
        """
        return self._answering().knowledge()

    def _figures(self):
        return {"micro-concepts": int(self._core.ids.size)}

    # ---- files --------------------------------------------------------------------------------
    def to_state(self):
        """The model as arrays and plain values, see :func:`growgraph.save`."""
        self._check_fitted()
        state = _saved.with_door(self._core.to_state(), self)
        if hasattr(self, "labels_"):
            state["arrays"]["labels"] = self.labels_
        return state

    @classmethod
    def from_state(cls, state):
        """Rebuild a model; see :meth:`to_state`."""
        model = _saved.reopened(cls, state)
        model._core = Micro.from_state(state["arrays"], state["plain"], _SENSES)
        if "labels" in state["arrays"]:
            model.labels_ = state["arrays"]["labels"].copy()
        return model
