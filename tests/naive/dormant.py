"""Twin of kernels/dormant.py: what sleeps is asked sample by sample, in float64."""

import math

import numpy as np

from growgraph.kernels import codes
from growgraph.kernels import council as places
from growgraph.kernels import question as q

STEADY, LOOKED = 4, 60
USED, FIRST, LAST = range(3)


class Sleepers:
    """The part of a council that knows of concepts gone by."""

    @property
    def fresh(self):
        return int(self.ctl[places.NEWEST])

    @property
    def awake(self):
        return int(self.ctl[places.AWAKE])

    def asleep(self):
        return [g for g in range(1, places.GROVES) if self.D.kept[g, USED] >= 0]

    def note(self, mixed, label):
        self.D.told[self.n % LOOKED] = math.log(0.98 * mixed[label] + 0.02 / mixed.size)

    def note_passed(self, began, ended, failed):
        self.D.right[self.fresh] = 1 - failed
        self.D.kept[self.fresh, FIRST:] = began, ended

    def hand_over(self, k, share):
        w = self.T.weight
        others = np.arange(w.size) != k
        w[others] *= (1 - share) / (1 - w[k])
        w[k] = share

    def tell_trust(self):
        self.weigh()
        self.write_trust()
        for slot in self.T.outputs:
            node = self.g.slots[int(slot)]
            parents = [(i, w) for i, w, _ in node.edges]
            birth = node.bias, node.p0, node.p1
            self.g.record(codes.OP_REWIRE, node.id, birth=birth, parents=parents)

    def pass_on(self):
        """What an alarm does; False if a grove must be born first."""
        T, D, old, awake = self.T, self.D, self.fresh, self.awake
        known = awake and T.weight[STEADY + awake] >= T.weight[STEADY + old]
        worth_it = not known and self.n + 1 - D.kept[old, FIRST] >= 300
        spare = [g for g in range(1, places.GROVES) if g not in (old, *self.asleep())]
        if worth_it and spare and T.edge[STEADY + spare[0]] < 0:
            if not self.ctl[places.FULL]:
                return False
            spare = []
        heirs = spare or sorted(self.asleep(), key=lambda g: D.kept[g, USED])
        if worth_it and not spare:  # who is back does not give way
            heirs = [g for g in heirs if g != self.returning(0)]
        heir = heirs[0] if worth_it and heirs else old
        for k in range(int(self.G.plan[heir, q.TREES])):
            self.tree(heir, k).drop()
        if awake:
            self.hand_over(STEADY + awake, 0)
            T.prior[STEADY + awake], self.ctl[places.AWAKE] = 0, 0
        if known:
            D.kept[awake, USED] = self.n
        if heir != old:
            self.fall_asleep(old, heir)
        if heir != old:
            self.tell_trust()
        return True

    def fall_asleep(self, old, heir):
        G, D, roles = self.G, self.D, [STEADY + old, STEADY + heir]
        G.place[1, q.LEAF, : G.plan[old, q.TREES]] = -1
        G.node[old, q.HEAD], G.node[old, q.WAIT] = -1, 0
        D.B[old] = self.L.B[1][: D.B.shape[1]]
        D.kept[[old, heir], USED] = self.n, -1
        for held in (self.T.weight, self.T.prior):
            held[roles] = 0, held[roles[0]]
        self.ctl[places.NEWEST] = heir

    def tend(self, x, label):
        since = self.n + 1 - int(self.ctl[places.LAST_ALARM])
        if self.awake:
            k = STEADY + self.awake
            self.count(self.awake, x, label)
            if since > 200 and self.T.weight[k] < 0.02:
                self.hand_over(k, 0)
                self.T.prior[k], self.ctl[places.AWAKE] = 0, 0
        elif self.ctl[places.ALARMS] and since in (0, 15, 30, 60, 90):
            best = self.returning(since)
            if best:
                self.wake(best)

    def count(self, g, x, label):
        for k in range(int(self.G.plan[g, q.TREES])):
            tree, v = self.tree(g, k), k
            if self.G.node[g, q.COUNT, v] >= 2**30:
                continue
            self.G.node[g, q.COUNT, v] += 1
            while tree.sides(v):
                v = tree.next(v, x)
                self.G.node[g, q.COUNT, v] += 1
            self.G.leaf[g, v, label] += 1
            tree.speak(v)

    def returning(self, since):
        """Who would have answered best, 0 if that is not clearly better than the answers given."""
        best = max(self.asleep(), key=lambda g: self.hindcast(g, since), default=0)
        return best if best and self.hindcast(best, since) > 3 else 0

    def hindcast(self, g, since):
        """Nats by which grove g would have answered better, -inf if it is not itself any more."""
        G, D, n, better, hits = self.G, self.D, self.n, 0.0, 0
        first = self.ctl[places.BEGAN] if since == 0 else self.ctl[places.LAST_ALARM]
        m = int(min(n + 1 - first, LOOKED, G.labels.size))
        if D.kept[g, USED] == n:
            return -math.inf
        for t in range(n + 1 - m, n + 1):
            s = t % G.labels.size
            said, label = self.trees_say(g, G.ring[:, s]), G.labels[s]
            better += math.log(0.98 * said[label] + 0.02 / said.size) - D.told[t % LOOKED]
            hits += np.argmax(said) == label
        p = min(D.right[g], 0.99)
        itself = hits >= m * p - 2 * math.sqrt(m * p * (1 - p)) - 0.5
        return better if itself else -math.inf

    def wake(self, g):
        ctl, k = self.ctl, STEADY + g
        self.hand_over(k, 0.6)
        self.T.prior[k] = self.T.prior[STEADY + self.fresh]
        self.L.B[1][: self.D.B.shape[1]] = self.D.B[g]
        self.D.kept[g, USED] = self.n
        ctl[places.AWAKE], ctl[places.RETURNED] = g, self.n + 1
        ctl[places.RETURNS] += 1
        ctl[[places.SINCE, places.UNTIL]] = self.D.kept[g, FIRST:]
        self.tell_trust()
