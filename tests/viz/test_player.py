"""The player's page holds what replay tells, asks nothing of the network, escapes names."""

import base64
import html
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import growgraph
from growgraph import Graph, GrowthLog, ResoNet
from growgraph.errors import GraphError
from growgraph.kernels import codes
from growgraph.viz import animate
from growgraph.viz.history import history_of
from growgraph.viz.player import pack
from growgraph.viz.strands import Strands, _merged
from tests.viz.films import HOSTILE, crowded, edges_at, grown, nodes_at, read
from tests.viz.test_history import Seen

GRAPHS = {"grown": grown, "crowded": crowded}


def edges_of(graph):
    edges = graph.edges()
    columns = (edges["source"], edges["target"], (edges["delay"] > 0).astype(int))
    return sorted(zip(*(c.tolist() for c in columns)))


def by_id(arrays, edges):
    return sorted((arrays["node"][u], arrays["node"][v], late) for u, v, late in edges)


# ---- the page agrees with the log -----------------------------------------------------------
@pytest.mark.parametrize("name", GRAPHS)
def test_nodes_and_edges_are_those_of_a_replay_at_each_time(name):
    graph = GRAPHS[name]()
    arrays, _ = read(animate(graph).html)
    log, own = GrowthLog(graph), "edge" if name == "crowded" else "link"
    for time in range(len(log) + 1):
        past = log.replay(time)
        assert nodes_at(arrays, time).tolist() == past.nodes.tolist(), time
        assert by_id(arrays, edges_at(arrays, time, own)) == edges_of(past), time


def test_links_join_the_units_of_joined_nodes_at_each_time():
    graph = crowded()
    arrays, _ = read(animate(graph).html)
    unit = arrays["unit"]
    assert unit.max() + 1 == arrays["x"].size < arrays["node"].size
    for time in range(len(GrowthLog(graph)) + 1):
        joined = {(unit[u], unit[v], late) for u, v, late in edges_at(arrays, time, "edge")}
        links = edges_at(arrays, time, "link")
        assert links == sorted((u, v, late) for u, v, late in joined if u != v), time


def test_moments_count_what_is_there():
    graph = grown()
    arrays, words = read(animate(graph).html)
    log = GrowthLog(graph)
    assert arrays["moment"][0] == 0
    assert arrays["moment"][-1] == len(log)
    assert words["time"] == "steps"
    for i, moment in enumerate(arrays["moment"]):
        past = log.replay(int(moment))
        assert (arrays["n_nodes"][i], arrays["n_edges"][i]) == (past.n_nodes, past.n_edges)
        assert arrays["clock"][i] == (0 if moment == 0 else log.table()["step"][:moment].max())


def test_causes_are_those_of_the_log():
    graph = grown()
    arrays, words = read(animate(graph).html)
    table = GrowthLog(graph).table()
    for name, column in (("rule", "rule"), ("cause", "cause"), ("aim", "intention")):
        assert [words[f"{name}s"][i] for i in arrays[name]] == table[column].tolist()
    for name, column in (("cause_node", "cause_node"), ("lasted", "lasted"), ("paid", "paid_off"),
                         ("felt", "tension"), ("after", "after"),
                         ("later", "realised")):  # fmt: skip
        assert np.array_equal(arrays[name], table[column], equal_nan=True), name


@pytest.mark.parametrize("name", GRAPHS)
def test_kinds_of_removed_nodes_too(name):
    graph = GRAPHS[name]()
    log = GrowthLog(graph)
    arrays, _ = read(animate(graph).html)
    assert (arrays["gone"] < len(log)).any()
    for i, node in enumerate(arrays["node"]):
        past = log.replay(int(arrays["gone"][i]))
        slot = past._slots(np.array([node]))[0]
        assert (arrays["kind"][i], arrays["act"][i]) == (past._store.kind[slot],
                                                         past._store.act[slot])  # fmt: skip
        concept = past._store.kind[slot] in (codes.MATCH, codes.COSINE)
        tones = {codes.ROLE_INPUT: 2, codes.ROLE_OUTPUT: 3}
        assert arrays["tone"][i] == tones.get(int(past._store.role[slot]), int(concept))


