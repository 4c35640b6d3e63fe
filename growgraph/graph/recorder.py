"""The part of a graph that keeps its growth log: causes in, outcomes in."""

from typing import Any

import numpy as np

from growgraph.kernels import _handle as h


class Recorder:
    """The recording part of :class:`growgraph.Graph`; not made by users."""

    _store: Any
    to_state: Any
    _base: dict[str, Any] | None
    _words: list[str]
    _numbered: tuple[list[str], dict[str, int]] = ([], {})  # a list of words and its index

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
        numbers = np.array([step, sample, node, lasted], np.int64)  # all fail before words are kept
        felt, words = np.float32(tension), [str(word) for word in (cause, rule, intention)]
        ctx, ctxf = self._store.ctx, self._store.ctxf
        ctx[[h.CTX_STEP, h.CTX_SAMPLE, h.CTX_NODE, h.CTX_LASTED]] = numbers
        ctx[[h.CTX_CAUSE, h.CTX_RULE, h.CTX_INTENTION]] = [self._word(word) for word in words]
        ctx[h.CTX_PAID] = -1
        ctxf[:] = np.nan
        ctxf[h.CTXF_TENSION] = felt

    def _word(self, word):
        """Number of a word, which is kept if it is new.

        The index is made anew when the list is not the one it was made of (a copy, a file) or
        was shortened (a proposal taken back).
        """
        listed, number = self._numbered
        if listed is not self._words or len(number) != len(listed):
            number = {known: i for i, known in enumerate(self._words)}
            self._numbered = self._words, number
        if word not in number:
            number[word] = len(self._words)
            self._words.append(word)
        return number[word]

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
