"""Acting by ontological inertia alone: the path to the intention that surprises least.

Its cost is the sum of -ln p(outcome) over single outcomes, whatever the others would bring. SimNet
acts by worth instead; this is what the two are compared with.
"""

import heapq

import numpy as np


def least_surprising(world):
    """The action, at each state from which the best end is known to be reached, of the least path.

    Parameters
    ----------
    world : growgraph.models._simnet.world.World

    Returns
    -------
    dict of key to int
    """
    into = _reached_from(world)
    queue = list(into.get(None, []))
    heapq.heapify(queue)
    found: dict = {}
    while queue:
        nats, state, action = heapq.heappop(queue)
        if state in found:
            continue
        found[state] = action
        node = int(world.state_id.all[state])
        for more, before, earlier in into.get(node, []):
            if before not in found:
                heapq.heappush(queue, (nats + more, before, earlier))
    return {world.keys[state]: action for state, action in found.items()}


def _reached_from(world):
    """Node -> (nats, state, action) that lead to it; None stands for ends of the largest reward."""
    counts, states = world.counts, set(world.state_id.all.tolist())
    into: dict[int | None, list[tuple[float, int, int]]] = {}
    for row, choice in enumerate(world.choice_id.all.tolist()):
        block, place = world.block(choice), int(counts.first.all[row])
        n, d = float(block.sum()), int(np.count_nonzero(block))
        alpha = counts.alpha if d > 1 else 0.0
        for count, node in zip(block.tolist(), world.graph.delayed_sources(choice)[0], strict=True):
            best = counts.reward.all[place] >= counts.rewards[1]
            place = int(counts.follow.all[place])
            if count > 0:
                p = (1 - counts.gain(int(n), d)) * (count + alpha / d) / (n + alpha)
                to = None if int(node) not in states and best else int(node)
                into.setdefault(to, []).append(
                    (-np.log(p), row // world.n_actions, row % world.n_actions)
                )
    return into
