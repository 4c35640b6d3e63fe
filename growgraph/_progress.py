"""How learning goes: the figures that a bar, a line and a live picture show."""

import math

_FEWEST = 100  # rows


class Course:
    """The course of learning, from one look at the model to the next.

    Attributes
    ----------
    looks : list of dict
        One a look: ``samples``; ``accuracy`` or ``R2`` of all that was answered before it was
        learnt; ``tension``, of the last 100 rows or more the share that met something else than was
        expected (of a regressor: of their spread the share that was not expected);
        ``nodes``, ``edges``. A figure that is not known yet is left out.

    Examples
    --------
    >>> from growgraph import ResoNet
    >>> course = Course()
    >>> model = ResoNet()
    >>> for first in (0, 50):
    ...     X = [[i / 100] for i in range(first, first + 50)]
    ...     figures = course.look(first + 50, model.partial_fit(X, [x > 0.2 for (x,) in X]))
    >>> figures["samples"], round(figures["tension"], 4)
    (100, 0.03)
    """

    def __init__(self):
        self.looks = []
        self._asked = self._missed = 0.0
        self._tension, self._told = math.nan, 0

    def look(self, done, model):
        """Note and return the figures of this moment.

        Parameters
        ----------
        done : int
            Samples learnt in this course.
        model : estimator
        """
        figures = {"samples": int(done), **model._figures()}
        self._feel(done, model)
        figures["tension"] = self._tension
        figures |= {"nodes": model.graph_.n_nodes, "edges": model.graph_.n_edges}
        known = {name: value for name, value in figures.items() if math.isfinite(value)}
        self.looks.append(known)
        return known

    def _feel(self, done, model):
        """The tension since it was told last; of fewer rows than ``_FEWEST`` it tells nothing."""
        if not hasattr(model, "_expected") or 0 < done - self._told < _FEWEST:
            return
        asked, missed = model._expected()
        if asked > self._asked and math.isfinite(missed):
            share = (missed - self._missed) / (asked - self._asked)
            self._tension = min(max(share, 0.0), 1.0)
            self._asked, self._missed, self._told = asked, missed, done


def in_words(figures):
    """The figures but the number of samples as a line of text.

    Examples
    --------
    >>> in_words({"samples": 9, "accuracy": 0.96551, "nodes": 12000})
    'accuracy 0.9655, 12,000 nodes'
    """
    shown = {name: value for name, value in figures.items() if name != "samples"}
    return ", ".join(
        f"{value:,} {name}" if isinstance(value, int) else f"{name} {value:.4f}"
        for name, value in shown.items()
    )
