"""How much of an answer came through each node, path by path."""


def through(sources, value, kind, node):
    """Share of the answer of ``node`` that came through each node: the sum over all ways to it.

    ``sources[v]`` lists (u, weight); ``kind[v]`` is "sum", "max" or "product".
    """
    got = {node: 1.0}

    def back(v, share):
        parts = [abs(w * value[u]) for u, w in sources.get(v, ())]
        if kind[v] == "max" and parts:
            best = max(range(len(parts)), key=lambda i: sources[v][i][1] * value[sources[v][i][0]])
            parts = [float(i == best) for i in range(len(parts))]
        elif kind[v] == "product":
            parts = [1.0] * len(parts)
        for (u, _), part in zip(sources.get(v, ()), parts, strict=True):
            if part > 0:
                mine = share * part / sum(parts)
                got[u] = got.get(u, 0.0) + mine
                back(u, mine)

    back(node, 1.0)
    return got
