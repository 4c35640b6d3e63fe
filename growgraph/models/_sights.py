"""The senses as a clusterer needs them: what samples are like, nothing that serves a readout."""

import numpy as np

from growgraph.senses import Retina, Table


class UnitRetina(Retina):
    """A retina whose parts have length 1, so that distance tells the angle between images."""

    def __init__(self, image_shape, seed):
        super().__init__(image_shape, seed)
        self.sizes = {**self.sizes, "landmarks": 0}

    def grow(self, graph, controller):
        """Grow patch concepts and parts; parts enter as they are."""
        super().grow(graph, controller)
        graph.set_input_scale(np.zeros(graph.inputs.size), np.ones(graph.inputs.size))

    def values(self, graph, X):
        """Values of the ``parts`` inputs, each row of length 1; those of a blank image are 0."""
        parts = super().values(graph, X)
        square = np.einsum("ij,ij->i", parts, parts, dtype=np.float64)
        return parts / np.sqrt(np.maximum(square, 1e-30))[:, None].astype(np.float32)

    def places(self, graph):
        """Names of what can differ, and which sources of a prototype each holds."""
        return self.window_names(graph), list(self.windows(graph))


class PlainTable(Table):
    """A table's scaled columns and born inputs, without bends and landmarks."""

    def grow(self, graph, controller):
        """Grow an input for each numeric column."""
        z = self._grow_inputs(graph, controller, self.numeric[: self.early])
        for name in ("parts", "evidence"):
            graph.groups[name] = z
        for name in ("bends", "landmarks", "born"):
            graph.groups[name] = np.empty(0, np.int64)
        self._write_scale(graph)

    def places(self, graph):
        """Names of what can differ, and which sources of a prototype each holds."""
        ids = np.concatenate([graph.groups["parts"], graph.groups["born"]])
        return [graph.names[int(i)] for i in ids], [np.array([i]) for i in range(ids.size)]
