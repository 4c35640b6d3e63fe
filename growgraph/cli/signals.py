"""Ctrl-C and SIGTERM, without anything half done."""

import contextlib
import signal
import threading


class Stopped(BaseException):
    """Ctrl-C or a request to end, at a moment when nothing is half done.

    No ``except Exception`` keeps it from ending the run.

    Attributes
    ----------
    code : int
        Exit code: 130 for Ctrl-C.
    """

    def __init__(self, signum):
        super().__init__(signum)
        self.code = 128 + signum


class Signals:
    """Turns signals into :class:`Stopped`: at once while waiting, after the work while busy.

    It is raised once: what is saved afterwards is not cut by one more signal.
    """

    def __init__(self):
        self._busy, self._asked = False, 0
        self._before = {}

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            for signum in (signal.SIGINT, signal.SIGTERM):
                self._before[signum] = signal.signal(signum, self._on_signal)
        return self

    def __exit__(self, *_):
        for signum, handler in self._before.items():
            signal.signal(signum, handler)

    def _on_signal(self, signum, _):
        if not self._busy:
            self._busy = True
            raise Stopped(signum)
        if self._asked:  # asked twice: do not wait
            raise KeyboardInterrupt
        self._asked = signum

    @contextlib.contextmanager
    def busy(self):
        """A piece of work that must not be cut."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
        if self._asked:
            self._busy = True
            signum, self._asked = self._asked, 0
            raise Stopped(signum)
