"""Cases of the kernels that change structure; how to add one stands in tests/cases.py."""

import numpy as np

from growgraph import Graph
from growgraph.graph.store import Store
from growgraph.kernels import _handle as h
from growgraph.kernels import codes, status
from tests.cases import case
from tests.material import ids, node_of, packed, small_graph, uniform, with_room


# ---- order ------------------------------------------------------------------------------------
@case("order.listing")
def listing_in_order():
    graph = small_graph()
    return {"H": graph, "out": np.zeros(graph.n_nodes, np.int64)}


@case("order.skip_inputs")
def inputs_stand_first():
    return {"H": small_graph()}


@case("order.skip_inputs")
def nothing_but_inputs():
    graph = Graph()
    graph.add_inputs(3)
    return {"H": graph}


@case("order.skip_inputs")
def an_input_is_squashed():
    graph = Graph()
    graph.add_inputs(2)
    graph.add_inputs(1, activation="tanh")
    return {"H": graph}


@case("order.skip_inputs", -1)
def no_nodes():
    return {"H": Graph()}


# ---- reach ------------------------------------------------------------------------------------
@case("reach.readers")
def what_follows_from_a_hidden_node():
    graph = small_graph()
    return {"H": graph, "slot": graph._slot(5), "out": np.zeros(graph._store[h.N_SLOTS], np.uint8)}


# ---- store ------------------------------------------------------------------------------------
def new_nodes(graph, indptr, parents, count=3):
    graph._store.reserve(NODE_CAP=8, ID_CAP=8, POOL_CAP=64, SPOOL_CAP=64, EV_CAP=8, EVP_CAP=64)
    return {
        "H": graph,
        "kind": codes.MAX,
        "act": codes.RELU,
        "role": codes.ROLE_HIDDEN,
        "bias": uniform(count, seed=1),
        "p0": uniform(count, seed=2),
        "p1": uniform(count, seed=3),
        "indptr": ids(*indptr),
        "parents": ids(*parents),
        "weights": uniform(len(parents), seed=4),
    }


@case("store.add_nodes")
def nodes_that_read_each_other():
    graph = small_graph(record=True)
    new = graph._store[h.NEXT_ID]
    return new_nodes(graph, [0, 2, 2, 5], [0, 5, 3, new, new + 1])


@case("store.add_nodes")
def siblings_of_one_parent():
    return new_nodes(packed(small_graph()), [0, 1, 2, 3], [6, 6, 6])


@case("store.add_nodes", status.DEAD_ID)
def node_that_reads_a_younger_one():
    graph = small_graph(record=True)
    new = graph._store[h.NEXT_ID]
    return new_nodes(graph, [0, 1, 2, 3], [0, new, new + 2])


@case("store.add_nodes", status.DUPLICATE)
def node_that_reads_a_sibling_twice():
    graph = small_graph()
    new = graph._store[h.NEXT_ID]
    return new_nodes(graph, [0, 0, 2, 2], [new, new])


@case("store.add_nodes")
def nodes_that_read_the_same():
    """A bundle is found: the second and third read what the first reads, the fourth does not."""
    made = new_nodes(small_graph(record=True), [0, 2, 4, 6, 8], [3, 0, 3, 0, 3, 0, 0, 3], 4)
    return made


@case("store.add_nodes")
def node_that_reads_what_the_next_one_reads():
    graph = small_graph(record=True)
    graph.add_node([5, 0, 3])
    return new_nodes(with_room(graph), [0, 3], [5, 0, 3], 1)


def new_bundle(graph, parents):
    return new_nodes(graph, [], parents) | {"weights": uniform(3 * len(parents), seed=4)}


@case("store.add_nodes")
def bundle_of_three():
    return new_bundle(small_graph(record=True), [0, 3, 9, 6])


@case("store.add_nodes", status.DUPLICATE)
def bundle_that_reads_twice():
    return new_bundle(small_graph(), [0, 3, 0])


@case("store.add_nodes", status.DEAD_ID)
def bundle_that_reads_its_own():
    graph = small_graph()
    return new_bundle(graph, [0, graph._store[h.NEXT_ID]])


