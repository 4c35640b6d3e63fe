"""Cases of the kernels that plan; how to add one stands in tests/cases.py."""

import numpy as np

from growgraph import Graph
from growgraph.kernels import _handle as h
from growgraph.kernels import plan
from tests.cases import case
from tests.material import packed, uniform


def world(n_states=12, n_actions=3, *, seed=0, back=True, gamma=0.9):
    """States that are the max over choices, choices that are sums over states; one of each odd."""
    rng, graph = np.random.default_rng(seed), Graph()
    given = graph.add_inputs(1)
    states = []
    for _ in range(n_states):
        choices = graph.add_nodes(n_actions, bias=rng.normal(size=n_actions),
                                  p0=rng.uniform(0, 1, n_actions))  # fmt: skip
        states.append(graph.add_node(choices, np.ones((1, n_actions)), kind="max"))
        if back:
            for choice in choices:
                to = rng.choice(states, min(len(states), 3), replace=False)
                graph.connect(to, choice, gamma * rng.dirichlet(np.ones(len(to))), recurrent=True)
    worst = graph.add_node(states[:4], uniform(1, 4, seed=seed), kind="min", bias=0.5)
    graph.add_node([worst, *given], [[0.5, -2.0]], bias=0.25)
    graph.add_node(bias=1.5)  # reads nothing
    return graph


def imagined(graph, *, curious, start=0.0):
    """Arguments of fixed_point: all nodes are due."""
    V = np.full(graph._store[h.N_SLOTS], start)
    V[graph._slots(graph.inputs)] = 0.75
    return {
        "H": graph, "V": V, "changed": graph._slots(graph.nodes), "curious": curious, "hope": 2.0,
        "tol": 1e-10, "most": 1 << 40,
    }  # fmt: skip


@case("plan.fixed_point")
def a_world_as_it_is_known():
    return imagined(world(), curious=False)


@case("plan.fixed_point")
def a_curious_look_from_above():
    return imagined(packed(world(seed=1)), curious=True, start=9.0)


@case("plan.fixed_point")
def nothing_leads_back():
    return imagined(world(5, 2, back=False), curious=False)


@case("plan.fixed_point")
def an_empty_world():
    return imagined(Graph(), curious=True)


@case("plan.fixed_point")
def a_single_choice_changed():
    values = imagined(world(seed=2), curious=True)
    plan.fixed_point(*(getattr(v, "_store", v).H if k == "H" else v for k, v in values.items()))
    graph = values["H"]
    choice = next(i for i in graph.nodes if graph.delayed_sources(i)[0].size)
    graph.set_nodes([choice], bias=3.0)
    return values | {"changed": graph._slots([choice])}


def counted(**values):
    """Choices with counts as stabilities: three outcomes, one that is not expected any more, none.

    Outcomes of the choices stand in turns in the lists of what followed.
    """
    graph = world(4, 3)
    store, choices = graph._store, [int(i) for i in graph.nodes if graph.delayed_sources(i)[0].size]
    store.dstab[: store[h.DPOOL_USED]] = np.arange(store[h.DPOOL_USED]) % 4
    choices.append(int(graph.nodes[-1]))  # never made
    sizes = [graph.delayed_sources(choice)[0].size for choice in choices]
    first, follow = np.full(len(choices), -1), []
    last = {}
    for k in range(max(sizes)):
        for c, size in enumerate(sizes):
            if k < size:
                if k == 0:
                    first[c] = len(follow)
                else:
                    follow[last[c]] = len(follow)
                last[c] = len(follow)
                follow.append(-1)
    return {
        "H": graph, "choices": np.array(choices), "first": first, "follow": np.array(follow),
        "reward": np.linspace(-1, 1, len(follow)),
        "nu": np.random.default_rng(1).uniform(size=(plan.NU_N, plan.NU_D)),
        "alpha": 0.3, "gamma": 0.999, "dread": -7.0, "wanted": True,
    } | values  # fmt: skip


@case("plan.expect")
def what_choices_lead_to():
    return counted()


@case("plan.expect")
def what_they_lead_to_where_rewards_are_no_matter():
    return counted(wanted=False, alpha=30.0)
