"""How long numba compiles."""

import time

from numba.core import event


class CompileTime(event.Listener):
    """Hears of numba's compiling and takes its time.

    Parameters
    ----------
    tell : callable or None
        Called when the first kernel begins.

    Attributes
    ----------
    seconds : float
        Spent so far; what a kernel compiles in between counts once.
    """

    def __init__(self, tell):
        self.seconds = 0.0
        self._tell, self._depth, self._began = tell, 0, 0.0

    def on_start(self, event):
        """A kernel begins."""
        self._depth += 1
        if self._depth == 1:
            self._began = time.monotonic()
        if self._tell is not None:
            tell, self._tell = self._tell, None
            tell()

    def on_end(self, event):
        """A kernel is done."""
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.monotonic() - self._began


def compile_time(tell):
    """A context in which a :class:`CompileTime` listens."""
    return event.install_listener("numba:compile", CompileTime(tell))
