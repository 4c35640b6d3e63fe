"""Ours as the protocols call them: what this version of ResoNet can be asked for."""

import inspect

from growgraph.models.resonet import ResoNet

NAME = "growgraph"
# every table has both ways of learning, and what keeps no rows of the past
VARIANTS: tuple[dict, ...] = (
    {}, {"learning": "resonance"}, {"replay": 0}, {"learning": "resonance", "replay": 0},
)  # fmt: skip
NO_REPLAY = "replay 0: no rows of a table's past are kept; images have no such row, none are kept"


def knows(parameter):
    """Whether ResoNet has a parameter of this name.

    Examples
    --------
    >>> knows("learning"), knows("telepathy")
    (True, False)
    """
    return parameter in inspect.signature(ResoNet).parameters


def label(**options):
    """The name of a row of ours: ``growgraph`` and what is not the default.

    Examples
    --------
    >>> label(learning="resonance", replay=0)
    'growgraph resonance, replay 0'
    """
    return " ".join([NAME, ", ".join(_words(options))]).strip()


def as_a_table(options):
    """The name where some rows of ours are told that the data are images.

    Examples
    --------
    >>> as_a_table({"learning": "resonance", "replay": 0})
    'growgraph as a table, resonance, replay 0'
    """
    return ", ".join([f"{NAME} as a table", *_words(options)])


def _words(options):
    return [str(v) if k == "learning" else f"{k} {v}" for k, v in options.items()]


class Grown:
    """A ResoNet with the verbs of the peers.

    Parameters
    ----------
    **options
        Of :class:`growgraph.ResoNet`.
    """

    def __init__(self, **options):
        self.model = ResoNet(**options)

    @property
    def classes(self):
        """Labels met, sorted."""
        return self.model.classes_.tolist()

    def learn(self, X, y):
        """Learn rows."""
        self.model.partial_fit(X, y)

    def predict(self, X):
        """The best class of each row."""
        return self.model.predict(X)

    def nbytes(self):
        """As the model states it."""
        return self.model.nbytes_
