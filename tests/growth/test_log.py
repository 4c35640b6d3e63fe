"""The log holds what the store did, in words a reader can use."""

import numpy as np
import pytest

from growgraph import Graph, GrowthController, GrowthLog
from growgraph.errors import GraphError
from growgraph.growth import NewNode, Proposal
from tests.material import small_graph


def recorded():
    graph = Graph()
    graph.record()
    return graph


def operations(graph):
    return GrowthLog(graph).table()["operation"].tolist()


def test_a_graph_that_does_not_record_has_no_log():
    with pytest.raises(GraphError, match=r"call graph\.record\(\)"):
        GrowthLog(Graph())


def test_each_change_of_structure_is_an_event():
    graph = recorded()
    x = graph.add_inputs(2)
    a = graph.add_node(x)
    y = graph.add_outputs(1, sources=[a])[0]
    graph.connect(x, [y])
    graph.add_edge(y, a, delay=1)
    middle = graph.split_edge(a, y)
    graph.remove_edge(x[0], y)
    graph.remove_edge(y, a, delay=1)
    graph.set_weight(x[1], y, 1e-9)
    graph.prune(1e-6)
    graph.remove_nodes([middle, a])
    table = GrowthLog(graph).table()
    told = list(zip(table["operation"].tolist(), table["node"].tolist(), table["n_parents"]))
    assert told == [
        ("node", 0, 0), ("node", 1, 0), ("node", 2, 2), ("node", 3, 1), ("edge", 3, 2),
        ("edge", 2, 1), ("split", 4, 2), ("remove edge", 3, 0), ("remove edge", 2, 0),
        ("prune", 3, 1), ("remove node", 4, 0), ("remove node", 2, 0),
    ]  # fmt: skip


def test_what_changes_no_structure_is_no_event():
    graph = small_graph(record=True)
    count = len(GrowthLog(graph))
    graph.learn(np.ones((3, 4)), np.zeros((3, 2)))
    graph.set_nodes(graph.outputs, bias=1.0)
    graph.pack()
    graph.forward(np.ones((3, 4)))
    assert len(GrowthLog(graph)) == count


@pytest.mark.parametrize(
    "call",
    [
        lambda g: g.add_node([0, 99]),
        lambda g: g.add_nodes(3, sources=[0, 0]),
        lambda g: g.connect([0, 3], [3, 2], pairs=True),  # the second closes a cycle
        lambda g: g.add_edge(2, 0),
        lambda g: g.split_edge(0, 3),
        lambda g: g.remove_edge(0, 3),
        lambda g: g.remove_nodes([2, 99]),
        lambda g: g.remove_nodes([2, 2]),
    ],
)
def test_a_call_that_fails_leaves_no_event(call):
    graph = recorded()
    hidden = graph.add_node(graph.add_inputs(2))
    graph.add_outputs(1, sources=[hidden])
    table, state = GrowthLog(graph).table().tobytes(), graph.copy()
    with pytest.raises(GraphError):
        call(graph)
    assert GrowthLog(graph).table().tobytes() == table
    assert graph == state


def test_parents_and_birth_weights_stay_what_they_were():
    graph = recorded()
    x = graph.add_inputs(2)
    node = graph.add_node(x, [[0.5, -2.0]])
    graph.set_weights(node, [7.0, 7.0])
    log = GrowthLog(graph)
    ids, weights = log.parents(log.birth(node))
    assert (ids.tolist(), weights.tolist()) == ([0, 1], [0.5, -2.0])


def test_cause_rule_and_intention_are_told():
    graph = recorded()
    graph.add_inputs(1)
    long = "a very long intention that no column of thirty-two letters would hold"
    graph.set_cause("hunger", node=0, lasted=3, rule="Eat", intention=long, tension=0.25, step=9,
                    sample=17)  # fmt: skip
    graph.add_node([0])
    graph.set_cause("")
    graph.add_node([0])
    first, second = GrowthLog(graph).table()[1:]
    assert first[["cause", "rule", "intention"]].tolist() == ("hunger", "Eat", long)
    assert first[["cause_node", "lasted", "step", "sample"]].tolist() == (0, 3, 9, 17)
    assert first["tension"] == 0.25
    assert second[["cause", "rule", "intention"]].tolist() == ("", "", "")
    assert np.isnan(second["tension"])
    assert second["paid_off"] == -1


