"""Cases of kernels/cluster.py; how a case is made stands in tests/cases.py."""

import numpy as np

from growgraph import Graph
from growgraph.kernels import cluster
from tests.cases import case
from tests.material import slots, uniform


def a_stream(n=20, *, d=37, concepts=5, ctl=(0, 90, 0), counts=3, **settings):
    """Arguments of a pass: match nodes over d inputs, among other nodes, and samples near them."""
    graph = Graph()
    x = graph.add_inputs(d)
    graph.add_node(x[:2])
    W = uniform(concepts, d, seed=1)
    ids = np.empty(0, np.int64)
    if concepts:
        ids = graph.add_nodes(concepts, kind="match", p0=1, sources=x, weights=W)
    near = W[np.arange(n) * 3 % concepts] if concepts else np.zeros((n, d), np.float32)
    par = np.zeros(cluster.PAR_SIZE)
    values = {"RATE": 0.5, "MOST": 100, "ROOM": 1, "VIGILANCE": 50.0} | settings
    for name, value in values.items():
        par[getattr(cluster, name)] = value
    return {
        "H": graph, "X": near + 0.3 * uniform(n, d, seed=2), "nodes": slots(graph, ids),
        "ctl": np.array(ctl), "par": par, "counts": np.full(concepts, counts),
        "seen": np.zeros(concepts, np.int64),
    }  # fmt: skip


@case("cluster.learn")
def all_is_familiar():
    return a_stream()


@case("cluster.learn", cluster.DONE)
def of_equally_near_the_first_learns():
    made = a_stream(concepts=2)
    first, second = (int(i) for i in made["H"]._store.id_of[made["nodes"]])
    made["H"].set_weights(second, made["H"].weights(first))
    return made


@case("cluster.learn", cluster.DONE)
def fewer_columns_than_lanes():
    return a_stream(d=3)


@case("cluster.learn", cluster.TELL)
def a_concept_meets_its_second_sample():
    return a_stream(counts=1, ctl=(4, 90, 0))


@case("cluster.learn", cluster.GROW)
def the_first_sample_of_all():
    return a_stream(concepts=0, ctl=(0, 0, 0), VIGILANCE=0.0)


@case("cluster.learn", cluster.GROW)
def in_infancy_all_is_new():
    return a_stream(ctl=(0, 7, 0), VIGILANCE=0.4)


@case("cluster.learn", cluster.GROW)
def a_sample_beyond_the_vigilance():
    made = a_stream(VIGILANCE=2.0, d=80)
    made["X"][6] += 2
    return made


@case("cluster.learn", cluster.GROW)
def the_first_difference_after_much_repetition():
    return a_stream(VIGILANCE=0.0)


@case("cluster.learn", cluster.DONE)
def no_room():
    return a_stream(ROOM=0, VIGILANCE=1e-3)


@case("cluster.learn", cluster.DONE)
def as_many_as_may_be():
    return a_stream(MOST=5, VIGILANCE=1e-3)


@case("cluster.learn", cluster.DONE)
def nothing_but_repetition():
    made = a_stream(ctl=(0, 3, 0), VIGILANCE=0.4)
    made["X"][:] = made["X"][0]
    graph, first = made["H"], int(made["H"]._store.id_of[made["nodes"][2]])
    graph.set_weights(first, made["X"][0])
    return made
