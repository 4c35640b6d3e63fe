"""Each rule on a task where it is the right answer, and silent where it is not."""

import numpy as np
import pytest

from growgraph import Graph, GrowthController, GrowthLog
from growgraph.errors import GraphError
from growgraph.growth import (
    InsertNode,
    InsertPath,
    NewNode,
    Proposal,
    PruneWeak,
    Rule,
    Situation,
    SplitEdge,
    rules,
)
from growgraph.growth.rules import best_of, rehearse
from tests.growth.tasks import XOR, learn_and_grow, samples, worst, xor_graph


def reader(n_inputs=2, reads=(0,), weights=0.1):
    """Inputs and one output that reads some of them."""
    graph = Graph()
    x = graph.add_inputs(n_inputs)
    graph.add_outputs(1, sources=x[list(reads)], weights=weights)
    return graph


def operations(graph):
    return GrowthLog(graph).table()["operation"].tolist()


# ---- rehearsal ----------------------------------------------------------------------------------
def left_over(basis, wanted):
    """Energy of ``wanted`` that a least-squares fit by ``basis`` and a constant leaves."""
    A = np.hstack([np.ones((len(wanted), 1)), basis])
    rest = wanted - A @ np.linalg.lstsq(A, wanted, rcond=None)[0]
    return rest @ rest


def test_gain_is_the_share_that_a_fit_with_the_feature_takes_away():
    rng = np.random.default_rng(0)
    basis, features = rng.standard_normal((40, 3)), rng.standard_normal((40, 5))
    wanted = rng.standard_normal(40)
    gain, ease, weight = rehearse(basis, features, wanted)
    before = left_over(basis, wanted)
    for j in range(5):
        drop = before - left_over(np.hstack([basis, features[:, [j]]]), wanted)
        assert gain[j] == pytest.approx(drop / (wanted @ wanted), rel=1e-9)
        f = features[:, j]
        assert ease[j] == pytest.approx(left_over(basis, f) / (f @ f), rel=1e-9)
        assert weight[j] == pytest.approx(wanted @ f / (f @ f), rel=1e-9)
        assert ((wanted - weight[j] * f) ** 2).sum() <= wanted @ wanted


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_what_the_node_reads_already_is_no_gain_however_often_it_reads_it(scale):
    rng = np.random.default_rng(0)
    a, b, c = rng.standard_normal((3, 40))
    basis = np.stack([a, a, np.zeros(40), np.full(40, 2.0), a + 1, scale * b], axis=1)
    wanted = 2 * b + c
    gain, ease, _ = rehearse(basis, np.stack([b, a - 3 * b, c], axis=1), wanted)
    assert gain[:2] == pytest.approx(0, abs=1e-9)
    assert ease[:2] == pytest.approx(0, abs=1e-9)
    known = np.stack([a, b], axis=1)
    drop = left_over(known, wanted) - left_over(np.column_stack([known, c]), wanted)
    assert gain[2] == pytest.approx(drop / (wanted @ wanted), rel=1e-6)


@pytest.fixture
def told(monkeypatch):
    """Say which shares a rehearsal tells of, and with it which of them best_of takes."""

    def taken(gain, ease, relief):
        weight = np.array(relief, float)  # what is wanted and the features are such that it is it
        shares = np.array(gain, float), np.array(ease, float), weight
        monkeypatch.setattr(rules, "rehearse", lambda *_: shares)
        best, *others = best_of(None, np.ones((1, weight.size)), np.ones(1))
        np.testing.assert_array_equal(others, [shares[0][best], weight[best]])
        return best

    return taken


def test_of_equal_gains_the_easiest_is_taken(told):
    assert told([1.0, 0.99, 0.9, 0.0], [0.2, 0.5, 0.9, 1.0], [0.9, 0.1, 0.9, 1.0]) == 1


