"""When and why a ResoNet grows: classes at their first sample, aspects on misfit, within limits."""

import numpy as np
import pytest

from growgraph import ResoNet
from tests.models.material import SHAPE, digits, grown, part, table


def concepts(model):
    model.predict(np.zeros((1, 64)))
    return model._core.concepts


def first(n, **options):
    X, y, _, _ = digits()
    return ResoNet(image_shape=SHAPE, **options).fit(X[:n], y[:n])


# ---- classes ------------------------------------------------------------------------------------
@pytest.mark.parametrize("learning", ["evidence", "resonance"])
def test_a_class_grows_its_nodes_at_its_first_sample(learning):
    X, y, _, _ = digits()
    model = ResoNet(image_shape=SHAPE, learning=learning)
    for n in range(1, 40):
        model.partial_fit(X[n - 1 : n], y[n - 1 : n])
        assert model.classes_.tolist() == sorted(set(y[:n].tolist()))
        assert [model.graph_.names[i] for i in model.graph_.outputs.tolist()] == [
            str(c) for c in dict.fromkeys(y[:n].tolist())
        ]
    table = model.growth_log_.table()
    births = table[(table["rule"] == "NewClass") & np.isin(table["node"], model.graph_.outputs)]
    seen = [int(np.flatnonzero(y == c)[0]) for c in dict.fromkeys(y[:39].tolist())]
    assert births["sample"].tolist() == seen
    assert set(births["cause"]) == {"a label never met"}


def test_a_late_class_is_known_at_once_and_the_others_stay_known():
    X, y, T, t = digits()
    late = np.argsort(y == 4, kind="stable")
    model = ResoNet(image_shape=SHAPE)
    few = int((y == 4).sum()) - 5
    model.fit(X[late][: len(y) - few], y[late][: len(y) - few])  # all others and five fours
    assert (model.predict(T[t == 4]) == 4).mean() > 0.6
    assert model.score(T[t != 4], t[t != 4]) > 0.98


def test_the_old_classes_concepts_are_not_touched_by_a_new_one():
    X, y, _, _ = digits()
    old = y[:300] != 7
    model = ResoNet(image_shape=SHAPE).fit(X[:300][old], y[:300][old])
    nodes = [n for c, g in model.graph_.groups.items() if c.startswith("concept/") for n in g]
    aspects = [n for n in nodes if model.graph_.node(n)["activation"] == "square"]
    means = [n for n in nodes if model.graph_.node(n)["kind"] == "match"]
    before = [model.graph_.weights(n) for n in aspects + means]
    model.partial_fit(X[y == 7][:40], y[y == 7][:40])
    after = [model.graph_.weights(n) for n in aspects + means]
    assert all(a.tobytes() == b.tobytes() for a, b in zip(before, after))


# ---- aspects ------------------------------------------------------------------------------------
def test_duplicates_grow_no_aspect():
    X, y, _, _ = digits()
    ten = [int(np.flatnonzero(y == c)[0]) for c in range(10)]
    model = ResoNet(image_shape=SHAPE).fit(np.tile(X[ten], (12, 1)), np.tile(y[ten], 12))
    assert concepts(model).k.tolist() == [0] * 10
    assert (concepts(first(120)).k > 0).all()


def test_what_one_aspect_explains_grows_no_second():
    rng = np.random.default_rng(0)
    t = rng.standard_normal(300)
    flat = np.outer(t, np.ones(6)) + 1e-3 * rng.standard_normal((300, 6))
    free = rng.standard_normal((300, 6))
    held = [ResoNet().fit(X, t > 0)._core.concepts.k.tolist() for X in (flat, free)]
    assert held == [[1, 1], [5, 5]]


def test_aspects_are_as_many_in_all_windows_and_never_more_than_patience_allows():
    X, y, _, _ = digits()
    for patience in (1, 2, 5):
        model = ResoNet(image_shape=SHAPE, patience=patience)
        for n in range(0, 200, 20):
            model.partial_fit(X[n : n + 20], y[n : n + 20])
            held = concepts(model)
            assert ((held.aspects >= 0).sum(axis=2) == held.k[:, None]).all()
            assert (held.k <= np.ceil(held.counts / patience)).all()
            assert (held.k <= held.most).all()
    assert concepts(grown()).k.tolist() == [concepts(grown()).most] * 10


