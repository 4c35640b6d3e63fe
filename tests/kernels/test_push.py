"""Push: every kind and activation, what is passed over, and only the edges of active nodes."""

import numpy as np
import pytest

from growgraph import Graph
from growgraph.graph.sparse import Mirror
from growgraph.graph.store import aligned
from growgraph.kernels import _handle as h
from growgraph.kernels import codes, push, single
from tests.kernels.contract import check_close
from tests.material import packed, slots, small_graph, uniform
from tests.naive import propagate as naive
from tests.naive.activation import activate
from tests.naive.model import Model

silence = getattr(push.silence, "py_func", push.silence)  # compiled it has no door for Python
KINDS = sorted(set(codes.KINDS) - {"input"})
ACTIVATIONS = sorted(codes.ACTIVATIONS)
CLIP = {"p0": 0.25, "p1": 0.5}


def every_node(kind):
    """Inputs of every activation; they are read by "sum" nodes, and these by nodes of a kind."""
    graph = Graph()
    acts = [act for act in ACTIVATIONS if act != "log"]  # -inf at 0 would hide what follows
    x = [graph.add_inputs(1, activation=act, **CLIP)[0] for act in acts]
    first = []
    for number, act in enumerate(ACTIVATIONS):
        for bias in (-0.4, 0.0, 0.3):
            sources = np.roll(x, number)[:5]
            weights = uniform(1, 5, seed=number, low=0.2, high=1.5)
            node = graph.add_node(sources, weights, activation=act, bias=bias, **CLIP)
            first.append(node)
    for number, act in enumerate(ACTIVATIONS):
        if act == "clip" and kind in ("match", "cosine"):
            continue
        k = number % 6
        bounds = CLIP if act == "clip" else {"p0": 1.25, "p1": 0.5}
        weights = uniform(1, k, seed=number, low=0.2, high=1.0)
        graph.add_outputs(1, kind=kind, activation=act, sources=first[number : number + k],
                          weights=weights, bias=0.3, **bounds)  # fmt: skip
    return graph


def pushed(graph, columns, x, mirror=None, end=None):
    """Activities by slot, pushed; scratch starts as NaN."""
    mirror = mirror or Mirror(graph._store.view())
    V, total = aligned((graph._store[h.N_SLOTS], 1)), aligned((graph.n_nodes,))
    V[:], total[:] = np.nan, np.nan
    ranks = mirror.rank_of[slots(graph, graph.inputs[columns])]
    end = graph.n_nodes if end is None else end
    with np.errstate(all="ignore"):
        push.forward_sparse(
            graph._store.H, ranks, np.array(x, np.float32), np.empty(0, np.int32), end,
            mirror.slot_at, mirror.quiet, mirror.out_start, mirror.out_target, mirror.out_place,
            total, V, np.empty(0, np.float32),
        )  # fmt: skip
    return V[:, 0]


def pulled(graph, columns, x):
    """Activities by slot, by forward_one."""
    V, given = aligned((graph._store[h.N_SLOTS], 1)), np.zeros(graph.inputs.size, np.float32)
    given[columns] = x
    none, y = np.empty(0, np.int32), np.empty(0, np.float32)
    with np.errstate(all="ignore"):
        head = graph._store[h.HEAD]
        single.forward_one(
            graph._store.H, given, slots(graph, graph.inputs), none, V, V[:0], y, head
        )
    return V[:, 0]


def twin(graph, columns, x):
    """Activities by slot, by the slow twin."""
    V = np.zeros((graph._store[h.N_SLOTS], 1))
    V[slots(graph, graph.inputs[columns]), 0] = np.array(x, np.float32)
    naive.sweep(Model.of(graph._store), V, [])
    return V[:, 0]


SAMPLES = [([], []), ([3], [0.5]), ([18, 0, 7], [-1.0, 0.0, 2.0]), ([5, 6], [-0.0, 1e-30])]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_with_every_activation(kind):
    graph = every_node(kind)
    samples = [*SAMPLES, (list(range(19)), uniform(19, seed=8, low=-2, high=2))]
    for columns, x in samples:
        exact = twin(graph, columns, x)
        tame = np.abs(exact) < 100  # 1/x near 0 magnifies what float32 rounds
        assert tame.mean() > 0.9
        check_close(kind, pushed(graph, columns, x)[tame], exact[tame])


