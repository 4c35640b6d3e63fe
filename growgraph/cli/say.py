"""What the command says: lines on standard error, a bar, tables on standard output."""

import contextlib
import sys
import time

from growgraph._progress import Course, in_words

_REDRAW = 0.5
_LINES = 5.0


_bars: list = []  # the bar that is on the screen, if one is


def line(text):
    """One line on standard error, above the bar."""
    text = f"growgraph: {' '.join(str(text).split())}"
    if _bars:
        _bars[0].write(text, file=sys.stderr)
    else:
        print(text, file=sys.stderr, flush=True)


def failure(error, code):
    """Say what went wrong in one line; returns the exit code."""
    line(error)
    return code


def table(rows, file=None):
    """Print (name, value, remark) rows in columns."""
    rows = [(name, str(value), remark) for name, value, remark in rows if value is not None]
    first = max(len(name) for name, _, _ in rows)
    second = max(len(value) for _, value, _ in rows if len(value) < 20)
    for name, value, remark in rows:
        text = f"{name:<{first}}  {value:<{second}}  {remark}"
        print(text.rstrip(), file=file or sys.stdout)


class Progress:
    """A bar on a terminal, a line every few seconds elsewhere, nothing when quiet.

    Parameters
    ----------
    quiet : bool
    learnt : int
        Samples that were learnt before (a resumed run).
    """

    def __init__(self, quiet, learnt=0):
        self._quiet, self._bar = quiet, not quiet and sys.stderr.isatty()
        self._first, self._compiled, self._course = learnt, False, Course()
        self._start = self._told = time.monotonic()

    @contextlib.contextmanager
    def compiling(self):
        """Around a piece of learning: says so if kernels are compiled, leaves that time out."""
        from growgraph.cli.compiling import compile_time

        told = self._quiet or self._compiled
        tell = None if told else lambda: line("compiling kernels (once, up to a minute)")
        with compile_time(tell) as watch:
            yield
        self._start += watch.seconds
        self._compiled |= watch.seconds > 0

    def step(self, learnt, total, model):
        """Tell how far learning is.

        Parameters
        ----------
        learnt : int
            Samples so far.
        total : callable
            Gives the number of samples expected, or None.
        model : estimator
        """
        now = time.monotonic()
        if self._quiet or now - self._told < (_REDRAW if self._bar else _LINES):
            return
        self._told = now
        how, total = in_words(self._course.look(learnt, model)), total()
        total = max(total, learnt) if total else None
        if self._bar:
            self._draw(learnt, total, how)
            return
        rate = (learnt - self._first) / max(now - self._start, 1e-3)
        of = f" of about {total:,}" if total else ""
        line(f"{learnt:,}{of} samples, {how}, {rate:,.0f} samples/s")

    def _draw(self, learnt, total, text):
        if not _bars:
            from tqdm import tqdm

            tqdm.monitor_interval = 0  # no thread that Ctrl-C could find half closed
            _bars.append(
                tqdm(
                    initial=self._first,
                    unit=" samples",
                    file=sys.stderr,
                    leave=False,
                    mininterval=0,
                )
            )
            _bars[0].start_t -= time.monotonic() - self._start
        _bars[0].total = total
        _bars[0].set_postfix_str(text, refresh=False)
        _bars[0].update(learnt - _bars[0].n)

    def close(self):
        """Take the bar away."""
        if _bars:
            _bars.pop().close()