def grown():
    graph = recorded()
    x = graph.add_inputs(8)
    y = graph.add_outputs(1, sources=x, names=["answer"])
    graph.add_edge(graph.add_node(), y[0])
    GrowthController().grow(
        graph, Proposal(0.5, (NewNode((0, 1), (1.0, 1.0), kind="min", name="both"),)),
        rule="Pair", cause="lasting tension", node=8, tension=0.12345, lasted=5,
    )  # fmt: skip
    graph.split_edge(0, 8)
    return graph


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (0, "node 0 (input, input) was built by hand without sources"),
        (8, "node 8 (output, sum, answer) was built by hand from nodes 0, 1, 2, 3, 4, 5 and 2 "
            "more"),
        (10, "node 10 (hidden, min, both) was grown by Pair from nodes 0, 1 because of lasting "
             "tension at node 8: 0.123, lasting 5 steps"),
        (11, "node 11 (hidden, sum) was built by hand on the edge 0 -> 8"),
    ],
)  # fmt: skip
def test_why(node, said):
    assert GrowthLog(grown()).why(node) == said


@pytest.mark.parametrize("cause", ["birth", "dream"])
def test_why_of_what_came_before_the_first_sample(cause):
    graph = Graph()
    new = NewNode(role="input", kind="input")
    GrowthController().grow(graph, Proposal(1.0, (new,)), rule="Sense", cause=cause)
    said = {"birth": "at birth", "dream": "in a dream"}[cause]
    assert GrowthLog(graph).why(0).endswith(f"without sources {said}, before the first sample")


def test_why_tells_the_outcome():
    graph = grown()
    log = GrowthLog(graph)
    event = log.birth(10)
    graph.note_outcome(event, event + 1, after=0.1)
    assert log.why(10).endswith("lasting 5 steps; then 0.1")
    graph.note_outcome(event, event + 1, realised=0.01, paid_off=True)
    assert log.why(10).endswith("; then 0.1, later 0.01 (it paid off)")
    graph.note_outcome(event, event + 1, paid_off=False)
    assert log.why(10).endswith("(it did not pay off)")


def test_why_speaks_of_the_dead_but_not_of_the_unborn_or_folded():
    graph = grown()
    log = GrowthLog(graph)
    graph.remove_node(10)
    assert "grown by Pair" in log.why(10)
    with pytest.raises(GraphError, match="node 99 is not in the log"):
        log.why(99)
    log.fold(1)
    with pytest.raises(GraphError, match="node 10 is not in the log: it is older"):
        log.why(10)


def test_why_of_what_is_older_than_the_log():
    graph = grown()
    log = GrowthLog(graph)
    graph.names[10] = "tenth"
    log.fold(1)
    assert log.why(10) == (
        "node 10 (hidden, min, tenth) was grown by Pair from 2 nodes because of lasting tension at "
        "node 8: 0.123, lasting 5 steps"
    )
    graph.names[0] = "first"
    graph._base["arrays"].pop("elders")  # as files of older versions are
    assert log.why(0) == (
        f"node 0 (input, first) is older than the log, whose first {log.folded:,} events were "
        "folded away"
    )


def test_births_survive_folding():
    """Of what is there still; in the sequence of birth, splits too, whatever is cut later."""
    whole, folded = grown(), grown()
    log, short = GrowthLog(whole), GrowthLog(folded)
    for keep in (9, 5, 1):
        short.fold(keep)
        node = int(folded.split_edge(*_an_edge(folded)))
        assert node == whole.split_edge(*_an_edge(whole))
    short.fold(0)
    gone = int(folded.nodes[-2])
    rows = log.table()
    born = rows[np.isin(rows["operation"], ("node", "split")) & np.isin(rows["node"], whole.nodes)]
    told = short.table(elders=True)
    assert len(told) == short.n_elders > 10
    assert told["node"].tolist() == born["node"].tolist()
    for name in ("step", "sample", "cause_node", "lasted", "rule", "cause", "tension"):
        assert np.array_equal(told[name], born[name], equal_nan=told[name].dtype.kind == "f"), name
    assert short.why(gone).split(" from ")[0] == log.why(gone).split(" on ")[0].split(" from ")[0]
    folded.remove_node(gone)
    short.fold(0)
    assert gone not in short.table(elders=True)["node"]
    again = Graph.from_state(folded.to_state())
    assert GrowthLog(again).table(elders=True).tobytes() == short.table(elders=True).tobytes()


