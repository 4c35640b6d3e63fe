"""One answer in a scene: what took part is lit, the rest is faded."""

from dataclasses import replace

import numpy as np

FADED = 0.16  # opacity of what took no part
_FADED_EDGES = 250  # of the rest are drawn, at most


def light(scene, graph, answer, share=None):
    """A scene in which the marks and edges that took part in an answer are lit.

    Parameters
    ----------
    scene : Scene
    graph : Graph
        That the scene is of.
    answer : Answer
    share : float, optional
        Edges that hold less of the answer are not lit.

    Returns
    -------
    Scene
        With ``part`` of its marks and of its edges; ``least`` is a share of the answer now.
    """
    ids, edges, n = scene.ids, graph.edges(), scene.x.size
    least = answer.least if share is None else share
    part = np.bincount(scene.mark, answer.nodes, minlength=n)
    u, v = (scene.mark[np.searchsorted(ids, edges[end])] for end in ("source", "target"))
    held = answer.edges
    took = (held > 0) & (u != v)
    pairs, back = np.unique(u[took] * n + v[took], return_inverse=True)
    lit = np.bincount(back, held[took], minlength=pairs.size)
    weight = np.bincount(back, edges["weight"][took], minlength=pairs.size)
    late = np.bincount(back, edges["delay"][took] > 0, minlength=pairs.size) > 0
    shown = (lit >= least) & (lit > 0)
    pairs, lit, weight, late = pairs[shown], lit[shown], weight[shown], late[shown]
    rest = np.flatnonzero(~np.isin(scene.source * n + scene.target, pairs))
    rest = rest[np.argsort(-scene.share[rest], kind="stable")][:_FADED_EDGES]
    order = np.argsort(lit, kind="stable")  # the strongest on top
    lit, pairs, weight, late = lit[order], pairs[order], weight[order], late[order]
    ends = {  # marks that an edge lit joins, and the answer, are lit
        int(m) for m in (*(pairs // n), *(pairs % n), *scene.mark[answer.nodes == 1])
    }
    bright = np.isin(np.arange(n), list(ends))
    size = np.concatenate([scene.share[rest], lit / max(lit.max(initial=0), 1e-300)])
    return replace(
        scene, source=np.append(scene.source[rest], pairs // n),
        target=np.append(scene.target[rest], pairs % n),
        weight=np.append(scene.weight[rest], weight), share=size,
        late=np.append(scene.late[rest], late), least=least,
        part=np.where(bright, part, 0.0),
        edge_part=np.append(np.zeros(rest.size), lit), told=answer.text,
    )  # fmt: skip
