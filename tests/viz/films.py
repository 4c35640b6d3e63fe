"""Graphs with a history for the tests of the player, and what a page holds, read back."""

import base64
import json
import re

import numpy as np

from growgraph import Graph, GrowthController
from growgraph.growth import NewNode, Proposal

HOSTILE = ["</script><script>pwned=1</script>", "<img src=x onerror=pwned=1>", "<!--", "&lt;&amp;",
           "\u2028\u2029", "\ud800", "漢字の長い名前" * 9, "‮evil", "'\"`${pwned=1}"]  # fmt: skip


def grown(steps=12, seed=0):
    """A graph grown by rules, with splits, rewirings, removals and delayed edges."""
    rng = np.random.default_rng(seed)
    graph = Graph.layered([3, 2], random_state=0)
    controller = GrowthController()
    graph.record()
    for step in range(1, steps + 1):
        able = np.setdiff1d(graph.nodes, graph.outputs)
        sources = tuple(rng.choice(able, 2, replace=False).tolist())
        proposal = Proposal(1.0, (NewNode(sources, (1.0, -1.0)),), ((-1, 3 + step % 2, 0.5),))
        cause = {"rule": "Insert", "cause": "lasting tension", "node": 4, "tension": 0.5}
        controller.grow(graph, proposal, step=step, **cause)
        if step % 4 == 0:
            split = (int(graph.sources(3)[0][0]), 3, 0.0, 2.0, -1.5, "tanh")
            proposal = Proposal(1.0, split=split)
            controller.grow(graph, proposal, rule="Split", cause="test", node=3, step=step)
    graph.add_edge(4, 3, 0.5, delay=1)
    graph.add_edge(6, 6, 0.5, delay=1)
    graph.rewire(int(graph.nodes[-1]), graph.inputs[:2])
    graph.remove_edge(*graph.edges()[0][["source", "target"]].tolist())
    graph.remove_node(int(graph.nodes[6]))
    graph.prune(0.3)
    return graph


def crowded(names=("aspect",)):
    """A graph of more than 150 nodes, with crowds that are there, grow and lose members."""
    graph = Graph()
    graph.record()
    parts = graph.add_inputs(160, names=[f"pixel {i}" for i in range(160)])
    graph.groups["parts"] = parts
    for c in range(3):
        graph.set_cause("a new class", rule="NewClass", step=5 * c + 1, node=int(parts[c]))
        first = graph.add_nodes(12, sources=parts[:4], weights="normal", random_state=c)
        graph.set_cause("misfit", rule="Aspect", step=5 * c + 2, tension=0.25 * c)
        more = graph.add_nodes(6, sources=parts[:4], weights="normal", random_state=9 + c)
        graph.add_outputs(1, sources=np.append(first, more[:2]), names=[f"class {c}"])
        graph.groups[f"concept/{c}"] = np.append(first, more)
        graph.names[int(first[0])] = f"{c}: {names[c % len(names)]}"
    graph.remove_node(int(graph.groups["concept/1"][3]))
    graph.remove_edge(int(parts[0]), int(graph.groups["concept/0"][0]))
    graph.set_cause("")
    return graph


def read(page):
    """Arrays and words of a page, decoded without the code that wrote them."""
    text = re.search(r'<script type="application/json" id="film">(.*?)</script>', page, re.S)[1]
    film = json.loads(text)
    arrays = {}
    for name, held in film["arrays"].items():
        kind = np.dtype("<" + held["t"])
        if "b" in held:
            arrays[name] = np.frombuffer(base64.b64decode(held["b"]), kind)
        else:
            value = np.nan if held["v"] is None else held["v"]
            arrays[name] = np.full(held["n"], value, kind)
        assert arrays[name].size == held["n"]
    return {k: v.astype(v.dtype if v.dtype.kind == "f" else np.int64) for k, v in arrays.items()}, (
        film["words"])  # fmt: skip


def nodes_at(arrays, time):
    """Ids of the nodes a page shows after so many events."""
    return arrays["node"][(arrays["birth"] <= time) & (time <= arrays["gone"])]


def edges_at(arrays, time, name):
    """Sorted (source, target, late) of edges ("edge", by id) or links ("link", by unit)."""
    there = (arrays[f"{name}_birth"] <= time) & (time <= arrays[f"{name}_gone"])
    ends = [arrays[f"{name}_{end}"][there] for end in ("source", "target")]
    late = arrays[f"{name}_flags"][there] // 2
    return sorted(zip(*(e.tolist() for e in ends), late.tolist(), strict=True))