@pytest.mark.parametrize("graph", [small_graph(), packed(small_graph())], ids=["grown", "packed"])
def test_agrees_with_the_pull(graph):
    for columns, x in (([], []), ([1], [2.0]), ([3, 0], [-1.5, 0.25]), ([0, 1, 2, 3], uniform(4))):
        exact = pulled(graph, columns, x)
        living = slots(graph, graph.nodes)
        check_close("activities", pushed(graph, columns, x)[living], exact[living])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_quiet_sum_makes_exactly_zero(name):
    """And the first sum above does not, so that nothing is passed over by mistake."""
    act = codes.ACTIVATIONS[name]
    least, most = silence(codes.SUM, act)
    assert (least, most) == silence(codes.INPUT, act)
    for p0, p1 in ((0.0, 0.0), (0.25, 0.5), (-2.0, -1.0)):
        p0, p1 = np.float32(p0), np.float32(p1)
        for s in (least, most, np.float32(-3), np.float32(-1e-45), -np.float32(0), np.float32(0)):
            if least <= s <= most:
                assert activate(act, s, p0, p1) == 0
    if name == "step":
        assert not least <= 0 <= most
        assert least <= np.nextafter(np.float32(0), np.float32(-1)) <= most


def test_what_is_never_known_to_be_silent():
    for kind in codes.KINDS.values():
        least, most = silence(kind, codes.RELU)
        assert (least <= most) == (kind in (codes.SUM, codes.INPUT))
    for name in ("sigmoid", "softplus", "gauss", "hat", "exp", "log", "sign", "clip"):
        least, most = silence(codes.SUM, codes.ACTIVATIONS[name])
        assert least > most


def chain(n=70):
    """Nodes in one row, so that each is called up within a block that was begun before."""
    graph = Graph()
    last = graph.add_inputs(1)[0]
    for number in range(n):
        last = graph.add_node([last], -1.0 if number % 3 else 1.0, activation="leaky", bias=0.0)
    return graph


def test_what_wakes_within_its_own_block_is_computed():
    graph = chain()
    exact = pulled(graph, [0], [1.0])
    assert np.count_nonzero(exact) > 60
    check_close("chain", pushed(graph, [0], [1.0]), exact)
    assert not pushed(graph, [], []).any()


@pytest.mark.parametrize("end", [1, 15, 16, 17, 40])
def test_nothing_behind_the_end_is_computed(end):
    graph = chain()
    V = pushed(graph, [0], [1.0], end=end)
    order = slots(graph, graph.order())
    assert np.count_nonzero(V[order[:end]]) == np.count_nonzero(
        pulled(graph, [0], [1])[order[:end]]
    )
    assert not V[order[end:]].any()


def test_only_edges_of_active_nodes_are_read():
    """Weights of all others become NaN, and no answer does."""
    graph = Graph.random_dag(400, 8, n_inputs=100, activation="relu", random_state=3)
    graph.set_nodes(np.setdiff1d(graph.nodes, graph.inputs), bias=-0.3)
    columns, x = [4, 50], [3.0, -2.0]
    expected, store = pulled(graph, columns, x), graph._store
    mirror = Mirror(store.view())
    silent = np.flatnonzero(expected[mirror.slot_at.astype(np.int64)] == 0)
    for rank in silent:
        at = slice(*mirror.out_start[rank : rank + 2])
        store.w[mirror.out_place[at].astype(np.int64)] = np.nan
    V = pushed(graph, columns, x, mirror)
    check_close("activities", V, expected)
    assert np.isnan(store.w[: store[h.POOL_USED]]).mean() > 0.5
    assert np.count_nonzero(expected) > 5


@pytest.mark.parametrize("x", [np.nan, np.inf, -np.inf, 3e38])
def test_nan_and_infinity_go_where_they_go_in_a_pull(x):
    for graph in (small_graph(), Graph.random_dag(200, 6, activation="relu", random_state=1)):
        got, expected = pushed(graph, [1], [x]), pulled(graph, [1], [x])
        living = slots(graph, graph.nodes)
        np.testing.assert_array_equal(np.isfinite(got[living]), np.isfinite(expected[living]))
        np.testing.assert_array_equal(np.isnan(got[living]), np.isnan(expected[living]))


def test_the_mirror_lists_every_edge_into_a_sum():
    for graph in (small_graph(), packed(small_graph())):
        store, mirror = graph._store, Mirror(graph._store.view())
        source = np.repeat(np.arange(graph.n_nodes), np.diff(mirror.out_start))
        id_at = store.id_of[mirror.slot_at.astype(np.int64)]
        target = id_at[mirror.out_target.astype(np.int64)]
        listed = zip(id_at[source], target, store.w[mirror.out_place.astype(np.int64)])
        there = {(e["source"], e["target"], e["weight"]) for e in graph.edges() if not e["delay"]}
        sums = {(u, v, w) for u, v, w in there if graph.node(v)["kind"] == "sum"}
        assert set(listed) == sums
        assert target.size == len(sums)
        np.testing.assert_array_equal(id_at, graph.order())


def test_wide_places_give_the_same_bits():
    graph = packed(small_graph())
    mirror = Mirror(graph._store.view())
    narrow = pushed(graph, [0, 2], [1.0, -0.5], mirror)
    mirror.out_place = mirror.out_place.astype(np.uint64)
    np.testing.assert_array_equal(pushed(graph, [0, 2], [1.0, -0.5], mirror), narrow)
