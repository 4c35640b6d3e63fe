"""How much of an answer came through each node, path by path."""

CHOOSE = {
    "max": max,
    "min": min,
    "maxabs": lambda said: max(said, key=abs),
    "median": lambda said: sorted(said)[len(said) // 2],
}


def through(sources, value, kind, node):
    """Share of the answer of ``node`` that came through each node: the sum over all ways to it.

    ``sources[v]`` lists (u, weight); ``kind[v]`` is "sum", "product" or one of CHOOSE.
    """
    got = {node: 1.0}

    def back(v, share):
        parts = [abs(w * value[u]) for u, w in sources.get(v, ())]
        if kind[v] in CHOOSE and parts:
            said = [w * value[u] for u, w in sources[v]]
            best = said.index(CHOOSE[kind[v]](said))
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
