"""What ResoNetClusterer tells of its concepts: the network, the hierarchy, knowledge, answers."""

import networkx as nx
import numpy as np
import pytest
from scipy.cluster.hierarchy import dendrogram, is_valid_linkage

from growgraph import ResoNetClusterer
from growgraph.data.digits import load_digits
from tests.models.material import SHAPE, part, table


@pytest.fixture(scope="module", params=["images", "tables"])
def model(request):
    if request.param == "images":
        return ResoNetClusterer(image_shape=SHAPE).fit(load_digits()[0][:600])
    return ResoNetClusterer(n_clusters=4).fit(table()[0])


@pytest.fixture(scope="module")
def gaps():
    """Two groups, apart in column b alone, and a category that goes with one of them."""
    rng = np.random.default_rng(0)
    second = np.arange(300) % 2 == 1
    X = {"a": rng.normal(size=300), "b": rng.normal(size=300) + 20 * second}
    X["kind"] = np.where(second, "red", "green").astype(object)
    return ResoNetClusterer().fit(X), X, second


def at_level(net, level):
    return [n for n, data in net.nodes(data=True) if data["level"] == level]


def edges(net, kind):
    return [(u, v, w) for u, v, w in net.edges(data="weight") if net[u][v]["kind"] == kind]


def test_nodes_of_the_network(model):
    net, core = model.concepts_, model._core
    k, n = model.n_clusters_, core.ids.size
    assert isinstance(net, nx.DiGraph)
    assert [len(at_level(net, v)) for v in ("concept", "micro", "kind")] == [k, n, k - 1]
    for level in ("concept", "micro"):
        assert sum(net.nodes[v]["count"] for v in at_level(net, level)) == model.n_samples_seen_
    for name, data in net.nodes(data=True):
        assert set(data) == {"level", "name", "count", "label", "node"}
        if data["level"] == "micro":
            assert data["node"] == core.ids[int(name.split()[1])]
        if data["level"] == "concept":
            assert model.graph_.names[data["node"]] == data["name"]


def test_kind_of_is_a_tree_with_one_root(model):
    net = model.concepts_
    tree = nx.DiGraph([(u, v) for u, v, _ in edges(net, "kind-of")])
    roots = [v for v in tree if tree.out_degree(v) == 0]
    assert nx.is_directed_acyclic_graph(tree)
    assert nx.is_tree(tree.to_undirected())
    assert net.nodes[roots[0]]["count"] == model.n_samples_seen_
    assert len(roots) == 1
    for c in at_level(net, "concept"):
        shares = [w for u, v, w in edges(net, "kind-of") if v == c]
        assert sum(shares) == pytest.approx(1)
        labels = {net.nodes[u]["label"] for u in net.predecessors(c) if u.startswith("micro")}
        assert labels == {net.nodes[c]["label"]}


def test_part_of_and_is_like(model):
    net = model.concepts_
    for c in at_level(net, "concept"):
        parts = [w for u, v, w in edges(net, "part-of") if v == c]
        like = [w for u, v, w in edges(net, "is-like") if u == c]
        assert sum(parts) == pytest.approx(1)
        assert like == sorted(like, reverse=True)
        assert 1 <= len(like) <= 3
        assert all(w > 0 for w in like)
    assert all(0 < w <= 1 for u, _, w in edges(net, "is-like") if u.startswith("micro"))


def test_graphml_holds_it_all(model, tmp_path):
    path = tmp_path / "concepts.graphml"
    nx.write_graphml(model.concepts_, path)
    back = nx.read_graphml(path)
    assert dict(back.nodes(data=True)) == dict(model.concepts_.nodes(data=True))
    assert set(back.edges(data="kind")) == set(model.concepts_.edges(data="kind"))


def test_hierarchy_is_a_linkage(model):
    Z = model.hierarchy_
    assert is_valid_linkage(Z)
    assert Z[-1, 3] == len(Z) + 1 == model._core.ids.size
    assert len(dendrogram(Z, no_plot=True, p=9, truncate_mode="lastp")["ivl"]) == 9


def test_knowledge(model):
    known = model.knowledge()
    k = model.n_clusters_
    assert known["label"].tolist() == list(range(k))
    assert known["samples"].sum() == model.n_samples_seen_
    assert known["micro"].sum() == model._core.ids.size
    assert known["last_seen"].max() == model.n_samples_seen_ - 1
    np.testing.assert_allclose(known["stability"], known["samples"] / known["micro"])
    assert (known["rival"] != known["label"]).all()
    net = model.concepts_
    for row in known:
        c = f"concept {row['label']}"
        best = max(edges(net, "is-like"), key=lambda e: e[2] if e[0] == c else -1)
        assert best[1] == f"concept {row['rival']}"
        assert best[2] == row["likeness"]
        assert net.nodes[c]["name"] == row["name"]


def test_names_and_parts_tell_what_sets_a_concept_apart(gaps):
    model, _, second = gaps
    assert model.n_clusters_ == 2
    c = int(model.labels_[1])
    assert model.labels_.tolist() == np.where(second, c, 1 - c).tolist()
    names = model.knowledge()["name"]
    assert "much b" in names[c]
    assert "little b" in names[1 - c]
    net = model.concepts_
    share = {net.nodes[u]["name"]: w for u, v, w in edges(net, "part-of") if v == f"concept {c}"}
    assert share["b"] > 0.5 > 10 * share["a"]
    assert {"kind = red", "kind = green"} <= set(share)


def test_an_explanation_answers_three_questions(gaps):
    model, X, _ = gaps
    told = model.explain(part(X, 1, 2))
    data = told.data
    assert data["answer"] == model.labels_[1]
    assert data["rival"] == 1 - model.labels_[1]
    assert data["parts"][0]["part"] == "b"
    spoken = sum(p["spoke"] for p in data["parts"])
    assert spoken == pytest.approx(data["margin"], rel=1e-4)
    assert data["resonance"] == model.score_samples(part(X, 1, 2))[0] == -data["novelty"]
    assert data["node"] in model._core.ids
    text = str(told)
    assert all(word in text for word in ("why:", "what for:", "what it is like:"))
    assert "nothing resonated" in text


def test_explanations_of_images():
    X, _ = load_digits()
    model = ResoNetClusterer(image_shape=SHAPE).fit(X[:300])
    for x in X[:20]:
        data = model.explain(x).data
        assert data["answer"] == model.predict(x[None])[0]
        assert {p["part"] for p in data["parts"]} == set(model._core.sense.window_names(None))


def test_an_explanation_where_there_is_one_concept():
    model = ResoNetClusterer(n_clusters=1).fit(np.random.default_rng(0).random((40, 2)))
    told = model.explain([0.5, 0.5])
    assert told.data["rival"] is None
    assert "nothing else known" in str(told)
    assert model.knowledge()["rival"].tolist() == [0]
    assert len(edges(model.concepts_, "part-of")) == 0  # it is what everything is


def test_one_sample_at_a_time(gaps):
    model, X, _ = gaps
    with pytest.raises(ValueError, match="x must be one sample, got 2"):
        model.explain(part(X, 0, 2))