def test_an_aspect_is_told_with_its_cause():
    model = first(200)
    table = model.growth_log_.table()
    aspects = table[(table["rule"] == "Aspect") & (table["operation"] == "node")]
    assert len(aspects) == concepts(model).k.sum() * 4
    assert set(aspects["cause"]) == {"lasting misfit"}
    assert np.isin(aspects["cause_node"], model.graph_.outputs).all()
    assert (aspects["tension"] > 0.01).all()
    assert (aspects["tension"] <= 1).all()
    why = model.growth_log_.why(int(aspects["node"][0]))
    assert "grown by Aspect" in why
    assert "because of lasting misfit at node" in why


def test_prenatal_nodes_were_dreamt():
    model = first(20)
    table = model.growth_log_.table()
    patches = np.isin(table["node"], model.graph_.groups["patch"]) & (table["operation"] == "node")
    assert set(table["cause"][patches]) == {"dream"}
    assert set(table["sample"][patches]) == {-1}


@pytest.mark.parametrize("most", [750, 800, 900])
def test_max_nodes(most):
    free, bound = first(200), first(200, max_nodes=most)
    assert bound.graph_.n_nodes <= most < free.graph_.n_nodes
    assert bound.graph_.n_nodes > most - 4  # the next aspect would have been too many
    assert bound.score(*digits()[2:]) > 0.85


def test_max_nodes_below_what_is_born_leaves_classes_without_aspects():
    model = first(200, max_nodes=10)
    assert concepts(model).k.sum() == 0
    assert model.classes_.size == 10


@pytest.mark.parametrize("share", [0.9, 0.98])
def test_max_bytes(share):
    free = first(200)
    most = int(share * free.nbytes_)
    bound = first(200, max_bytes=most)
    assert bound.nbytes_ <= most < free.nbytes_
    assert bound.nbytes_ > most - 100_000


@pytest.mark.parametrize("n", [30, 200])
def test_nbytes_is_what_is_held(n):
    model = first(n)
    loaded = ResoNet.from_state(model.to_state())
    assert loaded.nbytes_ == model.nbytes_
    graph = sum(a.nbytes for k, a in model.to_state()["arrays"].items()
                if k.startswith("graph/") and not k.startswith("graph/base/"))  # fmt: skip
    assert graph < model.nbytes_ < 1.01 * sum(a.nbytes for a in model.to_state()["arrays"].values())


# ---- inputs of a table --------------------------------------------------------------------------
def test_new_categories_gaps_and_new_ground_grow_inputs_with_a_cause():
    X, y = table()
    model = ResoNet().fit(X, y)
    log, names = model.growth_log_.table(), model.graph_.names
    causes = {names[n]: (c, s) for n, c, s, op in
              zip(log["node"].tolist(), log["cause"], log["sample"], log["operation"])
              if op == "node" and n in set(model.graph_.groups["born"].tolist())}  # fmt: skip
    first_late = int(np.flatnonzero(X["kind"] == "late")[0])
    first_gap = int(np.flatnonzero(np.isnan(X["holes"]))[0])
    assert causes["kind = late"] == ("new category", first_late)
    assert causes["holes is missing"] == ("first missing cell", first_gap)
    assert causes["kind = red"][0] == "new category"
    ground = {n: s for n, (c, s) in causes.items() if c == "new ground"}
    assert any(n.startswith("far ") for n in ground)
    assert all((s - 69) % 70 == 0 for n, s in ground.items() if n.startswith("far "))


def test_an_unseen_category_is_asked_about_before_it_is_learnt():
    X, y = table()
    model = ResoNet().fit(part(X, 0, 100), y[:100])
    before = model.graph_.n_nodes
    asked = {**part(X, 0, 3), "kind": np.array(["never", None, "red"], object)}
    assert model.predict(asked).shape == (3,)
    assert model.graph_.n_nodes == before


def test_a_column_that_wakes_late_is_used():
    rng = np.random.default_rng(0)
    n = 900
    tells = rng.standard_normal(n)
    tells[:100] = 5.0
    y = (tells > 0).astype(int)
    y[:100] = rng.integers(0, 2, 100)
    X = np.stack([rng.standard_normal(n), tells], axis=1)
    model = ResoNet().fit(X, y)
    assert model.score(X[400:], y[400:]) > 0.9
