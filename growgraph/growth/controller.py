"""The growth controller: finds where tension lasts, lets rules propose, and is the one door.

Whatever grows, grows through :meth:`GrowthController.grow`: hand-built graphs, models, the command.
"""

import numpy as np

from growgraph._random import generator, seed_of
from growgraph._validation import as_float32, check_number
from growgraph.errors import GraphError
from growgraph.graph import build
from growgraph.graph.learning import missing
from growgraph.growth.log import GrowthLog
from growgraph.growth.proposal import Situation
from growgraph.growth.rules import InsertNode
from growgraph.kernels import codes


class GrowthController:
    """Grows a graph where its tension lasts.

    Parameters
    ----------
    rules : sequence of Rule, optional
        Asked for proposals at the tensest node; ``[InsertNode()]`` if not given.
    patience : int, default 5
        Tension lasts if it has not fallen by ``relief`` over so many steps. The same number of
        steps later the log is told whether the growth paid off.
    budget : int, optional
        Nodes that may be grown in all.
    threshold : float, default 0.05
        Mean |expected - observed| below which a node is at rest.
    relief : float in (0, 1), default 0.1
        A fall by this share is progress: learning gets more time.
    min_gain : float in [0, 1], default 0.05
        Least share of the tension's energy that a proposal must take away in rehearsal. Doing
        nothing is the default.
    intention : str
        What growth serves, written into the log.
    random_state : None, int or numpy Generator

    Attributes
    ----------
    n_steps_ : int
        Calls of :meth:`step` so far.
    n_grown_ : int
        Nodes grown so far.

    Examples
    --------
    >>> from growgraph import Graph
    >>> g = Graph()
    >>> x = g.add_inputs(2)
    >>> y = g.add_outputs(1, sources=x)
    >>> X, t = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> controller = GrowthController(random_state=0)
    >>> for _ in range(60):
    ...     _ = g.learn(X, t, rule="delta", lr=0.5)
    ...     _ = controller.step(g, X, t)
    >>> g.n_nodes
    4
    """

    def __init__(
        self, rules=None, *, patience=5, budget=None, threshold=0.05, relief=0.1, min_gain=0.05,
        intention="answer as asked", random_state=None,
    ):  # fmt: skip
        self.rules = [InsertNode()] if rules is None else list(rules)
        self.patience = check_number("patience", patience, 1, integer=True)
        self.budget = None if budget is None else check_number("budget", budget, 0, integer=True)
        self.threshold = check_number("threshold", threshold, 0)
        self.relief = check_number("relief", relief, 0, 1)
        self.min_gain = check_number("min_gain", min_gain, 0, 1)
        self.intention = str(intention)
        self._seed = seed_of(random_state)
        self._felt = {}  # node -> its tension in the last steps, oldest first
        self._pending = []  # growth whose outcome is still to be told; events counted from birth
        self.n_steps_ = 0
        self.n_grown_ = 0

    # ---- the loop on any graph ------------------------------------------------------------------
    def step(self, graph, X, targets=None):
        """Feel the tension of a batch; where it lasts, grow.

        Parameters
        ----------
        graph : Graph
            Changed in place; it begins to record if it does not yet.
        X : array [batch, inputs]
        targets : array [batch, outputs] or [batch], optional

        Returns
        -------
        list of int
            The nodes that were born (empty most of the time).
        """
        V, E, own = missing(graph, X, targets)  # raises before anything has changed
        graph.record()
        self.n_steps_ += 1
        felt = self._feel(graph, E, own)
        self._tell_outcomes(graph, felt)
        tense = self._lasting(felt)
        for node in tense:
            proposal, rule = self._best(graph, node, V, E)
            if proposal is not None:
                return self._answer(graph, node, felt[node], proposal, rule, (X, targets))
        return []

    def _feel(self, graph, E, own):
        """Mean tension of the nodes that expect something themselves, remembered per node."""
        store = graph._store
        slots = np.flatnonzero(own)
        felt = dict(
            zip(store.id_of[slots].tolist(), np.abs(E[slots]).mean(axis=1).tolist(), strict=True)
        )
        keep = self.patience + 1
        self._felt = {n: [*self._felt.get(n, []), t][-keep:] for n, t in felt.items()}
        return felt

    def _lasting(self, felt):
        """Nodes whose tension lasts, the tensest first."""

        def lasts(past):
            return (
                len(past) > self.patience
                and min(past) > self.threshold
                and past[-1] >= (1 - self.relief) * past[0]
            )

        nodes = [n for n, past in self._felt.items() if lasts(past)]
        return sorted(nodes, key=lambda n: (-felt[n], n))

    def _best(self, graph, node, V, E):
        """The proposal of the largest gain over all rules, if it is worth it."""
        slots = graph._slots(graph.nodes)
        activity = np.zeros((V.shape[1], int(graph.nodes[-1]) + 1), np.float32)
        activity[:, graph.nodes] = V[slots].T
        rng = generator(self._seed, f"step {self.n_steps_} node {node}")
        situation = Situation(graph, node, activity, E[graph._slot(node)].copy(), rng)
        best, chosen = None, None
        for rule in self.rules:
            for proposal in rule.propose(situation):
                if not self._allowed(proposal):
                    continue
                if best is None or proposal.gain > best.gain:
                    best, chosen = proposal, rule
        return best, chosen

    def _allowed(self, proposal):
        within = self.budget is None or self.n_grown_ + proposal.n_nodes <= self.budget
        return within and (proposal.gain >= self.min_gain or bool(proposal.remove))

    def _answer(self, graph, node, tension, proposal, rule, samples):
        """Grow, measure the tension there at once, and remember to ask again later."""
        log = GrowthLog(graph)
        first = log.folded + len(log)
        born = self.grow(
            graph, proposal, rule=rule.name, cause="lasting tension", node=node, tension=tension,
            lasted=self.patience, step=self.n_steps_,
        )  # fmt: skip
        _, E, _ = missing(graph, *samples)
        after = float(np.abs(E[graph._slot(node)]).mean())
        last = log.folded + len(log)
        self._note(graph, first, last, after=after)
        self._pending.append((self.n_steps_ + self.patience, first, last, node, tension))
        self._felt.pop(node, None)  # the changed node gets new patience
        return born

    def _tell_outcomes(self, graph, felt):
        """Write into the log whether growth of ``patience`` steps ago paid off."""
        due = [p for p in self._pending if p[0] <= self.n_steps_]
        self._pending = [p for p in self._pending if p[0] > self.n_steps_]
        for _, first, last, node, before in due:
            if node in felt:
                paid = felt[node] <= (1 - self.relief) * before
                self._note(graph, first, last, realised=felt[node], paid_off=paid)

    @staticmethod
    def _note(graph, first, last, **outcome):
        """Complete those of the events that have not been folded away since."""
        folded = GrowthLog(graph).folded
        graph.note_outcome(max(first - folded, 0), max(last - folded, 0), **outcome)

    # ---- the one door -------------------------------------------------------------------------
    def grow(
        self, graph, proposal, *, rule, cause, node=-1, tension=np.nan, lasted=0, step=0, sample=-1,
        intention=None,
    ):  # fmt: skip
        """Carry a proposal out and log it with its cause.

        Parameters
        ----------
        graph : Graph
            It must record.
        proposal : Proposal
        rule, cause : str
        node : int
            Where the cause was felt.
        tension : float
            There, before.
        lasted, step, sample : int
        intention : str, optional
            The controller's if not given.

        Returns
        -------
        list of int
            Ids of the new nodes.

        Raises
        ------
        GraphError, ValueError
            If the proposal does not fit the graph, which is left as it was.
        """
        _check_cuts(graph, proposal)
        graph.record()
        known = len(graph._words)
        graph.set_cause(
            cause, node=node, tension=tension, lasted=lasted, rule=str(rule), step=step,
            sample=sample, intention=self.intention if intention is None else str(intention),
        )  # fmt: skip
        born: list[int] = []
        try:
            self._carry_out(graph, proposal, born)
        except BaseException:
            graph.undo_births(born)
            del graph._words[known:]
            raise
        finally:
            graph.set_cause("")
        self.n_grown_ += len(born)
        return born

    @staticmethod
    def _carry_out(graph, proposal, born):
        """Nodes, then edges, then what :func:`_check_cuts` has found possible.

        ``born`` collects the new ids.
        """

        def real(i):
            if i < -len(born):
                raise GraphError(f"the proposal names its new node {i} before it is born")
            return born[-i - 1] if i < 0 else i

        for new in proposal.nodes:
            if new.role == "input":
                bounds = {"p0": new.p0, "p1": new.p1}
                born += graph.add_inputs(
                    1, [new.name] if new.name else None, activation=new.activation, **bounds
                ).tolist()
                continue
            add = graph.add_outputs if new.role == "output" else graph.add_nodes
            ids = add(
                1, kind=new.kind, activation=new.activation, sources=[real(i) for i in new.sources],
                weights=[list(new.weights)], bias=new.bias, p0=new.p0, p1=new.p1,
                names=[new.name] if new.name else None,
            )  # fmt: skip
            born.append(int(ids[0]))
        if proposal.edges:
            pairs = [(real(u), real(v), w) for u, v, w in proposal.edges]
            u, v, w = (list(column) for column in zip(*pairs, strict=True))
            graph.connect(u, v, w, pairs=True)
        if proposal.split is not None:
            u, v, bias, w_in, w_out, activation = proposal.split
            born.append(graph.split_edge(u, v, activation=activation, bias=bias, w_in=w_in,
                                         w_out=w_out))  # fmt: skip
        for u, v in proposal.remove:
            graph.remove_edge(u, v)


def _check_cuts(graph, proposal):
    """Raise if the split or a removal cannot be done: they come last, when edges are made."""
    doomed = [(int(u), int(v)) for u, v in proposal.remove]
    if proposal.split is not None:
        u, v, *values, activation = proposal.split
        as_float32("split", values, (3,))
        if build.activation_code(activation) == codes.CLIP:
            raise ValueError('split needs an activation without bounds, got "clip"')
        doomed.append((int(u), int(v)))
    for u, v in doomed:
        if u not in graph.sources(v)[0]:
            raise GraphError(f"there is no edge {u} -> {v} to split or remove")
    if len(set(doomed)) < len(doomed):
        raise GraphError("the proposal splits or removes an edge twice")
