"""Whatever a graph went through, its answers are the slow twin's; see machine.py for the going.

After each step of random growing, cutting and packing: batches, their parts, threads and single
samples against float64, wherever rounding alone does not decide. Bundles are made on purpose.
"""

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from tests.graph import test_stateful
from tests.graph.machine import GraphMachine
from tests.graph.test_sparse import PushMachine, disturbed
from tests.kernels.contract import check_close
from tests.naive import store

ROWS = 80  # a strip of 64 and one of 16


class AnswerMachine(GraphMachine):
    """Grows and cuts as its parent does, and asks for answers in every way after each step."""

    swept = PushMachine.swept

    @precondition(lambda self: 0 < len(self.model.order) < 60)
    @rule(count=st.integers(4, 9), some=st.lists(st.integers(0, 2**20), min_size=1, max_size=4))
    def add_a_bundle(self, count, some):
        sources = [self.pick(i) for i in some]
        rng = np.random.default_rng(len(self.model.order))
        weights = rng.choice([-1, 0.5, 0.25, 2], (count, len(sources)))
        head = (codes.SUM, codes.TANH, codes.ROLE_HIDDEN, *np.zeros((3, count)))
        self.attempt(
            lambda g: store.add_nodes(g, *head, [], sources, weights.ravel()),
            lambda: self.graph.add_nodes(
                count, sources=sources, weights=weights, activation="tanh"
            ),
        )

    @precondition(lambda self: self.graph.n_nodes)
    @invariant()
    def answers_as_the_twin(self):
        graph, nodes = self.graph, self.graph.nodes
        rng = np.random.default_rng(self.model.next_id)
        X = np.float32(np.round(rng.normal(size=(ROWS, graph.inputs.size)) * 4) / 4)
        exact, firm = self.exact(X)
        got = graph.forward(X, outputs=nodes)
        check_close("batch", got.T[firm], exact[firm])
        np.testing.assert_array_equal(graph.forward(X, outputs=nodes, n_threads=2), got)
        np.testing.assert_array_equal(graph.forward(X[3:12], outputs=nodes), got[3:12])
        one = graph.forward(X[7], outputs=nodes)
        check_close("one", one[firm[:, 7]], exact[firm[:, 7], 7])

    def exact(self, X):
        """Activities [nodes, samples] in float64, and where a little noise changes little."""
        V = np.zeros((self.graph._store[h.N_SLOTS], X.shape[0]))
        V[self.graph._slots(self.graph.inputs)] = X.T
        exact = self.swept(self.model, V)
        with np.errstate(all="ignore"):
            near = [self.swept(disturbed(self.model, seed), V) for seed in range(3)]
            off = np.max([np.abs(one - exact) for one in near], axis=0)
            return exact, off <= 5e-6 * (1 + np.abs(exact))


TestAnswers = AnswerMachine.TestCase
TestAnswers.settings = test_stateful.TestGraph.settings
