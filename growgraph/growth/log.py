"""The growth log: what changed, when, where and why; everything shown of growth is a view of it.

The store's kernels write an event in the same call that changes the structure; there is no other
path. One row an event, plus pools (parents, birth weights) by offset and count.
"""

import numpy as np

from growgraph._validation import check_number
from growgraph.errors import GraphError
from growgraph.graph.build import KIND_NAMES, ROLE_NAMES
from growgraph.growth.elders import elders_of, keep_births
from growgraph.growth.redo import goes_on, replay
from growgraph.kernels import _handle as h
from growgraph.kernels import codes

_COLUMNS = {
    "step": np.int64,
    "sample": np.int64,
    "operation": None,  # None: text
    "node": np.int64,
    "n_parents": np.int64,
    "cause": None,
    "cause_node": np.int64,
    "lasted": np.int64,
    "rule": None,
    "intention": None,
    "tension": np.float32,
    "after": np.float32,
    "realised": np.float32,
    "paid_off": np.int8,
}
# causes that are moments rather than reasons, in words
_BEFORE = {"birth": " at birth, before the first sample",
           "dream": " in a dream, before the first sample"}  # fmt: skip

_INTEGERS = {
    "node": h.EV_NODE,
    "n_parents": h.EV_COUNT,
    "step": h.EV_CTX + h.CTX_STEP,
    "sample": h.EV_CTX + h.CTX_SAMPLE,
    "cause_node": h.EV_CTX + h.CTX_NODE,
    "lasted": h.EV_CTX + h.CTX_LASTED,
    "paid_off": h.EV_CTX + h.CTX_PAID,
}
_WORDS = {
    "cause": h.EV_CTX + h.CTX_CAUSE,
    "rule": h.EV_CTX + h.CTX_RULE,
    "intention": h.EV_CTX + h.CTX_INTENTION,
}
_FLOATS = {"tension": h.CTXF_TENSION, "after": h.CTXF_AFTER, "realised": h.CTXF_REALISED}