def _an_edge(graph):
    edges = graph.edges()
    edges = edges[edges["delay"] == 0]
    return int(edges["source"][-1]), int(edges["target"][-1])


def test_births_of_a_file_in_another_shape():
    graph = grown()
    GrowthLog(graph).fold(1)
    graph._base["arrays"]["elders"] = graph._base["arrays"]["elders"][:, 1:]
    with pytest.raises(GraphError, match="births before the log have shapes"):
        GrowthLog(graph).why(0)


def test_why_reads_one_row(monkeypatch):
    log, asked = GrowthLog(grown()), []
    whole = GrowthLog._table
    monkeypatch.setattr(
        GrowthLog, "_table", lambda self, part: asked.append(part) or whole(self, part)
    )
    log.why(10)
    event = log.birth(10)
    assert asked == [slice(event, event + 1)]
    assert str(log._table(asked[0])[0]) == str(log.table()[event])  # NaN is not itself


# ---- words --------------------------------------------------------------------------------------
def test_a_cause_that_is_no_text_is_told_as_text():
    graph = recorded()
    graph.set_cause(5, rule=7)
    graph.add_inputs(1)
    assert GrowthLog(graph).table()[["cause", "rule"]].tolist() == [("5", "7")]
    assert graph._words == ["", "5", "7"]


@pytest.mark.parametrize(
    "bad", [{"tension": "high"}, {"node": None}, {"step": "x"}, {"lasted": []}]
)
def test_a_cause_that_cannot_be_told_leaves_no_words(bad):
    graph = recorded()
    with pytest.raises((TypeError, ValueError)):
        graph.set_cause("word", rule="rule", **bad)
    assert graph._words == [""]


def test_words_are_kept_once_and_apart_in_copies_and_files():
    graph = recorded()
    for word in ("a", "b", "a"):
        graph.set_cause(word)
    twin, read = graph.copy(), Graph.from_state(graph.to_state())
    for held, word in ((twin, "c"), (graph, "d"), (read, "e"), (twin, "d"), (graph, "b")):
        held.set_cause(word, rule="a")
        held.add_inputs(1)
    assert twin._words == ["", "a", "b", "c", "d"]
    assert graph._words == ["", "a", "b", "d"]
    assert read._words == ["", "a", "b", "e"]
    assert GrowthLog(twin).table()["cause"].tolist() == ["c", "d"]
    assert GrowthLog(graph).table()["cause"].tolist() == ["d", "b"]
    assert set(GrowthLog(twin).table()["rule"]) == {"a"}


def test_a_word_is_found_without_comparing_it_to_all():
    class Counted(str):
        compared = 0
        __hash__ = str.__hash__

        def __eq__(self, other):
            Counted.compared += 1
            return str.__eq__(self, other)

    graph = recorded()
    graph._words += [Counted(f"word {i}") for i in range(500)]
    graph.set_cause("word 499")
    assert Counted.compared < 50
    assert len(graph._words) == 501


# ---- fold ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("place", ["replay", "counters", "base"])
def test_fold_is_done_or_not(monkeypatch, place):
    graph = grown()
    log = GrowthLog(graph)
    table, base = log.table().tobytes(), graph._base
    parents = [log.parents(event)[0].tolist() for event in range(len(log))]

    class Store(type(graph._store)):
        def __setitem__(self, counter, value):
            fails.pop()()
            super().__setitem__(counter, value)

    def refuse():
        raise KeyboardInterrupt

    fails = [lambda: None] * 2 + [refuse] + [lambda: None] * (place == "base")
    if place == "replay":
        monkeypatch.setattr(Graph, "from_state", lambda state: refuse())
    else:
        graph._store.__class__ = Store
    with pytest.raises(KeyboardInterrupt):
        log.fold(2)
    assert log.table().tobytes() == table
    assert [log.parents(event)[0].tolist() for event in range(len(log))] == parents
    assert graph._base is base
    assert log.folded == 0


def test_repr_counts():
    assert repr(GrowthLog(grown())) == "GrowthLog(13 events, 13 of them growth)"
    assert operations(grown())[-2:] == ["node", "split"]