@pytest.mark.parametrize("seed", range(5))
def test_of_equally_easy_ones_the_first_that_relieves_most_is_taken_whatever_the_rounding(
    told, seed
):
    shares = np.array([[0.7] * 6, [0.25] * 6, [0, 0.1, 0.3, 0.3, 0.3, 0.2]])
    assert told(*shares + 1e-10 * np.random.default_rng(seed).uniform(-1, 1, (3, 6))) == 2
    shares[2, 4] += 1e-7  # that is more than rounding
    assert told(*shares) == 4


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_what_relieves_is_told_by_the_share_that_goes_not_by_the_weight(scale):
    """Two features say the same beside a constant, and are as new; what is wanted has a mean."""
    quiet = np.array([0, 0, 0, 1.0])
    loud = 0.01 * np.array([-0.5, -0.5, -0.5, 0.5])  # its weight is the larger one by far
    both, nothing = np.stack([loud, quiet], axis=1), np.zeros((4, 0))
    for mean, best, weight in ((0.5, 1, 2.0), (-0.5, 0, 200.0)):
        wanted = scale * (mean + np.array([-0.5, -0.5, -0.5, 1.5]))
        gain, ease, weights = rehearse(nothing, both, wanted)
        assert gain[0] == pytest.approx(gain[1])
        assert ease[0] == pytest.approx(ease[1])
        assert abs(weights[0]) > 10 * abs(weights[1])
        assert best_of(nothing, both, wanted) == (best, gain[best], pytest.approx(scale * weight))


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_of_copies_the_first_is_taken_however_much_is_wanted(scale):
    rng = np.random.default_rng(0)
    one = rng.standard_normal((20, 1))
    copies = one * rng.uniform(0.1, 3, 50)
    assert best_of(np.zeros((20, 0)), copies, scale * (1 + one[:, 0] ** 3))[0] == 0


def test_gains_that_are_no_numbers_are_answered_by_any(told):
    nothing = [np.nan] * 3
    assert told(nothing, nothing, nothing) == 0


# ---- insert a node ------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(10))
def test_xor_is_solved_and_the_log_names_the_cause(seed):
    graph = xor_graph(seed)
    learn_and_grow(graph, GrowthController(random_state=seed), *XOR, 200)
    assert worst(graph, *XOR) < 0.1
    assert graph.n_nodes == 4
    why = GrowthLog(graph).why(3)
    assert why.startswith(
        "node 3 (hidden, sum) was grown by InsertNode from nodes 0, 1 because of lasting tension "
        "at node 2: 0."
    )
    assert why.endswith("(it paid off)")


def test_xor_is_solved_from_a_hundred_seeds_in_fifty_steps():
    failed = []
    for seed in range(100):
        graph = xor_graph(seed)
        learn_and_grow(graph, GrowthController(random_state=1000 + seed), *XOR, 50)
        if worst(graph, *XOR) >= 0.1:
            failed.append(seed)
    assert failed == []


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_a_newborn_speaks_as_loudly_whatever_the_units(scale):
    graph, X = reader(2, (0, 1)), scale * samples(80, 2)
    controller = GrowthController([InsertNode()], patience=2, min_gain=0.0, random_state=0)
    while not (born := controller.step(graph, X, np.abs(X[:, 0]) / scale)):
        pass
    at = int(np.flatnonzero(graph.nodes == born[0])[0])
    assert np.sqrt((graph.activities(X)[:, at] ** 2).mean()) == pytest.approx(1, rel=1e-4)


def test_insert_node_reads_at_most_its_fan_in_and_what_tells_most():
    graph = reader(50, range(50), weights=0.0)
    X = samples(200, 50)
    controller = GrowthController([InsertNode(fan_in=4)], patience=1, random_state=0)
    target = np.abs(X[:, 7]) + X[:, 7] + X[:, 3]
    while not (born := controller.step(graph, X, target)):
        pass
    sources = graph.sources(born[0])[0]
    assert sources.size == 4
    assert {3, 7} <= set(sources.tolist())


