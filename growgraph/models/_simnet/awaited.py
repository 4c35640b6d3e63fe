"""What came of growth: an outcome that was grown is judged by the next trials of its choice."""

import numpy as np

from growgraph.growth import GrowthLog


class Awaited:
    """Growth whose worth is not known yet.

    It paid off if the choice surprises less, on the mean of its next ``patience`` trials, than when
    it had to grow.

    Parameters
    ----------
    patience : int
    """

    def __init__(self, patience):
        self.patience = patience
        self._of = {}  # choice id -> [first event, last event, tension, trials heard, their sum]

    def expect(self, choice, first, last, tension):
        """Events first .. last - 1 grew at a choice because of so much surprise."""
        self._of[choice] = [first, last, float(tension), 0, 0.0]

    def hear(self, choice, surprise, controller, graph):
        """A trial of a choice surprised so much; the log is told once there were enough."""
        held = self._of.get(choice)
        if held is None:
            return
        held[3] += 1
        held[4] += surprise
        if held[3] >= self.patience:
            first, last, tension, n, total = self._of.pop(choice)
            mean = total / n
            controller.tell(graph, first, last, realised=mean, paid_off=mean < tension)

    @staticmethod
    def now(graph):
        """Number of the next event."""
        return GrowthLog(graph).end

    # ---- files ----------------------------------------------------------------------------------
    def to_arrays(self):
        """As arrays: integers [awaited, 4] and numbers [awaited, 2]."""
        held = [[choice, a, b, n, t, s] for choice, (a, b, t, n, s) in self._of.items()]
        table = np.array(held, np.float64).reshape(-1, 6)
        return {"whole": table[:, :4].astype(np.int64), "part": table[:, 4:].copy()}

    def take(self, whole, part):
        """Take back what :meth:`to_arrays` gave."""
        rows = zip(whole.tolist(), part.tolist(), strict=True)
        self._of = {choice: [a, b, t, n, s] for (choice, a, b, n), (t, s) in rows}
