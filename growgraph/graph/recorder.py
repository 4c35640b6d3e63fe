"""The part of a graph that keeps its growth log: causes in, outcomes in, births taken back."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from growgraph._validation import as_ids
from growgraph.kernels import _handle as h


class Recorder:
    """The recording part of :class:`growgraph.Graph`; not made by users."""

    _store: Any
    to_state: Any
    remove_nodes: Any
    _base: dict[str, Any] | None
    _words: list[str]

    @property
    def records(self) -> bool:
        """True if each change of structure is written to the log."""
        return bool(self._store[h.RECORD])

    def record(self) -> None:
        """Write each change of structure from now on to the log (see :class:`GrowthLog`)."""
        if not self.records:
            self._base = self.to_state()
            self._store[h.RECORD] = 1
            self.set_cause("")

    def set_cause(
        self, cause: str, *, node: int = -1, lasted: int = 0, rule: str = "", intention: str = "",
        tension: float = np.nan, step: int = 0, sample: int = -1,
    ) -> None:  # fmt: skip
        """What the log gives as the cause of the changes that follow.

        Parameters
        ----------
        cause : str
            In words; "" for what is built by hand.
        node : int
            Where it was felt.
        lasted : int
            For how many steps.
        rule, intention : str
            Which rule acts, which aim it serves.
        tension : float
            At that node, before the change.
        step, sample : int
            Time, and the index of the sample that led to it.
        """
        ctx, ctxf = self._store.ctx, self._store.ctxf
        ctx[:] = (
            step, sample, self._word(cause), node, lasted, self._word(rule),
            self._word(intention), -1,
        )  # fmt: skip
        ctxf[:] = np.nan
        ctxf[h.CTXF_TENSION] = tension

    def _word(self, word):
        if word not in self._words:
            self._words.append(str(word))
        return self._words.index(word)

    def note_outcome(
        self, first: int, last: int, *, after: float | None = None, realised: float | None = None,
        paid_off: bool | None = None,
    ) -> None:  # fmt: skip
        """Complete events first .. last-1: tension at once, tension later, whether it paid off."""
        floats = self._store.evf.reshape(-1, h.EV_WIDTH)[first:last, h.EVF_CTX :]
        if after is not None:
            floats[:, h.CTXF_AFTER] = after
        if realised is not None:
            floats[:, h.CTXF_REALISED] = realised
        if paid_off is not None:
            rows = self._store.ev.reshape(-1, h.EV_WIDTH)[first:last]
            rows[:, h.EV_CTX + h.CTX_PAID] = int(paid_off)

    def undo_births(self, nodes: ArrayLike) -> None:
        """Take back the newest nodes as if they had never been, their ids and events included.

        Parameters
        ----------
        nodes : ids
            The newest nodes of the graph, nothing else having changed since the first of them.
        """
        ids = as_ids("nodes", nodes)
        if ids.size == 0:
            return
        events = self._store[h.EV_USED] - ids.size if self.records else 0
        payload = int(self._store.ev[events * h.EV_WIDTH + h.EV_OFFSET]) if self.records else 0
        recording, self._store[h.RECORD] = self._store[h.RECORD], 0
        self.remove_nodes(ids)
        self._store[h.NEXT_ID] = int(ids.min())
        self._store[h.RECORD] = recording
        if recording:
            self._store[h.EV_USED], self._store[h.EVP_USED] = events, payload
