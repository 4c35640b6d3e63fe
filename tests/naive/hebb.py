"""Twin of kernels/hebb.py: edge by edge, as the rules are written down."""

import numpy as np

from growgraph.kernels import codes
from growgraph.kernels.status import OK
from tests.naive import activation

PROTOTYPES = (codes.MATCH, codes.COSINE)


def resonate(g, V, S, gate, rate, decay):
    for node in g.nodes.values():
        if node.kind == codes.INPUT or gate[node.slot] == 0:
            continue
        post = S[node.slot]
        for edge in node.edges:
            pre = V[g.nodes[edge[0]].slot]
            keep = post.mean() if node.kind in PROTOTYPES else decay
            d = (pre * post).mean() - keep * edge[1]
            agrees = d * edge[1] > 0
            edge[1] += rate * gate[node.slot] * d / (1 + edge[2])
            edge[2] = edge[2] + 1 if agrees else edge[2] / 2
    return OK


def follow(g, V, T, gate, rate):
    for node in g.nodes.values():
        if node.kind != codes.SUM or gate[node.slot] == 0:
            continue
        X = V[[g.nodes[i].slot for i in node.sources]]
        w = np.array([edge[1] for edge in node.edges])
        for x, t in zip(X.T, T[node.slot]):
            answer = activation.activate(node.act, w @ x + node.bias, node.p0, node.p1)
            step = rate * gate[node.slot] * (t - answer) / (1 + x @ x)
            w = w + step * x
            node.bias += step
        for edge, weight in zip(node.edges, w):
            edge[1] = float(weight)
    return OK
