"""What a graph and its log tell about births, as flat arrays: all that pictures know of growth."""

from dataclasses import dataclass, replace

import numpy as np

from growgraph.errors import GraphError
from growgraph.graph import Graph
from growgraph.growth import GrowthLog
from growgraph.kernels import _handle as h
from growgraph.kernels import codes

BORN_BEFORE = -1  # older than the log
NEVER = -2  # an id that is neither in the log nor in the graph


@dataclass
class History:
    """Births of nodes and edges; node arrays are indexed by id, removed nodes included.

    Events are counted from the first birth that the log goes on telling of what was folded away
    (:meth:`GrowthLog.fold`); an edge folded away counts as made when the younger of its nodes was.

    Attributes
    ----------
    birth : ndarray of int64 [ids]
        Event of each node's birth, -1 if it is older than the log.
    role : ndarray of uint8 [ids]
    source, target, event : ndarray of int64 [edges ever made]
        Edges and the event that made each.
    weight : ndarray of float [edges ever made]
        At birth; of edges older than the log, what they had when it began.
    late : ndarray of bool [edges ever made]
        Which of them read the step before.
    context : ndarray of int64 [events]
        Counts the causes: events of one proposal have the same number.
    prelude : int
        So many leading events lie before time began: what was built by hand or dreamt by a
        graph that began to record when it was empty.
    """

    birth: np.ndarray
    role: np.ndarray
    source: np.ndarray
    target: np.ndarray
    event: np.ndarray
    weight: np.ndarray
    late: np.ndarray
    context: np.ndarray
    prelude: int

    def undelayed(self):
        """The same without delayed edges, which places do not depend on."""
        at = ~self.late
        return replace(
            self, source=self.source[at], target=self.target[at], event=self.event[at],
            weight=self.weight[at], late=self.late[at],
        )  # fmt: skip


def graph_of(thing):
    """The Graph of a graph, a log or a model."""
    if isinstance(thing, Graph):
        return thing
    if isinstance(thing, GrowthLog):
        return thing._graph
    graph = getattr(thing, "graph_", None)
    if isinstance(graph, Graph):
        return graph
    if hasattr(thing, "fit") and not isinstance(thing, type):
        raise GraphError(f"{type(thing).__name__} has no graph yet: call fit or partial_fit first")
    raise TypeError(
        f"expected a Graph, a GrowthLog or a fitted model with graph_, got {type(thing).__name__}"
    )


def log_of(thing):
    """The GrowthLog of a graph, a log or a model; raises GraphError if there is none."""
    return thing if isinstance(thing, GrowthLog) else GrowthLog(graph_of(thing))


def history_of(graph, *, delayed=False):
    """Read :class:`History`, of delayed edges too if asked; without a log all is born at once."""
    size = graph._store[h.NEXT_ID]
    if not graph.records:
        nodes, edges = graph.nodes, graph.edges()
        birth = np.full(size, NEVER)
        birth[nodes] = BORN_BEFORE
        role = np.zeros(size, np.uint8)
        role[nodes] = graph._store.role[graph._slots(nodes)]
        edges = edges[edges["delay"] <= delayed]
        event = np.full(edges.size, BORN_BEFORE)
        none, late = np.empty(0, np.int64), edges["delay"] > 0
        made = edges["source"], edges["target"], event, edges["weight"], late
        return History(birth, role, *made, none, 0)
    log = GrowthLog(graph)
    past = history_of(base_of(graph), delayed=delayed)
    rows, elders = log._told()[0], log.n_elders
    past.birth[rows[:elders, h.EV_NODE]] = np.arange(elders)
    past.event = np.maximum(past.birth[past.source], past.birth[past.target])
    birth, role = _births(rows, past, size, elders)
    made = _edges_made(graph, rows, delayed, elders)
    before = past.source, past.target, past.event, past.weight, past.late
    source, target, event, weight, late = (
        np.concatenate(both) for both in zip(before, made, strict=True)
    )
    prelude = 0 if (past.birth == BORN_BEFORE).any() else _prelude(rows)
    return History(birth, role, source, target, event, weight, late, _contexts(rows), prelude)


def base_of(graph):
    """The graph as it was when it began to record."""
    base = Graph.from_state(graph._base)
    base._store[h.RECORD] = 0
    return base


def _births(rows, past, size, elders):
    birth, role = np.full(size, NEVER), np.zeros(size, np.uint8)
    known = past.birth.size
    birth[:known], role[:known] = past.birth, past.role
    born = np.flatnonzero(np.isin(rows[:, h.EV_OP], (codes.OP_NODE, codes.OP_SPLIT)))
    born = born[born >= elders]
    birth[rows[born, h.EV_NODE]] = born
    split = rows[born, h.EV_OP] == codes.OP_SPLIT
    role[rows[born, h.EV_NODE]] = np.where(split, codes.ROLE_HIDDEN, rows[born, h.EV_FLAG])
    return birth, role


