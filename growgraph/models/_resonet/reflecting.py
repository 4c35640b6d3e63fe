"""What a ResoNet tells of itself: how sure, how strange, why, what if, and what it knows."""

from typing import Any

import numpy as np

from growgraph._validation import check_number
from growgraph.kernels import council, resonet
from growgraph.models._learning import AsRead
from growgraph.models._record import margins, probabilities
from growgraph.models._resonet.explain import asked_of, in_words, knowledge, silent, why
from growgraph.models._resonet.gaps import share_unmet, steadiness, unmet
from growgraph.models._resonet.imagine import imagine
from growgraph.models.base import Explanation, Reflection, check_one, one_sample, two_best


class Reflecting:
    """The part of :class:`growgraph.ResoNet` that looks at its own answers."""

    classes_: Any
    _read_by: Any  # these are the model's
    _grown: Any
    _answering: Any
    _learning: Any

    # ---- concepts that return -------------------------------------------------------------------
    @property
    def n_returns_(self):
        """How often a concept that had passed was found to be back."""
        felt = self._learning().council
        return 0 if felt is None else int(felt.ctl[council.RETURNS])

    @property
    def last_return_(self):
        """When the last of these was found, and when it had been there; None if there was none."""
        felt = self._learning().council
        if felt is None or felt.ctl[council.RETURNS] == 0:
            return None
        places = council.RETURNED, council.SINCE, council.UNTIL
        return dict(zip(("after", "since", "until"), felt.ctl[list(places)].tolist(), strict=True))

    # ---- answering ------------------------------------------------------------------------------
    def _read(self, X):
        """The core that answers, and rows as its sense reads them."""
        core = self._grown()
        return core, self._read_by(core.sense, X)

    def _order(self, core):
        """Places of the sorted classes in the sequence of their arrival."""
        held = core.sequence  # one tuple: threads may ask at once
        if held[0] is not self.classes_:
            place = {label: c for c, label in enumerate(core.classes)}
            order = np.array([place[label] for label in self.classes_.tolist()])
            core.sequence = held = self.classes_, order
        return held[1]

    def predict(self, X):
        """The best class of each sample; it never abstains, see :meth:`predict_or_abstain`.

        Parameters
        ----------
        X : array [samples, columns], sparse, DataFrame or dict of columns

        Returns
        -------
        ndarray [samples]
        """
        best = self._shortly(X)
        if best is None:
            best = self._scores(X).argmax(axis=1)
        return self.classes_[best]

    def _shortly(self, X):
        """Places of the best classes by a shorter way, None where there is none."""
        return None

    def predict_proba(self, X):
        """Probability of each class.

        The best class gets the confidence that :meth:`reflect` tells, or, if that is less, just
        enough to stay the best; the others share the rest by the softmax of their scores.
        """
        scores, confidence = self._sure(X)
        if self._in_probabilities():
            scores = np.log(np.maximum(scores, 1e-300))
        return probabilities(scores, confidence)

    def _sure(self, X):
        """Scores and confidence."""
        scores, _, _, confidence, *_ = self._consider(X)
        return scores, confidence

    def _in_probabilities(self):
        """Whether scores are probabilities: a council's are."""
        return self._answering().council is not None

    def _scores(self, X):
        """Scores [batch, sorted classes] in units of the target's height."""
        core, rows = self._read(X)
        return core.scores(rows)[:, self._order(core)] / core.unit

    def decision_function(self, X):
        """Scores [samples, classes], or [samples] of the second class if there are two."""
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def _consider(self, X):
        """Scores and resonances of the sorted classes, novelty, confidence and silence.

        Confidence is the share of right answers the model's own record has for such a margin; it
        falls where the sample is stranger than what the record speaks of. A row that says nothing
        is answered with the share of samples that had this answer, at most. Where a cell is of a
        kind never met in learning, the row is stranger, and surer only if the cell does not matter.
        """
        core, rows = self._read(X)
        core.derive()
        order, own = self._order(core), core.record
        scores, said, L = core.answers(rows)
        scores, said, L = scores[:, order] / core.unit, said[:, order], L[:, order]
        total = L.sum(axis=2)
        pull = core.par[resonet.ALPHA] / (core.concepts.win.max(initial=0) + 1)
        unit = core.par[resonet.KAPPA] if core.use_evidence else 1.0
        reading = (said - pull * total) / unit
        novelty = own.novelty(reading, total.max(axis=1), core.use_evidence)
        confidence = np.ones(len(scores))
        if scores.shape[1] > 1:
            halves = core.use_evidence and core.council is None
            confidence = own.confidence(margins(scores, reading if halves else None))
        confidence = confidence * own.familiarity(novelty)
        cells = unmet(core, rows)
        if cells:
            # half: the worlds forget what the other cells tell of the ones that are gone
            steady = steadiness(core, rows, cells, order[scores.argmax(axis=1)])
            confidence = confidence * (1 + steady) / 2
            share = share_unmet(core, rows, cells)
            novelty = np.where(share > 0, own.strange(novelty, share), novelty)
        mute, share = silent(core, rows), core.concepts.counts[order] / core.n
        confidence[mute] = np.minimum(confidence, share[scores.argmax(axis=1)])[mute]
        return scores, L, novelty, confidence, mute, share_unmet(core, rows, cells) > 0

    def reflect(self, X):
        """Answer, confidence, novelty, cause and what it is like.

        Parameters
        ----------
        X
            As in :meth:`predict`.

        Returns
        -------
        Reflection
            The cause is "unknown" where all cells of a table's row are missing, "novel" where one
            holds a category never met, a number beyond all its column has shown by more than half
            their range, or is missing for the first time: :meth:`explain` names it.

        Examples
        --------
        >>> import numpy as np
        >>> from growgraph import ResoNet
        >>> X = np.array([[0.0], [0.1], [1.0], [1.1]] * 20)
        >>> model = ResoNet().fit(X, [0, 0, 1, 1] * 20)
        >>> model.reflect([[0.05]]).answer
        array([0])
        """
        scores, L, novelty, confidence, mute, new = self._consider(X)
        total, answer = L.sum(axis=2), scores.argmax(axis=1)
        like = two_best(total)
        votes = (L.argmax(axis=1) == answer[:, None]).mean(axis=1)
        cause = self._answering().record.cause(answer, confidence, novelty, like, votes)
        cause[new] = "novel"
        cause[mute] = "unknown"
        return Reflection(self.classes_[answer], confidence, novelty, cause, self.classes_[like])

    def score_samples(self, X):
        """Familiarity of samples: higher = more familiar (the negative of novelty)."""
        return -self.reflect(X).novelty

    def explain(self, x):
        """Why this answer, what would turn it, what its nodes are for, what the sample is like.

        Parameters
        ----------
        x : array [columns] or [1, columns], or a table of one row

        Returns
        -------
        Explanation
            ``str()`` in words; ``data`` with answer, confidence, novelty, cause, rival, windows
            (resonance of answer and rival in each), nodes (those that spoke most), columns (what
            each ``spoke``, and its ``deviation`` from its usual value, in words "sd": centre and
            spread are those of the table's first 64 rows and stay), unmet
            (cells never met in learning) and turn: the smallest change found that makes the rival
            win, confirmed by asking the model again; None if none was found.

        Examples
        --------
        >>> import numpy as np
        >>> from growgraph import ResoNet
        >>> size = np.linspace(0, 1, 200)
        >>> model = ResoNet().fit({"size": size}, np.where(size > 0.5, "big", "small"))
        >>> told = model.explain({"size": [0.8]}).data["turn"]["changes"][0]
        >>> told["column"], told["had"], 0.4 < told["to"] < 0.6
        ('size', 0.8, True)
        """
        X = one_sample(x)
        core, rows = self._read(X)
        core.derive()
        check_one(rows)
        seen = self.reflect(X)
        data = why(core, rows, seen, self._scores(X)[0], self.classes_)
        return Explanation(in_words(data), data, asked_of(self, core, rows, x, data["answer"]))

    def imagine(self, X, rivals=2):
        """What would be seen if each of the likeliest answers were right, and what speaks against.

        Each answer's concept is asked what it expects of the sample: its mean, moved along its
        aspects as far as the sample moves. A missing cell of a table takes what is expected there.

        Parameters
        ----------
        X
            As in :meth:`predict`.
        rivals : int, default 2
            Answers to imagine for each sample, the likeliest first.

        Returns
        -------
        Imagination
            Arrays ``answer, expected, seen, tension, inertia`` and the names of the ``columns``.

        Notes
        -----
        To answer by the least inertia would be a local-subspace classifier (Watanabe 1967; Oja
        1983) with a variance for each direction. Measured beside one of the same rank and beside
        the mean over shifted and turned views, it was not better than either or than
        :meth:`predict`, which therefore does not simulate.

        Examples
        --------
        >>> import numpy as np
        >>> from growgraph import ResoNet
        >>> size = np.random.default_rng(0).uniform(0, 1, 200)
        >>> kind = np.where(np.arange(200) % 2, "iron", "cork")
        >>> weight = np.where(kind == "iron", 8.0, 0.2) * size
        >>> model = ResoNet().fit({"size": size, "weight": weight}, kind)
        >>> told = model.imagine({"size": [0.9], "weight": [7.0]})
        >>> told.answer[0].tolist(), told.columns
        (['iron', 'cork'], ('size', 'weight'))
        >>> bool(told.inertia[0, 0] < told.inertia[0, 1])
        True
        """
        rivals = check_number("rivals", rivals, 1, integer=True)
        core, rows = self._read(X)
        core.derive()
        scores = self._scores(AsRead(rows))
        return imagine(core, rows, scores, self.classes_, self._order(core), rivals)

    def knowledge(self):
        """What the model knows of each class.

        Returns
        -------
        Knowledge
            A structured array that prints as a table, one row a class: ``label, samples, accuracy``
            (prequential), ``last_seen, aspects`` (a window), ``stability`` (of its prototypes),
            ``rival`` (nearest prototypes).

        Examples
        --------
        >>> from growgraph import ResoNet
        >>> model = ResoNet().fit([[0.0], [0.1], [1.0], [1.1]] * 20, [0, 0, 1, 1] * 20)
        >>> print(model.knowledge())
        label  samples  accuracy  last_seen  aspects  stability  rival
            0       40     0.975         77        0     40.000      1
            1       40     0.975         79        0     40.000      0
        """
        core = self._answering()
        return knowledge(core, self.classes_, self._order(core))
