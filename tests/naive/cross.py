"""Edge crossings of a drawing, pair by pair."""


def _side(a, b, c):
    """Positive, zero or negative: c left of, on, or right of the line from a to b."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def crossing(place, edges):
    """Share of the pairs of edges without a common end that cross as straight lines.

    ``place`` maps nodes to (x, y), ``edges`` lists (u, v). Touching is not crossing.
    """
    crossed = pairs = 0
    for i, (a, b) in enumerate(edges):
        for c, d in edges[:i]:
            if len({a, b, c, d}) < 4:
                continue
            pairs += 1
            p, q, r, s = place[a], place[b], place[c], place[d]
            apart = _side(p, q, r) * _side(p, q, s) < 0
            crossed += apart and _side(r, s, p) * _side(r, s, q) < 0
    return crossed / pairs if pairs else 0.0
