"""Twin of kernels/rewire.py: the list of in-edges is replaced; a refused call changes nothing."""

from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels.status import BAD_TARGET, CYCLE, DEAD_ID, DUPLICATE, OK, SELF_LOOP
from tests.naive.order import fix


def rewire(g, node, sources, weights, bias):
    if node not in g.nodes:
        return DEAD_ID
    if g.nodes[node].kind == codes.INPUT:
        return BAD_TARGET
    for i, source in enumerate(sources):
        if source not in g.nodes:
            return DEAD_ID
        if source == node:
            return SELF_LOOP
        if source in list(sources)[:i]:
            return DUPLICATE
    before = list(g.order)
    for source in sources:
        if fix(g, source, node) != OK:
            g.order = before
            return CYCLE
    held = g.nodes[node]
    held.edges = [[int(s), float(w), 0.0] for s, w in zip(sources, weights)]
    held.bias = float(bias)
    birth = (bias, held.p0, held.p1)
    g.record(codes.OP_REWIRE, node, birth=birth, parents=zip(sources, weights))
    return OK


def rewire_again(g, rows, biases, first, parents, weights):
    for row, bias in zip(rows, biases):
        part = slice(row[h.EV_OFFSET] - first, row[h.EV_OFFSET] - first + row[h.EV_COUNT])
        status = rewire(g, int(row[h.EV_NODE]), parents[part].tolist(), weights[part], bias)
        if status != OK:
            return status
    return OK