class GrowthLog:
    """The events of one graph, oldest first.

    Parameters
    ----------
    graph : Graph
        A graph that records: each graph grown by a controller or a model does, any other after
        ``graph.record()``.

    Notes
    -----
    Columns of :meth:`table`: ``step`` (calls of the controller or samples seen), ``sample`` (index
    of the sample that led to it, -1 if none), ``operation``, ``node``, ``n_parents``, ``cause``,
    ``cause_node`` (where the tension was), ``lasted`` (for how many steps), ``rule``, ``intention``
    (the unrealised aim it serves), ``tension`` (before), ``after`` (at once), ``realised`` (after
    ``patience`` more steps; NaN until then), ``paid_off`` (1, 0, or -1: not known yet). There is no
    wall-clock time: the same data must give the same file.

    Examples
    --------
    >>> from growgraph import Graph
    >>> g = Graph()
    >>> g.record()
    >>> x = g.add_inputs(2)
    >>> y = g.add_outputs(1, sources=x)
    >>> log = GrowthLog(g)
    >>> len(log)
    3
    >>> print(log.why(2))
    node 2 (output, sum) was built by hand from nodes 0, 1
    """

    def __init__(self, graph):
        if not graph.records:
            raise GraphError("this graph keeps no log: call graph.record() before it grows")
        self._graph = graph

    def __len__(self):
        return self._graph._store[h.EV_USED]

    def __repr__(self):
        born = int((self._column(h.EV_OP) <= codes.OP_SPLIT).sum())
        before = f"; {self.folded} older ones folded away" if self.folded else ""
        return f"GrowthLog({len(self)} events, {born} of them growth{before})"

    def _rows(self):
        return self._graph._store.ev[: len(self) * h.EV_WIDTH].reshape(-1, h.EV_WIDTH)

    def _floats(self):
        return self._graph._store.evf[: len(self) * h.EV_WIDTH].reshape(-1, h.EV_WIDTH)

    def _column(self, column):
        return self._rows()[:, column]

    @property
    def folded(self):
        """How many older events were folded into the base, see :meth:`fold`."""
        return self._graph._base["plain"].get("folded", 0)

    @property
    def end(self):
        """Number of the next event, counted from the first ever written, folded ones included."""
        return self.folded + len(self)

    def table(self, *, elders=False):
        """All events as a structured array, see Notes of the class.

        Parameters
        ----------
        elders : bool, default False
            Before them, of events that were folded away, the births of nodes that are there still.
        """
        return self._table_of(*self._told()) if elders else self._table(slice(None))

    def _told(self):
        """What is known of births folded away and of all events: rows, and what was felt [., 3]."""
        rows, felt = elders_of(self._graph._base)
        mine = self._floats()[:, h.EVF_CTX : h.EVF_CTX + h.CTXF_REALISED + 1]
        return np.concatenate([rows, self._rows()]), np.concatenate([felt, mine])

    @property
    def n_elders(self):
        """How many births the log goes on telling of events that were folded away."""
        return len(elders_of(self._graph._base)[0])

    def _table(self, part):
        """The table of some events."""
        return self._table_of(self._rows()[part], self._floats()[part, h.EVF_CTX :])

    def _table_of(self, rows, felt):
        """The table of some rows."""
        columns = {"operation": np.array(codes.OPERATIONS)[rows[:, h.EV_OP]]}
        columns |= {name: rows[:, column] for name, column in _INTEGERS.items()}
        columns |= {name: felt[:, column] for name, column in _FLOATS.items()}
        for name, column in _WORDS.items():
            held, place = np.unique(rows[:, column], return_inverse=True)
            columns[name] = np.array([self._graph._words[i] for i in held] or [""])[place]
        longest = max(a.itemsize for a in columns.values() if a.dtype.kind == "U") // 4
        out = np.zeros(len(rows), [(n, t or f"U{longest}") for n, t in _COLUMNS.items()])
        for name, values in columns.items():
            out[name] = values
        return out

    def parents(self, event):
        """Ids and birth weights of the edges an event made (or, pruning, removed)."""
        row = self._rows()[event]
        a, n = int(row[h.EV_OFFSET]), int(row[h.EV_COUNT])
        s = self._graph._store
        return s.evp_id[a : a + n].copy(), s.evp_w[a : a + n].copy()

    def birth(self, node):
        """Index of the event that made a node.

        Raises
        ------
        GraphError
            If the node is older than the log.
        """
        rows = self._rows()
        place = np.flatnonzero(rows[:, h.EV_NODE] == node)
        born = np.isin(rows[place, h.EV_OP], (codes.OP_NODE, codes.OP_SPLIT))
        if born.any():
            return int(place[np.argmax(born)])
        folded = f" ({self.folded} older events were folded away)" if self.folded else ""
        raise GraphError(f"node {node} is not in the log: it is older{folded}, or never was")

    def why(self, node):
        """One sentence: why a node exists; of one older than any log, only that it was there."""
        try:
            event = self.birth(node)
        except GraphError:
            if not np.isin(node, self._graph.nodes):
                raise
            return self._elder(int(node))
        row, told = self._rows()[event], self._table(slice(event, event + 1))[0]
        split = row[h.EV_OP] == codes.OP_SPLIT
        kind = int(row[h.EV_FLAG] if split else row[h.EV_A])
        role = codes.ROLE_HIDDEN if split else int(row[h.EV_FLAG])
        return self._sentence(int(node), kind, role, told, self._where(row, event, split))

    def _sentence(self, node, kind, role, told, where):
        name = self._graph.names.get(node)
        text = f"node {node} ({ROLE_NAMES[role]}, {KIND_NAMES[kind]}{', ' + name if name else ''})"
        text += f" was grown by {told['rule']}" if told["rule"] else " was built by hand"
        text += f" {where}"
        if told["cause"] in _BEFORE and told["rule"] and told["sample"] < 0:
            text += _BEFORE[told["cause"]]
        elif told["cause"]:
            text += f" because of {told['cause']}"
            if told["cause_node"] >= 0:
                text += f" at node {told['cause_node']}"
            if np.isfinite(told["tension"]):
                text += f": {told['tension']:.3g}"
            if told["lasted"] > 0:
                text += f", lasting {told['lasted']} steps"
        return text + self._outcome(told)

    def _elder(self, node):
        rows, felt = elders_of(self._graph._base)
        at = np.flatnonzero(rows[:, h.EV_NODE] == node)
        if at.size:
            row, told = rows[at[0]], self._table_of(rows[at], felt[at])[0]
            n = int(row[h.EV_COUNT])
            where = f"from {n} node{'' if n == 1 else 's'}" if n else "without sources"
            return self._sentence(node, int(row[h.EV_A]), int(row[h.EV_FLAG]), told, where)
        slot = self._graph._slots([node])[0]
        role = ROLE_NAMES[int(self._graph._store.role[slot])]
        name = self._graph.names.get(node)
        since = "was there when the log began"
        if self.folded:
            since = f"is older than the log, whose first {self.folded:,} events were folded away"
        return f"node {node} ({role}{', ' + name if name else ''}) {since}"

    def _where(self, row, event, split):
        if split:
            return f"on the edge {row[h.EV_A]} -> {row[h.EV_B]}"
        parents = self.parents(event)[0]
        if parents.size == 0:
            return "without sources"
        shown = ", ".join(map(str, parents[:6].tolist()))
        return f"from nodes {shown}" + (f" and {parents.size - 6} more" if parents.size > 6 else "")

    @staticmethod
    def _outcome(told):
        text = ""
        if np.isfinite(told["after"]):
            text += f"; then {told['after']:.3g}"
        if np.isfinite(told["realised"]):
            text += f", later {told['realised']:.3g}"
        if told["paid_off"] >= 0:
            text += " (it paid off)" if told["paid_off"] else " (it did not pay off)"
        return text

    def replay(self, upto=None):
        """The graph as it was after the first ``upto`` events (all by default), at birth values."""
        return replay(self, upto)

    def fold(self, keep):
        """Fold all but the newest ``keep`` events into the base the log starts from.

        What one call did is never parted: a few more events may be kept. Of nodes that are there
        still, :meth:`why`, ``table(elders=True)`` and pictures go on telling the birth.

        Parameters
        ----------
        keep : int, >= 0
        """
        n = len(self)
        gone = n - min(check_number("keep", keep, 0, integer=True), n)
        while 0 < gone < n and goes_on(self._rows()[gone]):
            gone -= 1
        if gone == 0:
            return
        base = replay(self, gone).to_state()
        base["plain"]["folded"] = self.folded + gone
        keep_births(base, self._graph._base, self._rows()[:gone], self._floats()[:gone])
        self._forget(gone, base)

    def _forget(self, gone, base):
        """Let the log start from ``base``, ``gone`` events later; all of it or nothing."""
        graph, s = self._graph, self._graph._store
        rows, floats = self._rows()[gone:].copy(), self._floats()[gone:].copy()
        first = int(rows[0, h.EV_OFFSET]) if rows.size else s[h.EVP_USED]
        used, pool = len(self) * h.EV_WIDTH, s[h.EVP_USED]
        rows[:, h.EV_OFFSET] -= first
        fresh = {"ev": rows.ravel(), "evf": floats.ravel(), "evp_id": s.evp_id[first:pool].copy(),
                 "evp_w": s.evp_w[first:pool].copy()}  # fmt: skip
        held = {"ev": s.ev[:used].copy(), "evf": s.evf[:used].copy(),
                "evp_id": s.evp_id[:pool].copy(), "evp_w": s.evp_w[:pool].copy()}  # fmt: skip
        old = graph._base
        try:
            self._write(fresh, base)
        except BaseException:
            self._write(held, old)
            raise

    def _write(self, arrays, base):
        """Put events, their pools, their counts and what they start from in place."""
        graph, s = self._graph, self._graph._store
        for name, values in arrays.items():
            s.arrays[name][: values.size] = values
        s[h.EV_USED], s[h.EVP_USED] = arrays["ev"].size // h.EV_WIDTH, arrays["evp_id"].size
        graph._base = base
