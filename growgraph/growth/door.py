"""Carrying out a proposal: all of it, or nothing of it and no trace."""

from growgraph._validation import as_ids, check_choice
from growgraph.errors import GraphError
from growgraph.graph.savepoint import Savepoint


def carry_out(graph, proposal, **cause):
    """Nodes, then edges, recurrent ones, the split, removals, each told to the log with its cause.

    Whatever goes wrong on the way, Ctrl-C and want of memory included, the graph and its log are
    what they were.

    Parameters
    ----------
    graph : Graph
    proposal : Proposal
    **cause
        Of :meth:`Graph.set_cause`.

    Returns
    -------
    list of int
        Ids of the new nodes.
    """
    edges, recurrent, split, remove = _in_integers(proposal)
    changed = {v for _, v, _ in edges if v >= 0} | {v for _, v in remove}
    changed |= {split[1]} if split else set()
    point = Savepoint(graph, sorted(changed), sorted({v for _, v, _ in recurrent if v >= 0}))
    born: list[int] = []
    try:
        graph.record()
        graph.set_cause(**cause)
        for new in proposal.nodes:
            born.append(_bear(graph, new, born))
        _connect(graph, edges, born)
        _connect(graph, recurrent, born, recurrent=True)
        if split:
            u, v, bias, w_in, w_out, activation = split
            born.append(graph.split_edge(u, v, activation=activation, bias=bias, w_in=w_in,
                                         w_out=w_out))  # fmt: skip
        for u, v in remove:
            graph.remove_edge(u, v)
        graph.set_cause("")
    except BaseException:
        point.restore()
        raise
    return born


def _in_integers(proposal):
    """Edges, recurrent ones, split and removals with their ids as Python integers."""
    edges = [(_id("edges", u), _id("edges", v), w) for u, v, w in proposal.edges]
    recurrent = [(_id("recurrent", u), _id("recurrent", v), w) for u, v, w in proposal.recurrent]
    remove = [(_id("remove", u), _id("remove", v)) for u, v in proposal.remove]
    if proposal.split is None:
        return edges, recurrent, (), remove
    if len(proposal.split) != 6:
        raise GraphError(
            f"split must be (source, target, bias, w_in, w_out, activation), got {proposal.split!r}"
        )
    u, v, *rest = proposal.split
    return edges, recurrent, (_id("split", u), _id("split", v), *rest), remove


def _connect(graph, edges, born, **kind):
    """Make edges whose ends may be new."""
    if edges:
        pairs = [(_real(u, born), _real(v, born), w) for u, v, w in edges]
        u, v, w = (list(column) for column in zip(*pairs, strict=True))
        graph.connect(u, v, w, pairs=True, **kind)


def _id(name, node):
    ids = as_ids(name, node)
    if ids.size != 1:
        raise GraphError(f"{name} must name one node in each place, got {node!r}")
    return int(ids[0])


def _real(i, born):
    """The id that -1, -2 ... stand for."""
    if i < -len(born):
        raise GraphError(f"the proposal names its new node {i} before it is born")
    return born[-i - 1] if i < 0 else i


def _bear(graph, new, born):
    """Add one node; its id."""
    names = [new.name] if new.name else None
    if new.role == "input":
        if len(new.sources):
            raise GraphError(f"a new input has no sources, got sources={new.sources!r}: drop them")
        ids = graph.add_inputs(1, names, activation=new.activation, p0=new.p0, p1=new.p1)
        return int(ids[0])
    check_choice("role", new.role, ("hidden", "output", "input"))
    add = graph.add_outputs if new.role == "output" else graph.add_nodes
    sources = as_ids("sources", list(new.sources))
    if sources.size and sources.min() < 0:
        sources = [_real(i, born) for i in sources.tolist()]
    ids = add(
        1, kind=new.kind, activation=new.activation, sources=sources,
        weights=[list(new.weights)], bias=new.bias, p0=new.p0, p1=new.p1, names=names,
    )  # fmt: skip
    return int(ids[0])
