"""Cases of the kernels that push; how to add one stands in tests/cases.py."""

import numpy as np

from growgraph.graph.sparse import Mirror
from growgraph.graph.store import aligned
from growgraph.kernels import _handle as h
from growgraph.kernels import push
from tests.cases import case
from tests.material import packed, slots, small_graph, uniform


def ranked(graph):
    """Arguments of rank_nodes."""
    n, n_slots = graph.n_nodes, graph._store[h.N_SLOTS]
    ranks = {"slot_at": np.zeros(n, np.uint32), "rank_of": np.zeros(n_slots, np.uint32)}
    quiet, ends = np.zeros((2, n), np.float32), np.zeros(n + 1, np.int64)
    return {"H": graph, **ranks, "quiet": quiet, "out_start": ends}


@case("push.rank_nodes")
def ranks_of_a_grown_graph():
    return ranked(small_graph())


def listed(graph, places):
    """Arguments of list_readers."""
    made = ranked(graph)
    push.rank_nodes(graph._store.H, *list(made.values())[1:])
    del made["quiet"]
    n = int(made["out_start"][-1])
    return {**made, "out_target": np.zeros(n, np.uint32), "out_place": np.zeros(n, places)}


@case("push.list_readers")
def readers_in_a_grown_graph():
    return listed(small_graph(), np.uint32)


@case("push.list_readers")
def places_that_need_64_bits():
    return listed(packed(small_graph()), np.uint64)


def pushed(graph, columns, x, outputs=None, *, places=np.uint32):
    """Arguments of forward_sparse for the columns named."""
    mirror = Mirror(graph._store.view())
    wanted = slots(graph, graph.outputs if outputs is None else outputs)
    fed = slots(graph, graph.inputs[columns])
    names = ("slot_at", "quiet", "out_start", "out_target")
    return {
        "H": graph,
        "ranks": mirror.rank_of[fed],
        "x": np.array(x, np.float32),
        "outputs": wanted,
        "end": int(mirror.rank_of[wanted].max()) + 1,
        **{name: getattr(mirror, name) for name in names},
        "out_place": mirror.out_place.astype(places),
        "total": uniform(graph.n_nodes, seed=1),
        "V": aligned((graph._store[h.N_SLOTS], 1)) + np.float32(7),
        "y": np.zeros(wanted.size, np.float32),
    }


@case("push.forward_sparse")
def two_inputs_have_a_value():
    return pushed(small_graph(), [2, 0], [0.7, -1.1])


@case("push.forward_sparse")
def no_input_has_a_value():
    return pushed(small_graph(), [], [])


@case("push.forward_sparse")
def the_first_node_that_sums_is_asked_for():
    return pushed(packed(small_graph()), [0, 1, 3], [1.0, 0.0, -0.5], outputs=[5])


@case("push.forward_sparse")
def pushed_over_64_bits():
    return pushed(packed(small_graph()), [1, 3], [2.0, -0.25], places=np.uint64)
