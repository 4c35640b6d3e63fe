"""The player's page in a real browser: clicks, drags, keys, touch; nothing leaves the page."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from growgraph import Graph, GrowthLog, ResoNet
from growgraph.viz import animate
from growgraph.viz.style import LIGHT
from tests.viz.browser import drag, moment, pixels, places, settle, spot, stage, until
from tests.viz.films import HOSTILE, crowded, grown, nodes_at, read

NEW = np.array(to_rgb(LIGHT.new)) * 255


# ---- time ---------------------------------------------------------------------------------------
def test_at_each_moment_what_is_drawn_is_what_was_there(show):
    for graph in (grown(), crowded()):
        arrays, _ = read(animate(graph).html)
        page = show(graph)
        first = {}
        for i, time in enumerate(arrays["moment"]):
            page.evaluate("m => setMoment(m)", i)
            settle(page)
            there = np.unique(arrays["unit"][np.isin(arrays["node"], nodes_at(arrays, time))])
            found = places(page)
            assert sorted(found) == there.tolist(), i
            for unit, place in found.items():  # old nodes never move
                assert first.setdefault(unit, place) == place
            told = page.locator("#counts").inner_text()
            assert told.startswith(f"{arrays['n_nodes'][i]} node")
            assert f" {arrays['n_edges'][i]} edge" in told


def test_the_slider_is_dragged(show):
    page = show(grown())
    last = moment(page)
    box = page.locator("#time").bounding_box()
    y = box["y"] + box["height"] / 2
    drag(page, (box["x"] + box["width"] - 8, y), (box["x"] + box["width"] / 2, y))
    assert abs(moment(page) - last / 2) <= 1
    assert page.locator("#when").inner_text().startswith("step ")
    page.keyboard.press("Home")
    settle(page)
    assert moment(page) == 0
    assert page.locator("#counts").inner_text() == "5 nodes · 6 edges"
    assert page.locator("#when").inner_text() == "before the first step"


def test_it_ends_at_the_last_sample(show):
    X = np.tile([[-1.0, 0.0], [1.0, 1.0]], (40, 1))
    model = ResoNet(random_state=0).fit(X, X[:, 0] > 0)
    page = show(model)
    now, then = page.locator("#when div").all_inner_texts()
    assert now == f"sample 80 · accuracy {model.prequential_curve_[-1, 1]:.3f}"
    assert then.startswith("nothing born or removed since sample ")
    page.keyboard.press("ArrowLeft")
    settle(page)
    before = page.locator("#when div").all_inner_texts()
    assert before[0].split(" · ")[0] == then.removeprefix("nothing born or removed since ")
    assert "nothing" not in before[1]


def test_it_plays_to_the_end_and_from_the_beginning(show):
    page = show(grown())
    last = moment(page)
    page.select_option("#speed", "8")
    page.click("#play")
    until(page, "!state.playing")
    assert moment(page) == last
    page.select_option("#speed", "1")  # slow enough to be stopped before the end
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    until(page, "state.moment > 2.2")
    page.keyboard.press("Space")
    settle(page)
    paused = moment(page)
    assert 2 <= paused < last
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    settle(page)
    assert moment(page) == paused - 1


def test_what_is_newly_born_has_a_ring(show):
    graph = grown()
    log = GrowthLog(graph)
    node = int(log.table()["node"][log.table()["operation"] == "node"][3])
    page = show(graph)
    for later, ringed in ((0, True), (1, False)):
        page.evaluate("([i, k]) => setMoment(birthMoment[indexOf(i)] + k)", [node, later])
        settle(page)
        x, y = spot(page, node)
        near = pixels(page, round(x), round(y))
        assert (np.abs(near - NEW).sum(axis=1) < 30).any() == ringed


# ---- nodes --------------------------------------------------------------------------------------
def test_hover_and_click_tell_why_a_node_is_there(show):
    graph = grown()
    log = GrowthLog(graph)
    born = (log.table()["rule"] == "Insert") & (log.table()["operation"] == "node")
    node = int(log.table()["node"][born][7])
    graph.names[node] = "the one"
    page = show(graph)
    page.mouse.move(*spot(page, node))
    assert page.locator("#tip .name").inner_text() == "the one"
    assert "hidden · sum" in page.locator("#tip").inner_text()
    page.mouse.click(*spot(page, node))
    told = page.locator("#about").inner_text()
    for part in ("the one", "Insert", "lasting tension at ", "0.5 before", "reads", "step "):
        assert part in told, told
    parents = {f"node {p}" for p in graph.sources(node)[0]}
    links = page.locator("#about .kin").first.locator("button")
    assert set(links.all_inner_texts()) <= parents | {f"{p} (node {p})" for p in parents}
    name = links.first.inner_text()
    links.first.click()
    assert page.locator("#about h2").inner_text() == name
    page.mouse.click(stage(page)["x"] + 12, stage(page)["y"] + stage(page)["height"] - 12)
    assert "Click a node" in page.locator("#about").inner_text()


def test_a_crowd_is_opened_by_a_click_and_closed(show):
    graph = crowded()
    page = show(graph)
    parts = graph.groups["parts"]
    before = places(page)
    page.mouse.click(*spot(page, parts[0]))
    settle(page)
    assert page.evaluate("state.open.size") == 1
    assert places(page) == before  # nothing else moves
    assert "160 alike" in page.locator("#about").inner_text()
    spots = [spot(page, node) for node in parts[[0, 1, 13, 159]]]
    assert len(set(spots)) == 4
    page.mouse.click(*spots[2])
    assert page.locator("#about h2").inner_text() == "pixel 13"
    corner = page.evaluate(
        "() => { const b = block([...state.open][0]); return [b.left + b.wide - 10, b.top + 12]; }"
    )
    page.mouse.click(stage(page)["x"] + corner[0], stage(page)["y"] + corner[1])
    assert page.evaluate("state.open.size") == 0


def test_search_finds_by_name_and_number(show):
    graph = crowded()
    page = show(graph)
    page.keyboard.press("/")
    page.keyboard.type("pixel 15")
    assert page.locator("#found button").first.inner_text().startswith("pixel 15")
    assert page.locator("#found button").count() == 8
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator("#about h2").inner_text().startswith("pixel 15")
    page.fill("#search input", "162")
    page.keyboard.press("Enter")
    assert "number\n162" in page.locator("#about").inner_text().replace("\t", "\n")
    page.fill("#search input", "nowhere")
    assert "no node" in page.locator("#found").inner_text()


def test_search_goes_to_the_time_of_a_removed_node(show):
    graph = crowded()
    gone = int(np.setdiff1d(np.arange(graph.nodes.max()), graph.nodes)[0])
    page = show(graph)
    page.fill("#search input", str(gone))
    page.keyboard.press("Enter")
    settle(page)
    assert page.evaluate("i => here(indexOf(i))", gone)
    assert "removed" in page.locator("#about").inner_text()


# ---- the view -----------------------------------------------------------------------------------
def test_wheel_drag_buttons_and_keys_move_the_view(show):
    page = show(grown())
    box = stage(page)
    x, y = spot(page, 3)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -400)
    settle(page)
    zoom = page.evaluate("state.zoom")
    assert zoom > 1.5
    assert spot(page, 3) == pytest.approx((x, y), abs=0.5)  # what is under the mouse stays there
    middle = (box["x"] + box["width"] / 2, box["y"] + 20)
    drag(page, middle, (middle[0] - 70, middle[1] + 40))
    assert spot(page, 3) == pytest.approx((x - 70, y + 40), abs=0.5)
    page.click("#all")
    assert page.evaluate("[state.zoom, state.tx, state.ty]") == [1, 0, 0]
    page.click("#in")
    page.click("#out")
    page.evaluate("document.activeElement.blur()")
    for key, wanted in (("+", 1.3), ("-", 1), ("0", 1)):
        page.keyboard.press(key)
        assert page.evaluate("state.zoom") == pytest.approx(wanted)


def test_fingers_tap_and_pinch(show):
    graph = grown()
    page = show(graph, has_touch=True)
    page.touchscreen.tap(*spot(page, 3))
    assert page.evaluate("a.node[state.chosen.i]") == 3
    touch = page.context.new_cdp_session(page)
    x, y = spot(page, 3)

    def fingers(kind, apart):
        points = [] if apart is None else [{"x": x - apart, "y": y, "id": 1},
                                           {"x": x + apart, "y": y, "id": 2}]  # fmt: skip
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", 20)
    for apart in (30, 50, 60):
        fingers("touchMove", apart)
    fingers("touchEnd", None)
    settle(page)
    assert page.evaluate("state.zoom") > 1.8
    assert page.evaluate("a.node[state.chosen.i]") == 3


def test_many_units_are_neighbourhoods_until_it_is_zoomed_in(show):
    graph = Graph.random_dag(6000, 3, random_state=0)
    page = show(graph)
    assert page.evaluate("items.length") < 2000
    assert page.evaluate("items.every(it => it.c !== undefined)")
    assert page.evaluate("crowded().here.reduce((p, q) => p + q)") == 6000
    apart = page.evaluate(
        "Math.min(...items.map((p, k) => Math.min(...items.slice(0, k)"
        ".map(q => Math.hypot(p.x - q.x, p.y - q.y) - (p.r + q.r) + 4))))"
    )
    assert apart > 0  # marks do not overlap
    for _ in range(12):
        if page.evaluate("items.every(it => it.u !== undefined)"):
            break
        it = page.evaluate("items.find(it => it.x > 200 && it.y > 200)")
        page.mouse.click(stage(page)["x"] + it["x"], stage(page)["y"] + it["y"])
        settle(page)
    assert page.evaluate("items.length > 0 && items.every(it => it.u !== undefined)")
    page.fill("#search input", "4321")
    page.keyboard.press("Enter")
    settle(page)
    x, y = spot(page, 4321)
    page.mouse.move(x, y)
    assert page.locator("#tip .name").inner_text() == "node 4321"


def test_the_least_share_of_edges_is_set(show):
    page = show(Graph.random_dag(100, 8, random_state=0))
    settle(page)
    before = page.evaluate("state.drawn")
    page.locator("#least").fill("100")
    settle(page)
    assert 0 < page.evaluate("state.drawn") < before
    assert page.locator("#leastword").inner_text() == "100 %"


# ---- light and dark, colours --------------------------------------------------------------------
def ground(page):
    return np.rint(pixels(page, stage(page)["x"] + 4, stage(page)["y"] + 4, 1)[0]).tolist()


def test_light_and_dark(show):
    white, black = [255, 255, 255], [0x12, 0x16, 0x1C]
    page = show(grown())
    assert ground(page) == white
    page.click("#ground")
    settle(page)
    assert ground(page) == black
    assert ground(show(grown(), color_scheme="dark")) == black
    assert ground(show(grown(), color_scheme="dark", ask={"dark": False})) == white


def test_colours_tell_kind_rule_age_and_tension(show):
    graph = grown()
    tension = np.linspace(0, 1, graph.n_nodes)
    tension[2] = np.nan
    page = show(graph, ask={"tension": tension})
    assert page.locator("#colour").input_value() == "tension"
    assert "not known" in page.locator("#legend").inner_text()
    for value, part in (("rule", "Insert"), ("age", "first"), ("kind", "output")):
        page.select_option("#colour", value)
        assert part in page.locator("#legend").inner_text()
    assert page.locator("#legend .keys").first.inner_text().startswith("input")


# ---- odd graphs, odd names, other places --------------------------------------------------------
@pytest.mark.parametrize("size", [(390, 700), (800, 600), (1600, 900)])
def test_no_control_is_cut_off(show, size):
    page = show(grown(), width=size[0], height=size[1])
    for name in ("#ground", "#colour", "#least", "#search input", "#play", "#time", "#speed"):
        box = page.locator(name).bounding_box()
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= size[0], name
        assert 0 <= box["y"] <= size[1] - box["height"] + 0.5, name
    assert stage(page)["height"] > 0.35 * size[1]


def test_hostile_names_are_only_names(show):
    graph = crowded(HOSTILE)
    for node, name in enumerate(HOSTILE):
        graph.names[node] = name
    page = show(graph, ask={"title": HOSTILE[0]})
    for node in (0, 1, 6):
        page.evaluate("i => go(indexOf(i))", node)
        settle(page)
        assert page.locator("#about h2").inner_text().startswith(HOSTILE[node][:9])
    page.fill("#search input", "<img")
    assert "<img" in page.locator("#found").inner_text()
    assert page.evaluate("typeof pwned") == "undefined"
    assert page.locator("img").count() == 0
    assert page.locator("#title").inner_text() == HOSTILE[0]


def test_empty_one_node_and_no_log(show):
    for graph in (Graph(), Graph.from_edges(1, []), Graph.layered([2, 3, 1])):
        page = show(graph)
        assert page.evaluate("items.length") == graph.n_nodes
        assert page.locator("footer").is_hidden()
        for key in ("Space", "]", "[", "ArrowRight", "Escape", "0"):
            page.keyboard.press(key)
        settle(page)


def test_in_a_notebook_it_lives_in_a_frame(browser):
    graph = crowded()
    context = browser.new_context(viewport={"width": 1000, "height": 640})
    page = context.new_page()
    page.set_content(animate(graph)._repr_mimebundle_()["text/html"])
    frame = page.frame_locator("iframe")
    assert frame.locator("#title").inner_text() == "Graph"
    frame.locator("#play").click()
    assert frame.locator("#play").get_attribute("aria-label") == "pause"
    context.close()
