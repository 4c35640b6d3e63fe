"""Carrying out a proposal: all of it, or nothing of it and no trace."""

import numpy as np

from growgraph._validation import as_ids, check_choice
from growgraph.errors import GraphError
from growgraph.graph.savepoint import Savepoint

_MANY = 16  # nodes alike are born in one call: it costs less
_LARGE = 2**62  # of ids, nothing to be checked below


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
    changed = {v for _, v in remove} | ({split[1]} if split else set())
    targets = np.append(_old(edges[1]), np.array(sorted(changed), np.int64))
    point = Savepoint(graph, np.unique(targets), _old(recurrent[1]))
    born: list[int] = []
    try:
        graph.record()
        graph.set_cause(**cause)
        for alike in _alike(proposal.nodes):
            if len(alike) < _MANY:
                for new in alike:
                    born.append(_bear(graph, new, born))
            else:
                born += _bear_many(graph, alike, born)
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
    edges, recurrent = _columns("edges", proposal.edges), _columns("recurrent", proposal.recurrent)
    remove = [(_id("remove", u), _id("remove", v)) for u, v in proposal.remove]
    if proposal.split is None:
        return edges, recurrent, (), remove
    if len(proposal.split) != 6:
        raise GraphError(
            f"split must be (source, target, bias, w_in, w_out, activation), got {proposal.split!r}"
        )
    u, v, *rest = proposal.split
    return edges, recurrent, (_id("split", u), _id("split", v), *rest), remove


def _columns(name, edges):
    """Sources, targets and weights of edges."""
    if isinstance(edges, np.ndarray):
        return tuple(np.ascontiguousarray(edges[part]) for part in ("source", "target", "weight"))
    u, v, w = zip(*edges, strict=True) if len(edges) else ((), (), ())
    return _ids(name, u), _ids(name, v), list(w)


def _old(ids):
    """Which of them there were before the proposal, each once."""
    return np.unique(ids[ids >= 0])


def _connect(graph, edges, born, **kind):
    """Make edges whose ends may be new."""
    u, v, w = edges
    if u.size:
        graph.connect(_all_real(u, born), _all_real(v, born), w, pairs=True, **kind)


def _ids(name, nodes):
    """Ids of one node each, as an array."""
    if set(map(type, nodes)) <= {int} and max(map(abs, nodes), default=0) < _LARGE:
        return np.array(nodes, np.int64)
    return np.array([_id(name, node) for node in nodes], np.int64)


def _id(name, node):
    if type(node) is int and abs(node) < _LARGE:
        return node
    ids = as_ids(name, node)
    if ids.size != 1:
        raise GraphError(f"{name} must name one node in each place, got {node!r}")
    return int(ids[0])


def _real(i, born):
    """The id that -1, -2 ... stand for."""
    if i < -len(born):
        raise GraphError(f"the proposal names its new node {i} before it is born")
    return born[-i - 1] if i < 0 else i


def _all_real(ids, born):
    """The ids that an array stands for."""
    new = ids < 0
    if not new.any():
        return ids
    _real(int(ids.min()), born)  # raises if it is not born yet
    out = ids.copy()
    out[new] = np.array(born, np.int64)[-1 - ids[new]]
    return out


def _alike(nodes):
    """Nodes in runs of one kind that read equally many, and none of their own run."""
    runs: list[list] = []
    last, first = None, 0
    for k, new in enumerate(nodes):
        if k and new is nodes[k - 1] and last and not new.sources:
            runs[-1].append(new)
            continue
        own = None
        if new.role == "hidden" and not new.name:
            own = new.kind, new.activation, len(new.sources)
        inside = any(i < 0 and -i > first for i in new.sources) if own and own == last else True
        if own is None or own != last or inside:
            runs.append([])
            last, first = own, k
        runs[-1].append(new)
    return runs


def _bear_many(graph, nodes, born):
    """Add hidden nodes of one kind that read equally many; their ids."""
    first = nodes[0]
    values = {name: [getattr(new, name) for new in nodes] for name in ("bias", "p0", "p1")}
    if len(first.sources):
        ids = _ids("sources", [i for new in nodes for i in new.sources])
        values["sources"] = _all_real(ids, born).reshape(len(nodes), -1)
        values["weights"] = [list(new.weights) for new in nodes]
    ids = graph.add_nodes(len(nodes), kind=first.kind, activation=first.activation, **values)
    return ids.tolist()


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
    if any(i < 0 for i in sources.tolist()):
        sources = [_real(i, born) for i in sources.tolist()]
    ids = add(
        1, kind=new.kind, activation=new.activation, sources=sources,
        weights=list(new.weights), bias=new.bias, p0=new.p0, p1=new.p1, names=names,
    )  # fmt: skip
    return int(ids[0])