def split(graph, source, target):
    values = {"bias": np.float32(0.1), "w_in": np.float32(0.2), "w_out": np.float32(0.3)}
    return {"H": graph, "source": source, "target": target, "kind": 1, "act": 2, **values}


@case("store.split_edge")
def split_of_a_shared_block():
    return split(with_room(small_graph(record=True)), 2, 4)


@case("store.split_edge", status.NO_EDGE)
def split_of_nothing():
    return split(small_graph(), 4, 2)


@case("store.split_edge", status.DEAD_ID)
def split_at_a_removed_node():
    return split(small_graph(), 0, 8)


# ---- edges ------------------------------------------------------------------------------------
def loose_end(graph):
    """A node at the end of the order that could stand anywhere."""
    return graph.add_node(graph.add_inputs(1))


def new_edges(graph, target, sources):
    weights = uniform(len(sources), seed=6)
    return {"H": graph, "target": target, "sources": ids(*sources), "weights": weights}


@case("edges.add_edges")
def edges_that_reorder():
    graph = with_room(small_graph(record=True))
    sources = [7, loose_end(graph), loose_end(graph)]
    return new_edges(graph, node_of(graph, "sum"), sources)


@case("edges.add_edges", status.CYCLE)
def second_edge_closes_a_cycle():
    graph = with_room(small_graph(record=True))
    return new_edges(graph, node_of(graph, "sum"), [loose_end(graph), int(graph.outputs[0])])


@case("edges.add_edges", status.DUPLICATE)
def edge_that_is_there():
    return new_edges(small_graph(), 5, [0])


@case("edges.add_edges", status.SELF_LOOP)
def edge_to_itself():
    return new_edges(small_graph(), 5, [5])


@case("edges.add_edges", status.BAD_TARGET)
def edge_to_an_input():
    return new_edges(small_graph(), 1, [0])


@case("edges.add_edges", status.DEAD_ID)
def edge_from_a_removed_node():
    return new_edges(small_graph(), 5, [8])


@case("edges.add_delayed")
def delayed_edges():
    graph = small_graph(record=True)
    last = int(graph.outputs[1])
    return {**new_edges(graph, last, [last, 5, 0]), "flag": codes.RECURRENT}


@case("edges.add_delayed", status.DUPLICATE)
def delayed_edge_named_twice():
    return {**new_edges(small_graph(), 5, [0, 0]), "flag": codes.DELAYED}


def edge_groups(graph, targets, indptr, sources):
    made = new_edges(graph, 0, sources)
    del made["target"]
    return {**made, "targets": ids(*targets), "indptr": ids(*indptr)}


@case("edges.add_edge_groups")
def groups_of_edges():
    graph = with_room(small_graph(record=True))
    return edge_groups(graph, [5, 6, 7], [0, 1, 1, 3], [loose_end(graph), loose_end(graph), 4])


@case("edges.add_edge_groups", status.CYCLE)
def third_group_closes_a_cycle():
    graph = with_room(small_graph(record=True))
    sources = [loose_end(graph), loose_end(graph), int(graph.outputs[0])]
    return edge_groups(graph, [5, 6, 4], [0, 1, 2, 3], sources)


@case("edges.add_delayed_groups")
def groups_of_delayed_edges():
    graph = small_graph(record=True)
    return {**edge_groups(graph, [5, 6], [0, 1, 3], [5, 5, 6]), "flag": codes.DELAYED}


@case("edges.add_delayed_groups", status.BAD_TARGET)
def second_group_is_an_input():
    graph = small_graph(record=True)
    return {**edge_groups(graph, [5, 0], [0, 1, 3], [5, 5, 6]), "flag": codes.DELAYED}


# ---- rewire -----------------------------------------------------------------------------------
def other_edges(graph, node, sources):
    made = {"H": graph, "node": int(node), "sources": ids(*sources)}
    return made | {"weights": uniform(len(sources), seed=6), "bias": np.float32(0.75)}


@case("rewire.rewire")
def more_sources_than_before_some_behind_it():
    graph = small_graph(record=True)
    sources = [0, 7, loose_end(graph), 1, 2]
    return other_edges(with_room(graph), node_of(graph, "sum"), sources)