def _edges_made(graph, rows, delayed, elders):
    """Sources, targets, events, weights of all edges the log made, and whether they are late.

    Those of the first rows, the elders, are not among them: the log starts with these.
    """
    op, flag = rows[:, h.EV_OP], rows[:, h.EV_FLAG]
    wanted = (op == codes.OP_EDGE) & (delayed | (flag < 0))
    plain = np.flatnonzero(np.isin(op, (codes.OP_NODE, codes.OP_REWIRE)) | wanted)
    plain = plain[plain >= elders]
    place, count = _payload(rows[plain])
    split = np.flatnonzero(op == codes.OP_SPLIT)
    new, u, v = (rows[split, column] for column in (h.EV_NODE, h.EV_A, h.EV_B))
    source = np.concatenate([graph._store.evp_id[place], u, new])
    target = np.concatenate([np.repeat(rows[plain, h.EV_NODE], count), new, v])
    event = np.concatenate([np.repeat(plain, count), split, split])
    held = rows[split, h.EV_OFFSET]  # of a split: first the edge out of the new node
    weight = graph._store.evp_w[np.concatenate([place, held + 1, held])]
    return source, target, event, weight, (op[event] == codes.OP_EDGE) & (flag[event] >= 0)


def _payload(rows):
    """Places in the log's pool of what belongs to some events, and how many each has."""
    count = rows[:, h.EV_COUNT]
    start = rows[:, h.EV_OFFSET] - np.cumsum(count) + count
    return np.arange(count.sum()) + np.repeat(start, count), count


def deaths(graph, history):
    """Events at which nodes and edges went, int64; past the end of the log for what is there.

    Returns
    -------
    nodes : ndarray [ids]
    edges : ndarray [edges ever made]
    """
    rows = GrowthLog(graph)._told()[0]
    end = rows.shape[0]
    nodes = np.full(history.birth.size, end)
    gone = np.flatnonzero(rows[:, h.EV_OP] == codes.OP_REMOVE_NODE)
    nodes[rows[gone, h.EV_NODE]] = gone
    source, target, late, event = _edges_cut(graph, rows)
    size, room = np.int64(history.birth.size), end + 2  # source, target, late, event as one number
    cut = np.sort(((source * size + target) * 2 + late) * room + event + 1)
    made = (history.source * size + history.target) * 2 + history.late
    made = made * room + history.event + 1
    next_cut = np.append(cut, -1)[np.searchsorted(cut, made, side="right")]
    edges = np.where(next_cut // room == made // room, next_cut % room - 1, end)
    ends = [edges, nodes[history.source], nodes[history.target], _rewired(rows, history)]
    return nodes, np.minimum.reduce(ends)


def _rewired(rows, history):
    """For each edge the event at which its target got other edges; those with a delay stay."""
    end = rows.shape[0]
    at = np.flatnonzero(rows[:, h.EV_OP] == codes.OP_REWIRE)
    room = end + 2
    cuts = np.sort(rows[at, h.EV_NODE] * room + at + 1)
    made = history.target * room + history.event + 1
    after = np.append(cuts, -1)[np.searchsorted(cuts, made, side="right")]
    gone = np.where(after // room == made // room, after % room - 1, end)
    return np.where(history.late, end, gone)


def _edges_cut(graph, rows):
    """Sources, targets, whether late, and events of edges removed by name, pruned or split."""
    op = rows[:, h.EV_OP]
    single = np.flatnonzero(np.isin(op, (codes.OP_REMOVE_EDGE, codes.OP_SPLIT)))
    split = op[single] == codes.OP_SPLIT
    target = rows[single, np.where(split, h.EV_B, h.EV_NODE)]
    pruned = np.flatnonzero(op == codes.OP_PRUNE)
    place, count = _payload(rows[pruned])
    return (
        np.concatenate([rows[single, h.EV_A], graph._store.evp_id[place]]),
        np.concatenate([target, np.repeat(rows[pruned, h.EV_NODE], count)]),
        np.concatenate([~split & (rows[single, h.EV_FLAG] > 0), np.zeros(place.size, bool)]),
        np.concatenate([single, np.repeat(pruned, count)]),
    )


def _contexts(rows):
    """A number for each run of events of the same step, sample, rule and tense node.

    What is built by hand has no rule: there each event stands for itself.
    """
    columns = [h.EV_CTX + c for c in (h.CTX_STEP, h.CTX_SAMPLE, h.CTX_NODE, h.CTX_RULE)]
    if rows.shape[0] == 0:
        return np.empty(0, np.int64)
    changed = (np.diff(rows[:, columns], axis=0) != 0).any(axis=1)
    changed |= rows[1:, h.EV_CTX + h.CTX_RULE] == 0
    return np.concatenate([[0], np.cumsum(changed)])


def _prelude(rows):
    """How many leading events have neither a step nor a sample."""
    timed = (rows[:, h.EV_CTX + h.CTX_STEP] > 0) | (rows[:, h.EV_CTX + h.CTX_SAMPLE] >= 0)
    return int(np.argmax(timed)) if timed.any() else rows.shape[0]
