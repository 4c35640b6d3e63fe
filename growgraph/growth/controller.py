"""The growth controller: finds where tension lasts, lets rules propose, and is the one door.

Whatever grows, grows through :meth:`GrowthController.grow`: hand-built graphs, models, the command.
"""

import weakref

import numpy as np

from growgraph._random import generator, seed_of
from growgraph._validation import check_number
from growgraph.errors import GraphError
from growgraph.graph.learning import missing
from growgraph.graph.settling import unsettled
from growgraph.growth.asking import check_rules, proposals_of
from growgraph.growth.door import carry_out
from growgraph.growth.log import GrowthLog
from growgraph.growth.proposal import ROUNDING, Situation
from growgraph.growth.rules import InsertNode


class GrowthController:
    """Grows a graph where its tension lasts; one controller for one graph.

    Parameters
    ----------
    rules : sequence of Rule, optional
        Asked for proposals at the tensest node; ``[InsertNode()]`` if not given.
    patience : int, default 5
        Tension lasts if it has not fallen by ``relief`` over so many steps. The same number of
        steps later the log is told whether the growth paid off.
    budget : int, optional
        Nodes that may be grown in all. When it is used up, only rules that add no nodes are asked.
    threshold : float, default 0.05
        Mean |expected - observed| below which a node is at rest.
    relief : float in (0, 1), default 0.1
        A fall by this share is progress: learning gets more time.
    min_gain : float in [0, 1], default 0.05
        Least share of the tension's energy that a proposal must take away in rehearsal. Doing
        nothing is the default.
    settle : dict, optional
        Options of :meth:`Graph.settle`, ``{}`` for its own. Tension is then what settling leaves,
        at hidden nodes as at those with targets; without it, it is what :meth:`Graph.tension`
        tells. Activities that rules read are those that answer, in either case.
    log_limit : int, optional, default 100,000
        When the log has more events, the older half is folded into the graph the log starts from
        (:meth:`GrowthLog.fold`), except events whose outcome is still to be told. None: never.
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
        settle=None, log_limit=100_000, intention="answer as asked", random_state=None,
    ):  # fmt: skip
        self.rules = [InsertNode()] if rules is None else check_rules(rules)
        self.patience = check_number("patience", patience, 1, integer=True)
        self.budget = None if budget is None else check_number("budget", budget, 0, integer=True)
        if log_limit is not None:
            log_limit = check_number("log_limit", log_limit, 1, integer=True)
        self.log_limit = log_limit
        self.threshold = check_number("threshold", threshold, 0)
        self.relief = check_number("relief", relief, 0, 1)
        self.min_gain = check_number("min_gain", min_gain, 0, 1)
        self.settle = settle
        self.intention = str(intention)
        self._seed = seed_of(random_state)
        self._graph = None  # a weak reference to the graph it grows
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
        V, E, own = self._missing(graph, X, targets)  # raises before anything has changed
        self._bind(graph)
        graph.record()
        self.n_steps_ += 1
        felt = self._feel(graph, E, own)
        self._tell_outcomes(graph, felt)
        V.flags.writeable = False  # rules read it
        rules = self._able_rules()
        for node in self._lasting(felt) if rules else ():
            proposal, rule = self._best(graph, node, V, E, rules)
            if proposal is not None:
                return self._answer(graph, node, felt[node], proposal, rule, (X, targets))
            self._felt.pop(node)  # nothing helps there now: it is asked again after new patience
        return []

    def _missing(self, graph, X, targets):
        """Activities, what is missing, and the slots where it may last."""
        if self.settle is None:
            return missing(graph, X, targets)
        return unsettled(graph, X, targets, self.settle)

    def _bind(self, graph):
        """Raise unless this is the graph whose tension and outcomes are remembered here."""
        if self._graph is None:
            self._graph = weakref.ref(graph)
        elif self._graph() is not graph:
            raise GraphError(
                "graph is not the one this controller grows, whose tension and outcomes it "
                "remembers: make a GrowthController for each graph"
            )

    def __getstate__(self):
        return {**self.__dict__, "_graph": None}  # a copy is bound to the graph it meets first

    def _able_rules(self):
        """The rules whose proposals may be within the budget."""
        left = self.budget is None or self.n_grown_ < self.budget
        return [rule for rule in self.rules if left or not rule.adds_nodes]

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

    def _best(self, graph, node, V, E, rules):
        """The first proposal of the largest gain over the rules, if it is worth it."""
        rng = generator(self._seed, f"step {self.n_steps_} node {node}")
        situation = Situation(graph, node, V, E[graph._slot(node)].copy(), rng)
        best, chosen = None, None
        for rule in rules:
            for proposal in proposals_of(rule, situation):
                if not self._allowed(proposal):
                    continue
                if best is None or proposal.gain > best.gain + ROUNDING:
                    best, chosen = proposal, rule
        return best, chosen

    def _allowed(self, proposal):
        within = self.budget is None or self.n_grown_ + proposal.n_nodes <= self.budget
        return within and (proposal.gain >= self.min_gain or bool(proposal.remove))

    def _answer(self, graph, node, tension, proposal, rule, samples):
        """Grow, measure the tension there at once, and remember to ask again later."""
        first = GrowthLog(graph).end
        born = self.grow(
            graph, proposal, rule=rule.name, cause="lasting tension", node=node, tension=tension,
            lasted=self.patience, step=self.n_steps_,
        )  # fmt: skip
        _, E, _ = self._missing(graph, *samples)
        after = float(np.abs(E[graph._slot(node)]).mean())
        last = GrowthLog(graph).end
        self.tell(graph, first, last, after=after)
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
                self.tell(graph, first, last, realised=felt[node], paid_off=paid)

    @staticmethod
    def tell(graph, first, last, **outcome):
        """Complete events with what came of them.

        Parameters
        ----------
        graph : Graph
        first, last : int
            Events first .. last-1, numbered as :attr:`GrowthLog.end` does; those that have been
            folded away since are passed over.
        **outcome
            ``after``, ``realised``, ``paid_off``, see :class:`GrowthLog`.
        """
        folded = GrowthLog(graph).folded
        graph.note_outcome(max(first - folded, 0), max(last - folded, 0), **outcome)

    def _fold(self, graph, first):
        """Keep the log within its limit; events from ``first`` on and awaited ones stay."""
        log = GrowthLog(graph)
        if self.log_limit is None or len(log) <= self.log_limit:
            return
        first = min([first, *(p[1] for p in self._pending)])
        log.fold(max(self.log_limit // 2, log.end - first))

    # ---- the one door -------------------------------------------------------------------------
    def grow(
        self, graph, proposal, *, rule, cause, node=-1, tension=np.nan, lasted=0, step=0, sample=-1,
        intention=None,
    ):  # fmt: skip
        """Carry a proposal out and log it with its cause.

        Parameters
        ----------
        graph : Graph
            The one this controller grows; it begins to record if it does not yet.
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
        self._bind(graph)
        first = GrowthLog(graph).end if graph.records else 0
        born = carry_out(
            graph, proposal, cause=cause, node=node, tension=tension, lasted=lasted, rule=rule,
            step=step, sample=sample, intention=self.intention if intention is None else intention,
        )  # fmt: skip
        self.n_grown_ += len(born)
        self._fold(graph, first)
        return born