@case("rewire.rewire")
def fewer_sources_in_a_shared_list():
    return other_edges(with_room(small_graph(record=True)), 4, [1])


@case("rewire.rewire")
def no_sources_at_all():
    return other_edges(with_room(small_graph()), 5, [])


@case("rewire.rewire")
def the_same_sources_in_another_sequence():
    graph = with_room(small_graph(record=True))
    return other_edges(graph, 5, graph.sources(5)[0][::-1].tolist())


@case("rewire.rewire", status.CYCLE)
def second_source_follows_from_the_node():
    graph = small_graph(record=True)
    sources = [loose_end(graph), int(graph.outputs[0])]
    return other_edges(with_room(graph), node_of(graph, "sum"), sources)


@case("rewire.rewire", status.DUPLICATE)
def source_named_twice():
    return other_edges(small_graph(), 5, [0, 1, 0])


@case("rewire.rewire", status.SELF_LOOP)
def node_that_would_read_itself():
    return other_edges(small_graph(), 5, [0, 5])


@case("rewire.rewire", status.BAD_TARGET)
def input_that_would_read():
    return other_edges(small_graph(), 1, [0])


@case("rewire.rewire", status.DEAD_ID)
def source_that_was_removed():
    return other_edges(small_graph(), 5, [0, 8])


@case("rewire.rewire_again")
def rewirings_of_a_log():
    graph = with_room(small_graph())
    nodes, sources = [5, node_of(graph, "sum"), 5], [[0, 7], [], [1, 2, 7, 0]]
    rows, at = np.zeros((3, h.EV_WIDTH), np.int64), 100
    for row, node, some in zip(rows, nodes, sources, strict=True):
        row[[h.EV_OP, h.EV_NODE, h.EV_OFFSET, h.EV_COUNT]] = codes.OP_REWIRE, node, at, len(some)
        at += len(some)
    return {
        "H": graph,
        "rows": rows,
        "biases": uniform(3, seed=7),
        "first": 100,
        "parents": ids(*(i for some in sources for i in some)),
        "weights": uniform(at - 100, seed=8),
    }


# ---- cut --------------------------------------------------------------------------------------
def cut_edge(graph, source, target, delayed=0):
    return {"H": graph, "source": int(source), "target": int(target), "delayed": delayed}


@case("cut.remove_edge")
def edge_of_a_bundle():
    return cut_edge(with_room(small_graph(record=True)), 1, 4)


@case("cut.remove_edge")
def edge_of_a_gate():
    graph = with_room(small_graph(record=True))
    return cut_edge(graph, 0, node_of(graph, "gate"))


@case("cut.remove_edge")
def edge_with_a_delay():
    graph = small_graph(record=True)
    target = int(graph.edges()["target"][graph.edges()["delay"] == 1][0])
    return cut_edge(graph, graph.delayed_sources(target)[0][0], target, 1)


@case("cut.remove_edge", status.NO_EDGE)
def edge_that_is_not_there():
    return cut_edge(small_graph(), 5, 4)


@case("cut.remove_edge", status.DEAD_ID)
def edge_to_nobody():
    return cut_edge(small_graph(), 5, -3)


@case("cut.remove_nodes")
def nodes_that_many_read():
    graph = with_room(small_graph(record=True))
    return {"H": graph, "nodes": ids(5, 0, int(graph.outputs[0]), node_of(graph, "gate"))}


@case("cut.remove_nodes", status.DEAD_ID)
def node_named_twice():
    return {"H": small_graph(record=True), "nodes": ids(5, 6, 5)}


@case("cut.prune")
def weak_edges():
    return {"H": with_room(small_graph(record=True)), "threshold": np.float32(0.4)}


@case("cut.prune")
def no_edge_is_weak_enough():
    return {"H": small_graph(record=True), "threshold": np.float32(0)}


@case("cut.pack")
def pack_a_grown_graph():
    graph = small_graph(record=True)
    by_node = dict.fromkeys(("NODE_CAP", "DNODE_CAP", "DPOOL_CAP", "ID_CAP"), 64)
    fresh = Store({**by_node, "POOL_CAP": 256, "SPOOL_CAP": 256})
    fresh.slot_of[:] = -1
    return {"H": graph, "F": fresh}
