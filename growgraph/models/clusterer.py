"""ResoNetClusterer: concepts without labels, their number unknown, in one pass."""

from typing import Any

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin

from growgraph._random import seed_of
from growgraph._validation import check_number
from growgraph.growth import GrowthLog
from growgraph.models import _door
from growgraph.models._clusterer.kinds import Answer, in_words
from growgraph.models._clusterer.micro import Micro
from growgraph.models._sights import PlainTable, UnitRetina
from growgraph.models.base import Explanation, GrowingModel, is_table
from growgraph.senses import Rows
from growgraph.senses.categories import most_inputs

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
        self, random_state=None, max_nodes=None, max_bytes=None, progress=None, n_clusters=None,
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

    _core: Any
    _infant: Any
    _asked: dict

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
            As in :meth:`fit`.
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
        held = dict(self.__dict__)
        try:
            pictures = self.image_shape is not None if first else self._core.sense.kind == "retina"
            X = self._rows(X, first=first, table=not pictures)
            self._n_asked()
            core = self._newborn(X) if first else self._core
            rows = core.sense.read(X)
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(held)
            raise
        if first:
            self._core, self._infant, self.n_samples_seen_ = core, None, 0
        self.__dict__.pop("labels_", None)
        with _door.telling(self.progress, len(rows)) as tell:
            for a, b in _door.spans(len(rows)):
                with _door.undisturbed():
                    self._asked = {}
                    try:
                        self._take(rows[a:b])
                    finally:  # even when interrupted: what has been learnt, no more
                        young = 0 if self._infant is None else len(self._infant)
                        self.n_samples_seen_ = self._core.n + young
                tell(b, self)
        return rows

    def _newborn(self, X):
        """A core that has seen nothing, with checked options."""
        options = {
            "seed": seed_of(self.random_state),
            "growth_rate": check_number("growth_rate", self.growth_rate, 0.01, 1),
            "max_concepts": check_number("max_concepts", self.max_concepts, 1, integer=True),
            "max_nodes": _door.optional("max_nodes", self.max_nodes),
            "max_bytes": _door.optional("max_bytes", self.max_bytes),
        }
        if self.image_shape is None:
            most = most_inputs(options["max_nodes"], options["max_bytes"])
            return Micro(PlainTable(PlainTable.columns_of(X), options["seed"], most), options)
        return Micro(UnitRetina(_door.checked_shape(self.image_shape), options["seed"]), options)

    def _n_asked(self):
        return _door.optional("n_clusters", self.n_clusters)

    def _take(self, rows):
        """Learn rows; a table's first rows are kept until they settle its scales."""
        infancy = self._core.sense.infancy
        if self._core.n < infancy:
            room = infancy if self._infant is None else infancy - len(self._infant)
            young = rows[:room]
            self._infant = young if self._infant is None else self._infant.joined(young)
            rows = rows[room:]
            if len(self._infant) == infancy:
                self._core, self._infant = self._grown_up(), None
        if len(rows):
            self._core.learn(rows)

    def _grown_up(self):
        """A new core whose scales are those of the first rows, which it then learns."""
        core = self._core
        sense = PlainTable(core.sense.columns, core.sense.seed, core.sense.most)
        fresh = Micro(sense, core.options)
        sense.settle(fresh.graph, self._infant)
        fresh.learn(self._infant)
        return fresh

    # ---- what was learnt ------------------------------------------------------------------------
    def _answering(self):
        """The concepts as they are now, see :class:`growgraph.models._clusterer.kinds.Answer`."""
        self._check_fitted()
        k = self._n_asked()
        if k not in self._asked:  # a dict: answering must not change the estimator's __dict__
            young = self._infant is not None and len(self._infant)
            answer = Answer(self._grown_up() if young else self._core, k)
            self._asked.clear()
            self._asked[k] = answer
        return self._asked[k]

    @property
    def graph_(self):
        """The graph that answers."""
        return self._answering().graph

    @property
    def growth_log_(self):
        """Why each node is there."""
        return GrowthLog(self.graph_)

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
        sense = answer.core.sense
        rows = sense.read(self._rows(X, first=False, table=sense.kind == "table"))
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
        X = x if is_table(x) or hasattr(x, "toarray") else np.atleast_2d(np.asarray(x))
        answer = self._answering()
        sense = answer.core.sense
        rows = sense.read(self._rows(X, first=False, table=sense.kind == "table"))
        if len(rows) != 1:
            raise ValueError(f"x must be one sample, got {len(rows)}: explain them one by one")
        data = answer.why(rows)
        return Explanation(in_words(data), data)

    def knowledge(self):
        """What the model knows of each concept.

        Returns
        -------
        ndarray, structured
            One row a concept: ``label, name, samples, micro`` (micro-concepts), ``stability``
            (samples a micro-concept), ``last_seen, rival`` (the concept most like it; itself if
            there is no other), ``likeness`` (coincidence of the two, as a ratio to chance).
        """
        return self._answering().knowledge()

    def _figures(self):
        return {"micro": self._core.ids.size}

    # ---- files --------------------------------------------------------------------------------
    def to_state(self):
        """The model as arrays and plain values, see :func:`growgraph.save`."""
        self._check_fitted()
        state, infant = self._core.to_state(), self._infant
        if infant is not None:
            state["arrays"]["infant/numbers"] = infant.numbers
        if hasattr(self, "labels_"):
            state["arrays"]["labels"] = self.labels_
        state["plain"] |= {
            "params": _door.plain_params(self.get_params(deep=False)),
            "n_samples_seen": self.n_samples_seen_, "n_features_in": self.n_features_in_,
            "infant_marks": None if infant is None else [[r, *k] for r, k in infant.marks],
            "feature_names": getattr(self, "feature_names_in_", np.empty(0)).tolist(),
        }  # fmt: skip
        return state

    @classmethod
    def from_state(cls, state):
        """Rebuild a model; see :meth:`to_state`."""
        arrays, plain = state["arrays"], state["plain"]
        params = dict(plain["params"])
        if params["image_shape"] is not None:
            params["image_shape"] = tuple(params["image_shape"])
        model = cls(**params)
        model._core = Micro.from_state(arrays, plain, _SENSES)
        model._infant, model._asked = None, {}
        if plain["infant_marks"] is not None:
            marks = [(row, (name, value)) for row, name, value in plain["infant_marks"]]
            model._infant = Rows(arrays["infant/numbers"].copy(), marks)
        if "labels" in arrays:
            model.labels_ = arrays["labels"].copy()
        model.n_samples_seen_ = plain["n_samples_seen"]
        model.n_features_in_ = plain["n_features_in"]
        if plain["feature_names"]:
            model.feature_names_in_ = np.array(plain["feature_names"], object)
        return model

    def __getstate__(self):
        state = super().__getstate__().copy()
        if "_asked" in state:
            state["_asked"] = {}
        return state
