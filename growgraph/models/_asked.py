"""What an explanation was asked of: enough to draw it, without holding the model."""

import copy
import weakref

import numpy as np

_SAME = 1e-4  # answers nearer than this, relative, are the same


class Asked:
    """A model and its graph by weak reference, the sample, and the node that answered.

    Nothing here is copied from the graph: pictures draw how it would answer the sample now, and say
    so if the node that answered would answer otherwise. Files do not hold the model: what they give
    can be read, not drawn.

    Parameters
    ----------
    model : estimator
    graph : Graph
        That answered.
    node : int
        The node that answered.
    x : array or table, optional
        The sample, as it was given; a copy is kept.
    inputs : ids, optional
        Of the inputs the sample was put on.
    values : array [inputs], optional
        What was put there, before the gate.
    parts : dict of int to float, optional
        Instead of inputs and values: the nodes that took part, and how much of the answer each
        holds, from 0 to 1.
    """

    def __init__(self, model, graph, node, *, x=None, inputs=None, values=None, parts=None):
        self._model, self._graph = weakref.ref(model), weakref.ref(graph)
        self.node, self.parts = int(node), parts
        self.x = x.toarray() if hasattr(x, "toarray") else copy.deepcopy(x)
        if parts is None:
            self.inputs = np.array(inputs, np.int64)
            self.values = np.array(values, np.float64).ravel()
            self.said = self.says(graph)

    def __getstate__(self):
        return self.__dict__ | {"_model": None, "_graph": None}

    def __deepcopy__(self, memo):
        return self

    @property
    def model(self):
        """The model; None if it is gone, or if this came from a file."""
        return None if self._model is None else self._model()

    @property
    def graph(self):
        """The graph that answered; None if it is gone, or if this came from a file."""
        return None if self._graph is None else self._graph()

    def says(self, graph):
        """What the node answers to the sample, float."""
        asked = graph.forward(self.values[None], inputs=self.inputs, outputs=[self.node])
        return float(asked[0, 0])

    def since(self, graph):
        """In a few words, that the node would say something else by now; "" if it would not."""
        if self.parts is not None:
            return ""
        said = self.says(graph)
        if abs(said - self.said) <= _SAME * max(abs(said), abs(self.said), 1e-3):
            return ""
        return f"the model has learnt since: {self.said:.4g} became {said:.4g}"
