"""What the command says: lines on standard error, a bar, tables on standard output."""

import sys
import time

_REDRAW = 0.5
_LINES = 5.0


def line(text):
    """One line on standard error."""
    print(f"growgraph: {' '.join(str(text).split())}", file=sys.stderr, flush=True)


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
        self._quiet = quiet
        self._learnt = self._first = learnt
        self._start = self._told = time.monotonic()
        self._bar = None
        if not quiet and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(
                initial=learnt, unit=" samples", mininterval=_REDRAW, file=sys.stderr, leave=False
            )

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
        more, self._learnt = learnt - self._learnt, learnt
        now = time.monotonic()
        due = now - self._told >= (_REDRAW if self._bar is not None else _LINES)
        if self._quiet or not (due or self._bar is not None):
            return
        if self._bar is not None:
            self._bar.update(more)
        if not due:
            return
        self._told = now
        graph, total = model.graph_, total()
        accuracy, nodes, edges = model.prequential_accuracy_, graph.n_nodes, graph.n_edges
        if self._bar is not None:
            self._bar.total = total and max(total, learnt)
            self._bar.set_postfix_str(f"accuracy {accuracy:.4f}, {nodes} nodes, {edges} edges")
            return
        rate = (learnt - self._first) / (now - self._start)
        of = f" of about {max(total, learnt):,}" if total else ""
        line(
            f"{learnt:,}{of} samples, accuracy {accuracy:.4f}, {nodes:,} nodes, {edges:,} edges, "
            f"{rate:,.0f} samples/s"
        )

    def close(self):
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
