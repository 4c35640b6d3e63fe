"""What pictures cost, in CPU seconds of one thread: python .ci/pictures.py.

Redraws are counted in headless Chromium where Playwright and a browser are found.
"""

import os
import re
import shutil
import sys
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")
sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

import growgraph
from growgraph import Graph
from growgraph.viz.layout import positions

mpl.use("agg")
CROSSED = 6
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ADDRESS = re.compile(r"""(?:src|href|url\()\s*=?\s*["']?\s*(?:https?:)?//""")
FRAMES = """async how => {
  const canvas = document.querySelector("#graph"), box = canvas.getBoundingClientRect();
  const at = {clientX: box.x + box.width / 2, clientY: box.y + box.height / 2, bubbles: true,
              pointerId: 1, buttons: 1, button: 0};
  const kinds = kind => kind === "wheel" ? WheelEvent : PointerEvent;
  const fire = (kind, more) => canvas.dispatchEvent(new (kinds(kind))(kind, {...at, ...more}));
  if (how === "drag") fire("pointerdown", {});
  const first = frames, start = performance.now();
  for (let i = 0; performance.now() - start < 3000; i++) {
    if (how === "zoom") fire("wheel", {deltaY: i % 40 < 20 ? -30 : 30, cancelable: true});
    else fire("pointermove", {clientX: at.clientX + 60 * Math.sin(i / 9)});
    await new Promise(requestAnimationFrame);
  }
  if (how === "drag") fire("pointerup", {});
  return (frames - first) / (performance.now() - start) * 1000;
}"""


def grown(nodes, events, upto=None):
    """A graph of so many nodes that grew in so many steps, each node reading three older ones.

    ``upto``: what it was after so many of the steps.
    """
    rng, graph = np.random.default_rng(0), Graph()
    graph.record()
    graph.add_inputs(20)
    born = np.array_split(np.arange(20, nodes), events)
    for step, members in enumerate(born[:upto], 1):
        graph.set_cause("lasting tension", rule=f"Rule{step % 5}", step=step, node=0, tension=0.5)
        for node in members.tolist():
            sources = np.unique(rng.integers(max(0, node - 2000), node, 3))
            graph.add_node(sources, weights=rng.normal(size=sources.size))
    return graph


def seconds(call):
    """CPU seconds of the quicker of two calls, and what the last gave."""
    spent = []
    for _ in range(2):
        start = time.process_time()
        found = call()
        spent.append(time.process_time() - start)
    return min(spent), found


def moved(graph, later):
    """Mean distance that nodes moved while a graph grew."""
    ids, before = positions(graph)
    again, after = positions(later)
    return float(np.abs(after[np.isin(again, ids)] - before).mean())


def crossings():
    """Mean share of crossing pairs of edges in the graphs of the test: ours, networkx's spring."""
    import networkx as nx

    from tests.naive.cross import crossing
    from tests.viz.films import grown as film

    found = []
    for seed in range(CROSSED):
        graph = film(40, seed)
        ids, xy = positions(graph)
        edges = graph.edges()
        edges = edges[edges["delay"] == 0]
        pairs = list(zip(edges["source"].tolist(), edges["target"].tolist(), strict=True))
        net = nx.Graph(pairs)
        net.add_nodes_from(ids.tolist())
        spring = nx.spring_layout(net, seed=0)
        slots = dict(zip(ids.tolist(), xy.tolist(), strict=True))
        found.append((crossing(slots, pairs), crossing(spring, pairs)))
    return np.mean(found, axis=0)


def redraws(graph):
    """Redraws a second while it is zoomed and dragged, by name; nothing without a browser."""
    path = next((p for name in BROWSERS if (p := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        path = None
    if path is None:
        return {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        page_file = os.path.join(folder, "growth.html")
        growgraph.animate(graph).save(page_file)
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1000, "height": 640})
        page.goto("file://" + page_file)
        page.wait_for_timeout(500)
        found = {how: page.evaluate(FRAMES, how) for how in ("zoom", "drag")}
        browser.close()
    return found


def main():
    """Print the figures."""
    graph = grown(10_000, 500)
    spent, player = seconds(lambda: growgraph.animate(graph))
    size = len(player.html.encode()) / 1e6
    print(f"player, 10,000 nodes in 500 steps: {spent:.2f} s, {size:.2f} MB, "
          f"{len(ADDRESS.findall(player.html))} addresses of anything else")  # fmt: skip
    print(f"crossings of {CROSSED} grown graphs: slots {crossings()[0]:.3f}, "
          f"networkx spring {crossings()[1]:.3f}")  # fmt: skip
    large = grown(100_000, 500)

    def picture():
        figure = Figure(figsize=(8, 4.8))
        growgraph.plot(large, figure.add_axes((0, 0, 1, 1)))
        figure.savefig(os.devnull, format="png", dpi=100)

    print(f"plot, 100,000 nodes, drawn and saved: {seconds(picture)[0]:.2f} s")
    still = moved(grown(2_000, 200, upto=100), grown(2_000, 200))
    print(f"mean move of old nodes, 2,000 nodes after half of the steps: {still}")
    for how, n in redraws(grown(2_000, 200)).items():
        print(f"redraws a second at 2,000 nodes, {how}: {n:.0f}")


if __name__ == "__main__":
    main()
