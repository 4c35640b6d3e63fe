"""Ours as the protocols call them: what this version of ResoNet can be asked for."""

import inspect

from growgraph.models.resonet import ResoNet

NAME = "growgraph"


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
    words = [str(options["learning"])] if "learning" in options else []
    words += [f"{k} {v}" for k, v in options.items() if k != "learning"]
    return " ".join([NAME, ", ".join(words)]).strip()


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