class Filmed(Seen):
    """The random history of the graph's own tests, as the page holds it."""

    def teardown(self):
        if not self.graph.records:
            return
        arrays, _ = read(animate(self.graph).html)
        log = GrowthLog(self.graph)
        for time in range(0, len(log) + 1, max(len(log) // 6, 1)):
            past = log.replay(time)
            assert nodes_at(arrays, time + log.n_elders).tolist() == past.nodes.tolist()
            delays = past.edges()["delay"]
            if (delays <= 1).all():
                shown = edges_at(arrays, time + log.n_elders, "link")
                assert by_id(arrays, shown) == edges_of(past)


TestFilmed = Filmed.TestCase
TestFilmed.settings = Seen.TestCase.settings


def test_weights_of_today_and_at_birth():
    graph = Graph()
    graph.record()
    x = graph.add_inputs(2)
    y = int(graph.add_outputs(1, sources=x, weights=[1.0, -0.5])[0])
    graph.remove_edge(int(x[0]), y)
    graph.set_weights(y, [-2.0])
    assert history_of(graph).weight.tolist() == [1.0, -0.5]
    arrays, _ = read(animate(graph).html)
    held = dict(zip(arrays["link_source"].tolist(), arrays["link_flags"].tolist()))
    assert held == {0: 0, 1: 1}
    assert arrays["link_share"].tolist() == [128, 255] or set(arrays["link_share"]) == {128, 255}


def test_a_new_node_takes_a_place_of_its_own():
    for graph in (grown(40), crowded()):
        arrays, _ = read(animate(graph).html)
        places = set(zip(arrays["x"].tolist(), arrays["y"].tolist()))
        assert len(places) == arrays["x"].size


@given(st.integers(0, 2**32 - 1))
def test_spans_of_several_edges_between_two_units(seed):
    rng = np.random.default_rng(seed)
    end, m = 8, int(rng.integers(1, 12))
    birth = rng.integers(1, end + 1, m)
    gone = np.minimum(birth + rng.integers(0, 4, m), end)
    weight = rng.normal(size=m)
    edges = Strands(rng.integers(0, 2, m), rng.integers(0, 2, m), birth, gone, weight,
                    np.abs(weight), rng.random(m) < 0.3)  # fmt: skip
    runs = _merged(edges, 2, end)
    for time in range(end + 1):
        wanted, found = (
            sorted(zip(s.source[on].tolist(), s.target[on].tolist(), s.late[on].tolist()))
            for s in (edges, runs)
            for on in [(s.birth <= time) & (time <= s.gone)]
        )
        assert found == sorted(set(wanted))


# ---- bytes ----------------------------------------------------------------------------------
@given(hnp.arrays(st.sampled_from([np.int64, np.uint8, np.float32, np.bool_]),
                  st.integers(0, 9)))  # fmt: skip
def test_arrays_are_packed_without_loss(values):
    held = pack(values)
    if "b" in held:
        found = np.frombuffer(base64.b64decode(held["b"]), "<" + held["t"])
    else:
        found = np.full(held["n"], np.nan if held["v"] is None else held["v"], "<" + held["t"])
    if values.dtype == np.int64 and (np.abs(values.astype(np.float64)) > 2**32).any():
        values = values.astype(np.float64)
    assert np.array_equal(found, values, equal_nan=values.dtype.kind == "f")


def test_ten_thousand_nodes_are_less_than_a_megabyte():
    graph = Graph.random_dag(9500, 4, random_state=0)
    graph.record()
    rng = np.random.default_rng(0)
    for step in range(1, 501):
        graph.set_cause("tension", rule=f"Rule{step % 5}", step=step, node=1)
        graph.add_node(np.sort(rng.choice(4000, 3, replace=False)))
    page = animate(graph).html.encode()
    arrays, _ = read(page.decode())
    assert arrays["node"].size == 10_000
    assert arrays["birth"].max() == 500
    assert len(page) < 1_000_000


def test_only_the_strongest_edges_of_a_large_graph_are_written():
    graph = Graph.random_dag(3000, 20, random_state=0)
    arrays, words = read(animate(graph).html)
    assert arrays["link_source"].size == 12_000
    assert (np.diff(arrays["link_share"]) <= 0).all()
    reading = arrays["unit"][np.searchsorted(arrays["node"], graph.edges()["target"])]
    assert np.isin(reading, arrays["link_target"]).all()
    assert 0 < words["least"] <= 1
    assert read(animate(graph, share=0.25).html)[1]["least"] == 0.25


def test_the_same_graph_gives_the_same_page():
    assert animate(grown()).html == animate(grown()).html


# ---- safe to open ---------------------------------------------------------------------------
class Tags(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, page):
        super().__init__()
        self.found, self.attributes = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]


@pytest.mark.parametrize("graph", [grown(), crowded(HOSTILE)], ids=GRAPHS)
def test_nothing_is_asked_of_the_network(graph):
    page = animate(graph).html
    tags = Tags(page)
    assert not {"link", "img", "iframe", "object", "embed", "base", "form"} & set(tags.found)
    names = {name for _, name, _ in tags.attributes}
    assert not {"src", "href", "action", "srcset", "background"} & names
    assert not [name for name in names if name.startswith("on")]
    code = re.sub(r'<script type="application/json".*?</script>', "", page, flags=re.S)
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttp|WebSocket|import\(|eval\(", code)
    assert "default-src 'none'" in page


def test_names_stay_names():
    graph = crowded(HOSTILE)
    for node, name in enumerate(HOSTILE):
        graph.names[node] = name
    graph.groups[HOSTILE[0]] = np.arange(9)
    graph.set_cause(HOSTILE[0], rule=HOSTILE[1], intention=HOSTILE[2], step=99)
    graph.add_node([0, 1])
    page = animate(graph, title=HOSTILE[0]).html
    words = read(page)[1]
    assert Tags(page).found == Tags(animate(Graph()).html).found
    assert "pwned=1>" not in page
    assert [words["names"][str(i)] for i in range(len(HOSTILE))] == HOSTILE
    assert words["title"] == HOSTILE[0] == words["causes"][-1]
    page.encode()  # a lone surrogate is written as JSON writes it


# ---- every graph ----------------------------------------------------------------------------
def test_empty_one_node_no_log():
    for graph in (Graph(), Graph.from_edges(1, []), Graph.layered([2, 1])):
        arrays, words = read(animate(graph).html)
        assert not words["log"]
        assert arrays["node"].tolist() == graph.nodes.tolist()
        assert arrays["moment"].tolist() == [0]
        assert nodes_at(arrays, 0).tolist() == graph.nodes.tolist()
    empty = Graph()
    empty.record()
    assert read(animate(empty).html)[0]["moment"].tolist() == [0]


def test_tension_known_for_some_for_none_infinite():
    graph = Graph.layered([2, 3, 1])
    arrays, _ = read(animate(graph, tension=[np.nan, 1, 0, np.inf, 2, 3]).html)
    felt = np.array([np.nan, 1, 0, np.nan, 2, 3])
    assert np.array_equal(arrays["tension"], felt, equal_nan=True)
    assert np.isnan(read(animate(graph, tension=np.full(6, np.nan)).html)[0]["tension"]).all()
    assert np.isnan(read(animate(graph).html)[0]["tension"]).all()


def test_folded_events_are_before_the_log():
    graph = grown()
    log = GrowthLog(graph)
    log.fold(12)
    arrays, words = read(animate(log).html)
    assert words["folded"] == log.folded > log.n_elders == words["elders"] > 0
    for time in range(len(log) + 1):
        there = nodes_at(arrays, time + log.n_elders)
        assert there.tolist() == log.replay(time).nodes.tolist()
    born = log.table(elders=True)["node"][: log.n_elders]
    older = np.setdiff1d(log.replay(0).nodes, born)  # than any log
    for time in range(log.n_elders + 1):
        assert nodes_at(arrays, time).tolist() == sorted([*older, *born[:time]])


def test_a_model_tells_its_accuracy_and_its_record():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(c, 0.3, (40, 3)) for c in range(2)])
    order = rng.permutation(80)
    model = ResoNet(random_state=0).fit(X[order], np.repeat(["a", "b"], 40)[order])
    player = growgraph.animate(model)
    arrays, words = read(player.html)
    assert words["title"] == "ResoNet"
    assert words["time"] == "samples"
    assert arrays["accuracy"].size == arrays["moment"].size
    assert words["knows"]["a"].startswith("samples 40, accuracy ")
    assert arrays["clock"][-2] < arrays["clock"][-1] == 80  # the end, long after the last birth
    assert arrays["moment"][-2] == arrays["moment"][-1] == len(model.growth_log_)
    assert arrays["n_nodes"][-1] == model.graph_.n_nodes
    assert arrays["n_edges"][-1] == model.graph_.n_edges
    assert arrays["accuracy"][-1] == np.float32(model.prequential_curve_[-1, 1])
    assert repr(player) == (
        f"Player({model.graph_.n_nodes:,} nodes, {len(model.growth_log_):,} events)"
    )


def test_mistakes_are_told():
    graph = Graph.layered([2, 1])
    with pytest.raises(TypeError, match="got str"):
        animate("graph")
    with pytest.raises(GraphError, match="fit"):
        animate(ResoNet())
    with pytest.raises(ValueError, match="shape"):
        animate(graph, tension=[1.0])
    with pytest.raises(ValueError, match="share"):
        animate(graph, share=2)


# ---- the player in files and notebooks --------------------------------------------------------
def test_save(tmp_path):
    player = animate(grown())
    player.save(tmp_path / "growth.html")
    assert (tmp_path / "growth.html").read_text("utf-8") == player.html
    with pytest.raises(OSError, match="missing"):
        player.save(tmp_path / "missing" / "growth.html")


@pytest.mark.parametrize("dark", [None, True])
def test_a_notebook_shows_the_page_and_keeps_a_picture(dark):
    player = animate(crowded(HOSTILE), dark=dark)
    bundle = player._repr_mimebundle_()
    frame = Tags(bundle["text/html"])
    assert frame.found == ["iframe"]
    held = dict(pair[1:] for pair in frame.attributes)
    assert held["srcdoc"] == player.html.replace("\r", "")
    assert held["sandbox"] == "allow-scripts"
    assert html.unescape(html.escape(player.html)) == player.html
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert bundle["text/plain"] == repr(player)
