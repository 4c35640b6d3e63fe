"""What a SelfCriticNet says of its answers: how sure, how strange, why, what it is like."""

from typing import Any

import numpy as np

from growgraph._linalg import one_thread
from growgraph._random import generator
from growgraph.errors import DataError
from growgraph.kernels import resonet
from growgraph.models._learning import AsRead
from growgraph.models._resonet.reflecting import Reflecting
from growgraph.models._selfcritic import tells
from growgraph.models._selfcritic.critic import FEWEST, Critic
from growgraph.models._selfcritic.guest import dialogue_weight, spoken
from growgraph.models._selfcritic.rehearsal import CAUSES
from growgraph.models._selfcritic.tells import Diagnosis
from growgraph.models._selfcritic.tensions import Heard, Memory, tensions
from growgraph.models.base import check_one, one_sample, two_best


class Judging(Reflecting):
    """The part of :class:`growgraph.SelfCriticNet` that doubts its own answers."""

    _grown: Any  # these are SelfCriticNet's
    _guest: Any
    _learner: Any
    _labels: Any
    _asked: dict

    def _hear(self, rows, weight=None):
        """What T1, T2 and the record say of rows; ``weight``: of T2's word beside a guest's."""
        core, guest = self._grown(), self._guest()
        scores, windows, strange, sure, *_ = self._consider(AsRead(rows))
        F = core.features(rows)
        with one_thread():
            reading = (F.astype(np.float64) @ core.readout())[:, self._order(core)]
        parts = core.inputs_of(F)
        seen = parts if core.sense.kind == "table" else rows
        heard = Heard(scores, reading / core.par[resonet.KAPPA], windows, sure, strange, parts,
                      np.asarray(seen, np.float64))  # fmt: skip
        if guest is None:
            return heard
        said = guest.forecast(core.sense, rows)
        weight = self._dialogue() if weight is None else weight
        return heard.spoken_by(core, said, spoken(said, windows.sum(axis=2), weight))

    def _dialogue(self):
        """The weight of T2's word beside a guest's; 0 without rows to tell it from."""
        core, held = self._grown(), self._learner.held
        if "weight" not in self._asked:
            weight = 0.0
            if len(held) >= FEWEST and len(core.classes) > 1:
                heard = self._hear(held.as_read(), 0.0)
                labels = np.argsort(self._order(core))[held.labels]
                weight = dialogue_weight(heard.reading, heard.windows.sum(axis=2), labels)
            self._asked["weight"] = weight
        return self._asked["weight"]

    def _scores(self, X):
        """Scores of the sorted classes: with a guest the dialogue's probabilities."""
        if self._guest() is None:
            return super()._scores(X)
        return self._hear(self._read(X)[1]).scores

    def _sure(self, X):
        """Scores and confidence."""
        heard, _, confidence, *_ = self._judge(X)
        return heard.scores, confidence

    def _in_probabilities(self):
        """Whether scores are probabilities."""
        return self._guest() is not None or super()._in_probabilities()

    def _critic(self):
        """The critic and the memory it judges by; None without rows to make it of."""
        core, held, kept = self._grown(), self._learner.held, self._learner.memory
        if "critic" not in self._asked:
            made = None
            if len(held) >= FEWEST and len(kept) and len(core.classes) > 1:
                place = np.argsort(self._order(core))
                memory = Memory(core, kept, place)
                rng = generator(self._learner.options["seed"], "rehearsal")
                rows, labels = held.as_read(), place[held.labels]
                made = Critic(self._hear, core, memory, rows, labels, rng), memory
            self._asked["critic"] = made
        return self._asked["critic"]

    def _judge(self, X, y=None):
        """What was heard, tensions, confidence, novelty, probabilities of causes, distances."""
        _, rows = self._read(X)
        heard, critic = self._hear(rows), self._critic()
        given = None if y is None else self._places(y, len(rows))
        if critic is None:
            nothing = np.full((len(rows), len(CAUSES)), np.nan)
            return heard, None, heard.sure, heard.strange, nothing, None
        away = critic[1].away(heard.parts)
        T = tensions(heard, critic[1], given, away)
        return heard, T, *critic[0].judge(T, heard.strange), away

    def _places(self, y, n):
        """Places of labels among the sorted classes."""
        labels = self._labels(y, n).tolist()
        place = {label: c for c, label in enumerate(self.classes_.tolist())}
        unknown = [label for label in labels if label not in place]
        if unknown:
            raise DataError(
                f"y contains {unknown[0]!r}, which was never learnt: leave the row out, or learn it"
            )
        return np.array([place[label] for label in labels])

    def reflect(self, X, y=None):
        """Answer, confidence, novelty, cause and what it is like.

        Parameters
        ----------
        X
            As in :meth:`predict`.
        y : array [samples], optional
            Labels that are to be doubted: the cause is then why answer and label may not fit.
            Without them a wrong label is no cause to be expected.

        Returns
        -------
        Diagnosis
            As Reflection, with ``causes``: the probability of each of "fine", "novel", "ambiguous",
            "mislabelled", "corrupted" and "beyond capacity" [batch, 6]. The cause is "unknown", and
            these are NaN, before eight rows are held out.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from growgraph import SelfCriticNet
        >>> X, y = load_digits(return_X_y=True)
        >>> model = SelfCriticNet(image_shape=(8, 8), random_state=0).fit(X[:1297], y[:1297])
        >>> model.reflect(X[1300:1301], [(y[1300] + 1) % 10]).cause.tolist()
        ['mislabelled']
        """
        heard, _, confidence, novelty, causes, _ = self._judge(X, y)
        return self._told(heard, confidence, novelty, causes)

    def _told(self, heard, confidence, novelty, causes):
        """The judgement as a Diagnosis."""
        total = heard.windows.sum(axis=2)
        like = two_best(total)
        cause = np.full(len(total), "unknown", "<U15")
        if not np.isnan(causes).any():
            cause = np.array(CAUSES)[causes.argmax(axis=1)]
        answer = self.classes_[heard.scores.argmax(axis=1)]
        return Diagnosis(answer, confidence, novelty, cause, self.classes_[like], causes)

    def explain(self, x, y=None, turn=False):
        """Why this answer, what may be wrong with it, what its nodes are for, what it is like.

        Parameters
        ----------
        x : array [columns] or [1, columns], or a table of one row
        y : label, optional
            The label that is doubted.
        turn : bool, default False
            Look for the smallest change that makes the rival win, too; it takes twice the time.
            Not with an ``estimator``.

        Returns
        -------
        Explanation
            ``str()`` in words; ``data`` as of :meth:`growgraph.ResoNet.explain`, with ``causes``
            (their probabilities), ``tensions`` (in spreads of rows held out, the largest first),
            ``cases`` (labels of the remembered rows nearest to it) and ``picture``: what was seen,
            what is expected of the answer and of its rival, and the tension at each point. With an
            ``estimator`` the nodes that spoke are its own, and ``estimator`` is all it says.
            :func:`growgraph.viz.plot_doubt` draws it.
        """
        _, rows = self._read(one_sample(x))
        check_one(rows)
        if turn and self._guest() is not None:
            raise ValueError(
                "turn=True looks into the readout of the default T1, and estimator is another: ask "
                "estimator_.explain(x)"
            )
        return tells.explain(self, AsRead(rows), None if y is None else [y], turn)
