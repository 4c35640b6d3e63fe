"""Twin of kernels/grove.py, question.py and rehearse.py: one tree node, one sample at a time.

Lists of samples are Python lists while they are worked on.
"""

import math

import numpy as np

from growgraph._random import mix
from growgraph.kernels import codes, grove
from growgraph.kernels import question as q

PATIENCE, REST, BUDGET = 2, 100, 750
GAIN, SMALL, LARGE, LOOKED_AT, PAIRS, STEEP = 2.0, 64, 200, 128, 0.33, 1e6


class Dice:
    """Splitmix from a state that the seed, the sample and the purpose give."""

    golden = 0x9E3779B97F4A7C15

    def __init__(self, seed, sample, purpose):
        key = self._mixed(int(seed) + self.golden * (purpose + 1))
        self.state = self._mixed(key + self.golden * (int(sample) + 1))

    @staticmethod
    def _mixed(x):
        return int(mix(np.array([x % 2**64], np.uint64))[0])

    def unit(self):
        self.state = (self.state + self.golden) % 2**64
        return (self._mixed(self.state) >> 11) * 2.0**-53

    def below(self, n):
        return int(self.unit() * n)


class Tree:
    """Tree k of grove g_ over a Model and the arrays."""

    def __init__(self, model, G, g, k):
        self.m, self.G, self.g, self.k = model, G, g, k
        self.node, self.up, self.leaf = G.node[g], G.up[g], G.leaf[g]
        self.free, self.place, self.plan = G.free[g], G.place[min(g, 1), :, k], G.plan[g]

    # ---- where things are ----
    def slot(self, v):
        if v < q.ROOTS:
            return int(self.G.one[0])
        return int(self.G.slots[self.g, (v - q.ROOTS) // 2, (v - q.ROOTS) % 2])

    def sides(self, v):
        u = int(self.node[q.KID, v])
        return None if u < 0 else (q.ROOTS + 2 * u, q.ROOTS + 2 * u + 1)

    def above(self, v):
        return -1 if v < q.ROOTS else int(self.up[(v - q.ROOTS) // 2])

    def next(self, v, x):
        """The side of v that x comes to, by the edges of the node that asks."""
        asks = self.m.slots[self.slot(self.sides(v)[0])]
        column = self.G.column
        value = asks.bias
        for source, weight, _ in asks.edges[1:]:
            value += weight * x[column[self.m.nodes[source].slot]]
        return self.sides(v)[0 if value > 0 else 1]

    # ---- lists ----
    def listed(self, v):
        out, s = [], int(self.node[q.HEAD, v])
        while s >= 0:
            out.append(s)
            s = int(self.place[q.NEXT, s])
        return out

    def write_list(self, v, samples):
        """Let leaf v list these, and no other."""
        ends = [-1, *samples, -1]
        self.node[q.HEAD, v] = ends[1]
        for i, s in enumerate(samples):
            self.place[:, s] = ends[i + 2], ends[i], v

    def reach(self, v):
        """Samples and units below v, yes first taken last, as a stack gives them."""
        stack, samples, units = [v], [], []
        while stack:
            at = stack.pop()
            if self.sides(at) is None:
                samples += self.listed(at)
            else:
                units.append(int(self.node[q.KID, at]))
                stack += self.sides(at)
        return samples, units

    # ---- what leaves say ----
    def speak(self, v):
        n, classes, trees = self.node[q.COUNT, v], self.leaf.shape[1], self.plan[q.TREES]
        if v < q.ROOTS:
            return self.speak_roots()
        for c, vote in enumerate(self.G.votes[self.g]):
            said = (self.leaf[v, c] + q.PRIOR / classes) / (n + q.PRIOR) / trees
            self.m.slots[int(vote)].edges[v - q.ROOTS][1] = said

    def speak_roots(self):
        classes, trees = self.leaf.shape[1], int(self.plan[q.TREES])
        for c, vote in enumerate(self.G.votes[self.g]):
            roots = [k for k in range(trees) if self.node[q.KID, k] < 0]
            said = [(self.leaf[k, c] + q.PRIOR / classes) / (self.node[q.COUNT, k] + q.PRIOR)
                    for k in roots]  # fmt: skip
            self.m.slots[int(vote)].bias = sum(said) / trees

    def hush(self, v):
        self.leaf[v] = 0
        for vote in self.G.votes[self.g] if v >= q.ROOTS else ():
            self.m.slots[int(vote)].edges[v - q.ROOTS][1] = 0.0

    # ---- edges ----
    def lay(self, slot, sources, weights, bias):
        node = self.m.slots[slot]
        ids = [self.m.slots[s].id for s in sources]
        node.edges = [[i, float(w), 0.0] for i, w in zip(ids, weights)]
        node.bias = float(bias)
        pairs = list(zip(ids, weights))
        self.m.record(codes.OP_REWIRE, node.id, birth=(bias, node.p0, node.p1), parents=pairs)

    def let_go(self, u):
        for side in range(2):
            self.lay(int(self.G.slots[self.g, u, side]), [], [], 0.0)
            self.node[:, q.ROOTS + 2 * u + side] = -1, 0, -1, 0
        self.up[u] = -1
        self.free[self.plan[q.FREE]] = u
        self.plan[q.FREE] += 1

    def ask(self, v, u, question):
        j, j2, omega, bias = question
        yes, no = (int(s) for s in self.G.slots[self.g, u])
        sources, weights = [self.slot(v), int(self.G.inputs[j])], [1.0, 1.0]
        if j2 >= 0:
            sources, weights = [*sources, int(self.G.inputs[j2])], [*weights, omega]
        self.lay(yes, sources, weights, bias)
        self.lay(no, [self.slot(v), yes], [1.0, -1.0], 0.0)
        self.node[q.KID, v], self.up[u] = u, v

    def rehang(self, v, u):
        for side in range(2):
            slot = int(self.G.slots[self.g, u, side])
            held = self.m.slots[slot]
            sources = [self.m.nodes[e[0]].slot for e in held.edges]
            self.lay(slot, [self.slot(v), *sources[1:]], [e[1] for e in held.edges], held.bias)
        self.up[u] = v

    # ---- forgetting ----
    def forget(self, s, label):
        v = int(self.place[q.LEAF, s])
        if v < 0:
            return
        held = (self.place[q.NEXT, s], self.place[q.PREV, s])
        self.write_list(v, [i for i in self.listed(v) if i != s])
        self.place[:, s] = *held, -1  # what stands there of old neighbours means nothing
        self.leaf[v, label] -= 1
        at = v
        while at >= 0:
            self.node[q.COUNT, at] -= 1
            at = self.above(at)
        if v >= q.ROOTS and self.node[q.COUNT, v] == 0:
            self._prune(v)
        else:
            self.speak(v)

    def _prune(self, v):
        u, top = (v - q.ROOTS) // 2, self.above(v)
        other = sum(self.sides(top)) - v
        self.hush(v)
        kid = int(self.node[q.KID, other])
        self.node[q.KID, top] = kid
        if kid >= 0:
            self.rehang(top, kid)
        else:
            self.node[q.WAIT, top] = self.node[q.WAIT, other]
            self.write_list(top, self.listed(other))
            self.leaf[top] = self.leaf[other]
        self.hush(other)
        self.let_go(u)
        if kid < 0:
            self.speak(top)

    def drop(self):
        samples, units = self.reach(self.k)
        self.place[q.LEAF, samples] = -1
        self.hush(self.k)
        for u in sorted(units, reverse=True):
            self.hush(q.ROOTS + 2 * u)
            self.hush(q.ROOTS + 2 * u + 1)
            self.let_go(u)
        self.node[:, self.k] = -1, 0, -1, 0

    # ---- learning ----
    def arrive(self, x, s, slow, dice):
        """The node to be asked anew, or -1, and why."""
        v, anew, label = self.k, -1, self.G.labels[s]
        while True:
            self.node[q.COUNT, v] += 1
            if self.sides(v) is None:
                break
            rarity = slow * (0.5 if v < q.ROOTS else 8)
            if anew < 0 and dice.unit() < 1 / (rarity * (self.node[q.COUNT, v] + 1)):
                anew = v
            v = self.next(v, x)
        self.write_list(v, [s, *self.listed(v)])
        self.leaf[v, label] += 1
        self.speak(v)
        n = self.node[q.COUNT, v]
        if anew >= 0:
            return anew, grove.ANEW
        if n >= self.plan[q.LEAST] and self.leaf[v, label] < n:
            self.node[q.WAIT, v] += 1
            return v if self.node[q.WAIT, v] >= PATIENCE else -1, grove.DISAGREE
        return -1, grove.DISAGREE

    def least(self, slow):
        used = self.up.size - self.plan[q.FREE] - self.plan[q.UNBORN]
        share = slow * used / BUDGET
        return min(int(self.plan[q.LEAST] * max(1.0, 4 * share**2 if share > 1 else 1.0)), 64)

    def regrow(self, v, slow, dice):
        """0, or how many units are missing."""
        samples, units = self.reach(v)
        asked, nodes = imagine(self.G, samples, self.least(slow), dice)
        above, was_leaf = -1 if v < q.ROOTS else (v - q.ROOTS) // 2, not units
        free = self.free[: self.plan[q.FREE]].tolist()
        higher = sorted(u for u in free if u > above)
        missing = len(asked) - len(units) - len(higher)
        if missing > 0:
            return missing
        for at in [v, *(q.ROOTS + 2 * u + side for u in units for side in range(2))]:
            self.hush(at)
        taken = higher[: max(len(asked) - len(units), 0)]
        for u in taken:
            self.plan[q.FREE] -= 1
            i, n = free.index(u), self.plan[q.FREE]
            self.free[i:n] = self.free[i + 1 : n + 1].copy()
            free.remove(u)
        units = sorted(units + taken)
        for u in reversed(units[len(asked) :]):
            self.let_go(u)
        for code, here, question in nodes:
            at = v if code < 0 else q.ROOTS + 2 * units[code // 2] + code % 2
            self.node[:, at] = -1, len(here), -1, 0
            if question >= 0:
                self.ask(at, units[question], asked[question])
                continue
            self.write_list(at, here[::-1])
            self.leaf[at] = np.bincount(self.G.labels[here], minlength=self.leaf.shape[1])
            if at >= q.ROOTS:
                self.speak(at)
        if not asked and was_leaf:
            self.wait_longer(v)
        if v < q.ROOTS:
            self.speak_roots()
        return 0

    def wait_longer(self, v):
        if self.sides(v) is None:
            self.node[q.WAIT, v] = -min(self.node[q.COUNT, v] // 2, REST)


# ---- imagining ----------------------------------------------------------------------------------
def imagine(G, samples, least, dice):
    """Questions (j, j2, omega, bias) and nodes (code, samples, question) of a subtree."""
    asked, nodes, stack = [], [], [(-1, list(samples))]
    while stack:
        code, here = stack.pop()
        question, parts = None, ([], [])
        if len(here) >= least and len(set(G.labels[here].tolist())) > 1:
            question, told = _best(G, here, dice)
            if told < GAIN and len(here) < SMALL:
                question = None
        if question:
            here, parts = _parted(G, here, question)
        if not parts[0] or not parts[1]:
            nodes.append((code, here, -1))
            continue
        nodes.append((code, here, len(asked)))
        stack += [(2 * len(asked) + 1, parts[1]), (2 * len(asked), parts[0])]
        asked.append(question)
    return asked, nodes


def _value(G, question, s):
    j, j2, omega, bias = question
    return bias + G.ring[j, s] + (omega * G.ring[j2, s] if j2 >= 0 else 0.0)


def _parted(G, here, question):
    """Those that say yes first, each exchanged with the last that was not asked yet."""
    here, i, end = list(here), 0, len(here)
    while i < end:
        if _value(G, question, here[i]) > 0:
            i += 1
        else:
            end -= 1
            here[i], here[end] = here[end], here[i]
    return here, (here[:i], here[i:])


def _best(G, here, dice):
    d, best, most = len(G.ring), None, -1.0
    tries = max(4, min(d, 6 + d // 3)) * (2 if len(here) >= LARGE else 1)
    looked = here[:: max(1, len(here) // LOOKED_AT)]
    for _ in range(tries):
        question = _draw(G, here, dice)
        if question:
            told = _gain(G, looked, question)
            if told > most:
                best, most = question, told
    return best, most


def _nat(n):
    return n * np.log(n) if n else 0.0


def _gain(G, looked, question):
    says = [s for s in looked if _value(G, question, s) > 0]
    classes = G.leaf.shape[2]
    whole = np.bincount(G.labels[looked], minlength=classes).tolist()
    yes = np.bincount(G.labels[says], minlength=classes).tolist()
    told = _nat(len(looked)) - _nat(len(says)) - _nat(len(looked) - len(says))
    for a, b in zip(yes, whole):
        told += _nat(a) + _nat(b - a) - _nat(b)
    return told


def _pair(G, here, dice):
    a = here[dice.below(len(here))]
    for _ in range(8):
        b = here[dice.below(len(here))]
        if G.labels[b] != G.labels[a]:
            return a, b
    first = dice.below(len(here))
    others = [b for b in here[first:] + here[:first] if G.labels[b] != G.labels[a]]
    return a, others[0]


def _draw(G, here, dice):
    a, b = _pair(G, here, dice)
    d, A, B = len(G.ring), G.ring[:, a], G.ring[:, b]
    drawn = (dice.below(d) for _ in range(6))
    j = next((i for i in drawn if A[i] != B[i]), -1) if d else -1
    if j < 0:
        return None
    j2, omega = -1, 0.0
    if d > 1 and dice.unit() < PAIRS:
        i = dice.below(d)
        other, one = A[i] - B[i], A[j] - B[j]
        if i != j and other != 0 and abs(other) < STEEP * abs(one):
            j2, omega = i, other / one
    ends = sorted(x[j] + (omega * x[j2] if j2 >= 0 else 0.0) for x in (A, B))
    edge = ends[0] + dice.unit() * (ends[1] - ends[0])
    if not ends[0] < ends[1] or math.isnan(edge):
        return None
    return j, j2, omega, -min(edge, ends[1])