# ---- split an edge ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("activation", "bend"),
    [
        ("abs", lambda x: np.abs(x - 0.2)),
        ("square", lambda x: (x + 0.1) ** 2),
        ("tanh", lambda x: np.tanh(3 * x)),
    ],
)
def test_split_edge_is_right_where_the_answer_is_a_bend_of_one_input(activation, bend):
    graph, X = reader(2, (0, 1)), samples(80, 2)
    X[:, 1] -= X[:, 1].mean()
    T = bend(3 * X[:, 1]) + 0.5 * X[:, 0]
    before = left_over(X, T) / 80
    rule = SplitEdge(activation)
    learn_and_grow(graph, GrowthController([rule], random_state=0, budget=1), X, T, 60, lr=0.3)
    assert operations(graph) == ["split"]
    assert graph.sources(3)[0].tolist() == [1]
    assert graph.sources(2)[0].tolist() == [0, 3]
    assert graph.node(3)["activation"] == activation
    assert ((graph.forward(X)[:, 0] - T) ** 2).mean() < 0.5 * before


def test_split_edge_leaves_alone_what_is_straight():
    graph, X = reader(2, (0, 1), 0.0), samples(80, 2)
    noise = np.random.default_rng(1).standard_normal(80)
    learn_and_grow(graph, GrowthController([SplitEdge()]), X, X.sum(axis=1) + noise, 40, lr=0.1)
    assert "split" not in operations(graph)


# ---- add a path ---------------------------------------------------------------------------------
def test_insert_path_is_right_where_an_input_is_not_read():
    graph, X = reader(5), samples(60, 5)
    T = X[:, 0] - 2 * X[:, 3]
    learn_and_grow(graph, GrowthController([InsertPath()]), X, T, 60, lr=0.5)
    assert operations(graph) == ["edge"]
    assert graph.sources(5)[0].tolist() == [0, 3]
    assert worst(graph, X, T) < 0.05


def test_insert_path_reads_hidden_nodes_and_never_closes_a_cycle():
    graph = Graph()
    x = graph.add_inputs(1)
    bend = graph.add_node(x, activation="abs")
    y = graph.add_outputs(1, sources=x)[0]
    behind = graph.add_node([y], activation="square")
    X = samples(60, 1)
    learn_and_grow(graph, GrowthController([InsertPath()]), X, np.abs(X), 60, lr=0.5)
    assert graph.sources(y)[0].tolist() == [0, bend]
    assert graph.sources(behind)[0].tolist() == [y]
    assert worst(graph, X, np.abs(X)) < 0.05


# ---- prune --------------------------------------------------------------------------------------
def test_prune_weak_is_right_where_edges_move_nothing():
    graph, X = reader(6, range(6), [[1.0, 1e-4, -1.0, 0.0, 2.0, 5.0]]), samples(60, 6)
    X[:, 5] = 3.0  # a loud edge that says always the same
    T = X[:, 0] + np.random.default_rng(0).standard_normal(60)
    answer = graph.forward(X - np.array([0, 0, 0, 0, 0, 3.0]))
    controller = GrowthController([PruneWeak()], patience=2)
    assert not any(controller.step(graph, X, T) for _ in range(6))
    assert sorted(graph.sources(6)[0].tolist()) == [0, 2, 4]
    assert operations(graph) == ["remove edge"] * 3
    assert graph.forward(X) == pytest.approx(answer, abs=1e-3)


def test_prune_weak_keeps_a_node_that_hears_one_voice():
    graph = reader(1, (0,), 0.0)
    controller = GrowthController([PruneWeak()], patience=1)
    for _ in range(5):
        controller.step(graph, samples(9, 1), np.ones(9))
    assert graph.n_edges == 1


