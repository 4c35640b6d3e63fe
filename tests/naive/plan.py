"""Twin of kernels/plan.py: plain value iteration, all nodes again and again until nothing moves."""

import numpy as np

from growgraph.kernels import codes
from growgraph.kernels.status import OK

GATHER = {codes.SUM: sum, codes.MAX: max, codes.MIN: min}


def worth(g, node, V, curious, hope):
    """A node's value by those of its sources."""
    terms = [weight * V[g.nodes[source].slot] for source, weight, _ in node.edges]
    value = node.bias + (GATHER[node.kind](terms) if terms else 0)
    value += sum(weight * V[g.nodes[source].slot] for source, weight, *_ in node.late)
    if curious and node.kind == codes.SUM:
        value = (1 - node.p0) * value + node.p0 * hope
    return value


def fixed_point(g, V, changed, curious, hope, tol, most):
    nodes = [node for node in g.in_slot_order() if node.kind != codes.INPUT]
    moved = np.inf
    while moved > 1e-12:
        before = V.copy()
        for node in nodes:
            V[node.slot] = worth(g, node, before, curious, hope)
        moved = np.abs(V - before).max(initial=0)
    return 0


def expect(g, choices, first, follow, reward, nu, alpha, gamma, dread, wanted):
    for choice, place in zip(choices, first):
        node = g.nodes[choice]
        rewards = []
        while place >= 0 and len(rewards) < len(node.late):
            rewards.append(reward[place])
            place = follow[place]
        live = [k for k, edge in enumerate(node.late) if edge[2] > 0]
        counts = [node.late[k][2] for k in live]
        n, d = sum(counts), len(live)
        if d == 0:
            node.bias, node.p0 = dread if wanted else 0.0, 1.0
            continue
        chance = {
            k: 1.0 if d == 1 else (count + alpha / d) / (n + alpha)
            for k, count in zip(live, counts)
        }
        for k, edge in enumerate(node.late):
            edge[1] = gamma * chance.get(k, 0.0)
        node.bias = sum(p * rewards[k] for k, p in chance.items()) if wanted else 0.0
        node.p0 = nu[min(int(n), nu.shape[0] - 1), min(d, nu.shape[1] - 1)]
    return OK
