"""The errors growgraph raises; each message names the parameter, its value and the fix."""


class GraphError(ValueError):
    """A call that would break the graph; the graph is as it was before."""


class CycleError(GraphError):
    """An undelayed edge that would close a cycle.

    Attributes
    ----------
    cycle : list of int
        Ids of the nodes on the cycle, first node repeated at the end.
    """

    def __init__(self, message, cycle):
        super().__init__(message)
        self.cycle = cycle

    def __reduce__(self):
        return type(self), (self.args[0], self.cycle)


class UnknownNodeError(GraphError):
    """A node id that does not exist or was removed."""


class FileFormatError(ValueError):
    """A file that is not a growgraph file, or was truncated or altered."""


class DataError(ValueError):
    """Rows or columns that cannot be read as asked."""