# ---- what a rule reads ---------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(4))
def test_candidates_are_all_that_do_not_follow_from_the_node(seed):
    rng = np.random.default_rng(seed)
    graph = Graph.random_dag(60, 3, n_outputs=4, random_state=seed)
    graph.remove_nodes(rng.choice(graph.nodes[5:50], 6, replace=False))
    reads = {int(v): set(graph.sources(v)[0].tolist()) for v in graph.nodes}
    for node in rng.choice(graph.nodes[3:], 12, replace=False).tolist():
        follows = {node}
        for v in graph.order().tolist():
            if reads[v] & follows:
                follows.add(v)
        situation = Situation(graph, node, None, None, None)
        wanted = [v for v in graph.order().tolist() if v not in follows | set(graph.outputs)]
        assert situation.candidates().tolist() == wanted
        assert situation.candidates() is situation.candidates()


def test_activity_is_by_id_and_cannot_be_changed():
    seen = []

    class Look(Rule):
        def propose(self, situation):
            seen.append(situation)
            with pytest.raises(ValueError, match="read-only"):
                situation.strip[0] = 1
            return []

    graph, X = reader(3, (0, 1, 2)), samples(20, 3)
    graph.remove_node(1)
    X = X[:, :2]
    late = graph.add_node([0], activation="abs")
    controller = GrowthController([Look()], patience=1)
    for _ in range(2):
        controller.step(graph, X, np.ones(20))
    x = seen[0].activity([late, 2, 0])
    assert (x.dtype, x.shape) == (np.float32, (20, 3))
    assert x.tolist() == graph.forward(X, outputs=[late, 2, 0]).tolist()
    assert seen[0].activity([]).shape == (20, 0)
    with pytest.raises(GraphError, match="node 1 was removed"):
        seen[0].activity([1])


# ---- all ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("rule", [InsertNode(), SplitEdge(), InsertPath(), PruneWeak(0.9)])
@pytest.mark.parametrize("kind", ["mean", "max", "product", "gate", "match"])
def test_rules_are_silent_where_a_rehearsed_gain_does_not_hold(rule, kind):
    graph = Graph()
    x = graph.add_inputs(3)
    options = {"p0": 1.0} if kind == "match" else {}
    graph.add_outputs(1, sources=x[:2], kind=kind, weights=[[1.0, 0.01]], **options)
    before = graph.copy()
    controller = GrowthController([rule])
    assert not any(controller.step(graph, samples(30, 3), np.full(30, 9.0)) for _ in range(10))
    assert graph == before


@pytest.mark.parametrize("rule", [InsertNode(), SplitEdge(), InsertPath(), PruneWeak()])
@pytest.mark.parametrize("X", [np.ones((1, 3)), np.ones((7, 3)), np.zeros((7, 3))])
def test_rules_bear_samples_that_tell_nothing(rule, X):
    graph = reader(3, (0, 1))
    controller = GrowthController([rule], patience=1)
    for _ in range(5):
        controller.step(graph, X, np.full(len(X), 5.0))
    graph.check()
    assert graph.n_nodes == 4


class ReadProduct(Rule):
    """A rule of one's own: the product of the two inputs that miss most together."""

    def propose(self, situation):
        inputs, r = situation.graph.inputs, situation.missing
        x = situation.activity(inputs)
        a, b = np.triu_indices(inputs.size, 1)
        gain = (r @ (x[:, a] * x[:, b])) ** 2 / (((x[:, a] * x[:, b]) ** 2).sum(0) * (r @ r))
        i = int(np.argmax(gain))
        node = NewNode((int(inputs[a[i]]), int(inputs[b[i]])), (1.0, 1.0), kind="product")
        return [Proposal(float(gain[i]), (node,), ((-1, situation.node, 0.0),))]


def test_a_rule_of_ones_own():
    graph, X = reader(4, range(4), 0.0), samples(80, 4)
    T = X[:, 1] * X[:, 3] + X[:, 0]
    learn_and_grow(graph, GrowthController([InsertPath(), ReadProduct()]), X, T, 60, lr=0.5)
    assert "grown by ReadProduct from nodes 1, 3" in GrowthLog(graph).why(5)
    assert worst(graph, X, T) < 0.05


def test_a_rule_must_say_what_it_proposes():
    with pytest.raises(NotImplementedError):
        Rule().propose(None)
