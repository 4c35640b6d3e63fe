"""Twin of kernels/transpose.py: each node asks its readers, from the last to the first."""

import numpy as np

from growgraph.kernels import codes
from growgraph.kernels.status import OK


def send_back(g, E, own, norm):
    for node in reversed(g.in_order()):
        if own[node.slot]:
            continue
        wanted, size = np.zeros(E.shape[1]), 0.0
        for reader in g.nodes.values():
            speaks = own[reader.slot] or norm[reader.slot] > 0
            if not speaks or reader.kind not in (codes.SUM, codes.MEAN):
                continue
            share = len(reader.edges) if reader.kind == codes.MEAN else 1
            for source, weight, _ in reader.edges:
                if source == node.id:
                    wanted += weight / share * E[reader.slot]
                    size += (weight / share) ** 2
        norm[node.slot] = size
        if size > 0:
            E[node.slot] = wanted / (1 + size)
    return OK
