"""Twin of kernels/council.py, prototype.py and recursive.py: the formulas, sample by sample."""

import math

import numpy as np

from growgraph.kernels import council as places
from growgraph.kernels import grove
from growgraph.kernels import prototype as p
from growgraph.kernels import question as q
from tests.naive.dormant import Sleepers
from tests.naive.grove import Dice, Tree
from tests.naive.resonet import follow

EVIDENCE, PROTOTYPES, RECENT, STEADY = 0, 1, 2, 4
FADING = math.log(0.997)
PARTS = ANSWER, BIRTH, TURN, TREES, REGROW = range(5)


def sharpness(n):
    return 4.0 if n < 500 else 6.0


class Council(Sleepers):
    """All arguments of a pass, and what follows from them."""

    def __init__(self, g, ctl, G, C, L, T, D=None, R=None):
        g.slots = {node.slot: node for node in g.nodes.values()}
        self.g, self.ctl, self.G, self.C, self.L, self.T = g, ctl, G, C, L, T
        self.D, self.R = D, R

    @property
    def n(self):
        return int(self.ctl[places.N])

    def has(self, voter):
        return self.T.prior[voter] > 0

    def voters(self):
        return [k for k in range(places.VOTERS) if self.has(k)]

    def tree(self, g, k):
        return Tree(self.g, self.G, g, k)

    # ---- asking ----
    def opinions(self, x, said):
        P = np.zeros((places.VOTERS, said.size))
        if self.has(EVIDENCE):
            seen = said if np.isfinite(said).any() else np.zeros(said.size)
            P[EVIDENCE] = softmax(seen)
        if self.has(PROTOTYPES):
            P[PROTOTYPES] = 1e-6
            L = self.loudness(x)[0]
            for i in np.flatnonzero(L - L.max(initial=-np.inf) > -30):
                P[PROTOTYPES, self.C.owner[i]] += math.exp(L[i] - L.max())
            P[PROTOTYPES] /= P[PROTOTYPES].sum()
        for i in range(2):
            if self.has(RECENT + i):
                P[RECENT + i] = softmax(sharpness(self.n) * (self.heard(x) @ self.L.B[i]))
        for g in range(places.GROVES):
            if self.has(STEADY + g):
                P[STEADY + g] = self.trees_say(g, x)
        return P

    def trees_say(self, g, x):
        votes = [self.g.slots[int(v)] for v in self.G.votes[g]]
        out = np.array([vote.bias for vote in votes])
        for k in range(int(self.G.plan[g, q.TREES])):
            tree, v = self.tree(g, k), k
            while tree.sides(v):
                v = tree.next(v, x)
            if v >= q.ROOTS:
                out += [vote.edges[v - q.ROOTS][1] for vote in votes]
        return out

    def mixed(self, P):
        return sum(self.T.said[k] * P[k] for k in self.voters())

    # ---- prototypes ----
    def mean(self, i):
        return np.array([e[1] for e in self.g.slots[int(self.C.slots[i, 0])].edges])

    def loudness(self, x):
        """Log Student kernel of each prototype, and its squared distance a dimension."""
        d, n = x.size, int(self.ctl[places.CONCEPTS])
        L, away = np.zeros(n), np.zeros(n)
        for i in range(n):
            r2 = ((x - self.mean(i)) ** 2).sum()
            s2, away[i] = self.C.traits[i, p.WIDTH], r2 / max(d, 1)
            L[i] = self.g.slots[int(self.C.slots[i, 2])].bias - (2 + d) / 2 * math.log(
                1 + r2 / (2 * s2)
            )
            L[i] += (self.n - int(self.ctl[places.EPOCH])) * FADING
        return L, away

    def strength(self, i, t):
        return self.C.traits[i, p.STRENGTH] + (t - self.C.traits[i, p.SINCE]) * FADING

    def learn_prototype(self, x, label, P):
        """True if one must be born."""
        L, away = self.loudness(x)
        mine = [i for i in range(L.size) if self.C.owner[i] == label]
        best = max(mine, key=lambda i: L[i], default=-1)
        if best < 0 or away[best] >= 4 * self.C.traits[best, p.WIDTH]:
            return True
        self.move(best, x, away[best])
        self.write_prototype(best)
        return int(np.argmax(P)) != label

    def move(self, i, x, r2):
        traits, d, u = self.C.traits[i], x.size, x - self.mean(i)
        U, s2 = traits[p.MEMORY :], traits[p.WIDTH]
        length, other = np.linalg.norm(u), np.linalg.norm(U)
        cosine = u @ U / (length * other) if length > 0 and other > 0 else 0.0
        N = math.exp(self.strength(i, self.n)) + 1
        A = min(max(traits[p.PLASTIC] * math.exp(0.5 * cosine), 0.03), 0.5)
        rate = min(0.9, max(1 / N, A) * min(3, (2 + d) / (2 + r2 * d / s2)))
        U[:] = 0.5 * U + (0.5 * u / length if length > 0 else 0)
        for edge, step in zip(self.g.slots[int(self.C.slots[i, 0])].edges, rate * u):
            edge[1] += step
        s2 += max(1 / N, 0.05) * (min(r2, 4 * s2) - s2)
        traits[: p.MEMORY] = math.log(N), self.n, max(s2, 1e-3), A

    def bear_prototype(self, x, label):
        """False if its node is not there yet."""
        n, t = int(self.ctl[places.CONCEPTS]), self.n
        room = n < len(self.C.traits)
        there = room and self.C.slots[n, 0] >= 0
        if room and not there and not self.ctl[places.FULL]:
            return False
        if n == 0 and not there:
            return True
        i = n if there else min(range(n), key=lambda j: self.strength(j, t))
        self.ctl[places.CONCEPTS] += there
        for edge, value in zip(self.g.slots[int(self.C.slots[i, 0])].edges, x):
            edge[1] = value
        self.C.traits[i] = 0
        self.C.traits[i, : p.MEMORY] = 0, t, 0.15, 0.15
        self.C.owner[i] = label
        self.write_prototype(i)
        return True

    def write_prototype(self, i):
        match, _, strength = (self.g.slots[int(s)] for s in self.C.slots[i, :3])
        s2, d = self.C.traits[i, p.WIDTH], self.C.traits.shape[1] - p.MEMORY
        match.p0 = math.sqrt(s2)
        strength.bias = self.strength(i, int(self.ctl[places.EPOCH])) - d / 2 * math.log(s2)
        for c, slot in enumerate(self.C.sums):
            self.g.slots[int(slot)].edges[i][1] = float(self.C.owner[i] == c)

    # ---- readouts ----
    def heard(self, x):
        return np.append(1, x)[: self.L.A.shape[1]]

    def learn_readout(self, i, x, label):
        A, B, keep = self.L.A[i], self.L.B[i], (0.997, 0.9999)[i]
        x = self.heard(x)
        g = keep if np.trace(A) <= 10 * x.size else 1.0
        k = A @ x
        Q = g + x @ k
        B += np.outer(k, (np.arange(B.shape[1]) == label) - x @ B) / Q
        A[:] = (A - np.outer(k, k) / Q) / g
        for c, slot in enumerate(self.L.slots[i]):
            node = self.g.slots[int(slot)]
            node.bias = sharpness(self.n + 1) * B[0, c]
            for edge, value in zip(node.edges, B[1:, c]):
                edge[1] = sharpness(self.n + 1) * value

    # ---- trust and the alarm ----
    def learn_trust(self, P, label):
        T, these = self.T, self.voters()
        T.weight[these] *= (0.98 * P[these, label] + 0.02 / P.shape[1]) ** 0.3
        T.weight[these] /= T.weight[these].sum()
        T.weight[these] = 0.997 * T.weight[these] + 0.003 * T.prior[these] / T.prior[these].sum()

    def feel_order(self, label):
        missed = self.T.counts * ((self.n - self.T.seen) / (self.n + 1))
        self.T.order[0] = max(0, *missed)
        self.T.counts[label] += 1
        self.T.seen[label] = self.n

    def weigh(self):
        w = self.T.weight
        self.T.said[:] = w
        if self.T.order[0] > 25 and self.has(EVIDENCE) and w[EVIDENCE] < 0.95:
            self.T.said[:] = w * 0.05 / (1 - w[EVIDENCE])
            self.T.said[EVIDENCE] = 0.95

    def write_trust(self):
        for slot in self.T.outputs:
            for k in np.flatnonzero(self.T.edge >= 0):
                self.g.slots[int(slot)].edges[self.T.edge[k]][1] = self.T.said[k]

    def alarm(self):
        ctl, past, n = self.ctl, self.T.past, self.n + 1
        age = n - ctl[places.BEGAN]
        for w in (30, 60, 120, 240):
            if age <= 100 or age < 2 * w + 40:
                continue
            before, m = past[(n - w) % places.PAST], age - w
            p1 = (ctl[places.FAILURES] - before) / w
            p0 = (before - ctl[places.FAILED] + 1) / (m + 2)
            if p1 - p0 > 4 * math.sqrt(p0 * (1 - p0) * (1 / w + 1 / m)) + 0.5 / w:
                self.note_passed(int(ctl[places.BEGAN]), n - w // 2, p0)
                ctl[places.BEGAN] = n - w // 2
                ctl[places.FAILED] = past[(n - w // 2) % places.PAST]
                ctl[places.ALARMS] += 1
                ctl[places.LAST_ALARM] = n
                return

    def remember(self, mix, label, strange):
        """The answer: the best of the classes that were seen."""
        seen, R = np.flatnonzero(self.T.counts > 0).tolist(), self.R
        top = max(seen, key=lambda c: mix[c], default=-1)
        self.ctl[places.RIGHT] += top == label
        R.tally[label, 0] += top == label
        if len(seen) > 1:
            self.feel(strange)
            margin = mix[top] - max(mix[c] for c in seen if c != top)
            R.right_by[:] *= 0.9994
            R.count_by[:] *= 0.9994
            at = min(max(int(margin * 30), 0), 59)
            R.count_by[at] += 1
            if top == label:
                R.right_by[at] += 1
                self._right_again(strange)
        return top

    def _right_again(self, strange):
        """A right answer becomes part of the scales of resonance and novelty."""
        scale, other = self.R.scales
        follow(scale, strange[0])
        if scale[0] >= 20:
            follow(other, self.felt)

    def feel(self, strange):
        best, unclear = strange
        _, mean, variance = self.R.scales[0]
        misfit = (mean - best) / math.sqrt(variance + 1e-12)
        self.felt = unclear + 0.1 * max(misfit, -1) if self.ctl[places.SOLVES] else misfit

    # ---- a sample ----
    def meet(self, x, label, said, strange):
        """Answer, and learn all but the trees; returns the answer."""
        ctl, T, G = self.ctl, self.T, self.G
        P = self.opinions(x, said)
        top = self.remember(self.mixed(P), label, strange)
        self.note(self.mixed(P), label)
        young = T.counts[label] < 50 and self.n >= 500 and 20 * T.counts[label] < self.n
        ctl[places.FAILURES] += top != label and not young
        T.past[(self.n + 1) % places.PAST] = ctl[places.FAILURES]
        if not young and T.counts[label] > 0 and T.order[0] <= 25:
            self.learn_trust(P, label)
        self.feel_order(label)
        self.alarm()
        born = self.has(PROTOTYPES) and self.learn_prototype(x, label, P[PROTOTYPES])
        ctl[places.PART] = BIRTH if born else TURN
        size, n = G.labels.size, self.n
        if size:
            gone = n - G.plan[:2, q.SPAN]
            old = np.where(gone >= 0, G.labels[gone % size], -1)
            ctl[[places.GONE, places.GONE_RECENT]] = old
            G.labels[n % size], G.ring[:, n % size] = label, x
        ctl[[places.GROVE, places.TREE]] = 0
        return top

    def turn(self, x, label):
        """False if a voter must be born first."""
        alarmed, asks = self.ctl[places.LAST_ALARM] == self.n + 1, self.G.labels.size > 0
        if alarmed and asks and not self.pass_on():
            return False
        if alarmed:
            self.L.A[1] = np.eye(len(self.L.A[1]))
        if asks:
            self.tend(x, label)
        for i in range(2):
            if self.has(RECENT + i):
                self.learn_readout(i, x, label)
        self.weigh()
        self.write_trust()
        self.ctl[places.PART] = TREES
        return True

    def slow(self, g):
        return 3.0 if self.T.weight[STEADY + g] < 0.02 else 1.0

    def heeds(self, g, k):
        lasts = self.n - self.ctl[places.BEGAN] >= 2000
        return not lasts or self.T.weight[STEADY + g] >= 0.02 or (self.n + k) % 8 == 0

    def learn_tree(self, x, g, k):
        """The node to be asked anew, -1 for none, and why."""
        G, n, size, tree = self.G, self.n, self.G.labels.size, self.tree(g, k)
        span = int(G.plan[g, q.SPAN])
        if n >= span:
            tree.forget((n - span) % size, self.ctl[places.GONE + min(g, 1)])
        if G.node[g, q.COUNT, k] > 0 and not self.heeds(g, k):
            return -1, grove.DISAGREE
        if G.node[g, q.COUNT, k] > 0:
            dice = Dice(self.ctl[places.SEED], n, g * q.ROOTS + k)
            return tree.arrive(x, n % size, self.slow(g), dice)
        if n + 1 < 10:
            return -1, grove.DISAGREE
        if g > 0:
            span = min(span, max(n + 1 - int(self.ctl[places.BEGAN]), 10))
        here = [t % size for t in range(max(n + 1 - span, 0), n + 1)]
        tree.write_list(k, here[::-1])
        tree.leaf[k] += np.bincount(G.labels[here], minlength=G.leaf.shape[2])
        G.node[g, q.COUNT, k] = len(here)
        tree.speak(k)
        return k, grove.DISAGREE

    def learn_trees(self, x):
        """0, or UNITS."""
        ctl = self.ctl
        first, done = int(ctl[places.GROVE]), int(ctl[places.TREE])
        for g in range(first, places.GROVES):
            asked = self.has(STEADY + g) and g in (0, ctl[places.NEWEST])
            trees = int(self.G.plan[g, q.TREES]) if asked else 0
            for k in range(done if g == first else 0, trees):
                ctl[[places.GROVE, places.TREE]] = g, k
                if ctl[places.PART] == TREES:
                    ctl[[places.NODE, places.CAUSE]] = self.learn_tree(x, g, k)
                v, tree = int(ctl[places.NODE]), self.tree(g, k)
                if v >= 0:
                    dice = Dice(ctl[places.SEED] + 1, self.n, g * q.ROOTS + k)
                    missing = tree.regrow(v, self.slow(g), dice)
                    if missing and not ctl[places.FULL]:
                        ctl[places.PART], ctl[places.WANT] = REGROW, missing
                        return places.UNITS
                    if missing:
                        tree.wait_longer(v)
                ctl[places.PART] = TREES
            ctl[[places.GROVE, places.TREE]] = g + 1, 0
        return 0


def softmax(said):
    e = np.exp(said - said.max())
    return e / e.sum()


def learn(g, X, y, said, strange, ctl, G, C, L, T, D, R, answers):
    all_ = Council(g, ctl, G, C, L, T, D, R)
    while ctl[places.AT] < len(X):
        i = ctl[places.AT]
        if ctl[places.PART] == ANSWER:
            answers[i] = all_.meet(X[i], y[i], said[i], strange[i])
        if ctl[places.PART] == BIRTH:
            if not all_.bear_prototype(X[i], y[i]):
                return places.CONCEPT
            ctl[places.PART] = TURN
        if ctl[places.PART] == TURN and not all_.turn(X[i], y[i]):
            return places.VOTER
        if all_.learn_trees(X[i]):
            return places.UNITS
        ctl[places.PART] = ANSWER
        ctl[places.N] += 1
        ctl[places.AT] += 1
        if ctl[places.N] - ctl[places.EPOCH] >= 16384:
            ctl[places.EPOCH] = ctl[places.N]
            for j in range(ctl[places.CONCEPTS]):
                all_.write_prototype(j)
        if len(g.events) > ctl[places.EVENTS]:
            return places.FOLD
    return places.DONE


def answer(g, X, said, ctl, G, C, L, T, out):
    all_ = Council(g, ctl, G, C, L, T)
    for i, x in enumerate(X):
        out[i] = all_.mixed(all_.opinions(x, said[i]))
    return places.DONE


def welcome(g, G, T):
    all_ = Council(g, None, G, None, None, T)
    for i in range(places.GROVES):
        if T.edge[STEADY + i] >= 0:
            for u in np.flatnonzero(G.up[i] >= 0).tolist():
                for v in (q.ROOTS + 2 * u, q.ROOTS + 2 * u + 1):
                    if G.node[i, q.KID, v] < 0:
                        all_.tree(i, 0).speak(v)
            all_.tree(i, 0).speak_roots()
    all_.write_trust()
    return places.DONE
