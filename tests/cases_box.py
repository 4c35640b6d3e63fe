"""Cases of the kernels of continuous worlds; how to add one stands in tests/cases.py."""

import numpy as np

from growgraph.kernels import conceive
from growgraph.kernels.foresee import OPEN, UNKNOWN, Model
from tests.cases import case
from tests.cases_plan import world as graph_world


def model(seed=0, *, ends=False, goal=False, angle=True, bounded=False):
    """A world of two or three coordinates, the first an angle; seven centres, some lived places."""
    rng, many, c = np.random.default_rng(seed), 2, 2 + angle
    d = c + angle
    scale = np.array([[float(angle and i == 0) for i in range(c)], rng.normal(size=c) * 0.1,
                      rng.uniform(0.5, 1.5, c)])  # fmt: skip
    bounds = np.array([[-np.inf] * c, [np.inf] * c, [-2.0] * c, [2.0] * c, [-1.0] * c])
    bounds[2:4, 0] = (-np.inf, np.inf) if angle else (-2, 2)
    if bounded:
        bounds[0, -2:], bounds[1, -2:], bounds[4, -2:] = -0.4, 0.4, (0, 0 if angle else 1)
    lived = np.column_stack([rng.normal(size=(12, d)), np.arange(12) % many])
    form = rng.normal(size=1 + d + d * (d + 1) // 2) - [1.5, *np.zeros(d + d * (d + 1) // 2)]
    return Model(
        scale, rng.normal(size=(d, 7)), 0.15 * rng.normal(size=(many, c + 1, 1 + d + 7)),
        rng.uniform(0.5, 1, c + 1), lived, bounds, form if ends else np.zeros(0),
        np.append(rng.normal(size=d), 0.9) if goal else np.zeros(0),
        np.array([1.0, 1.0, 0.2, 0.9, 0.7]),
    )  # fmt: skip


KINDS = [{}, {"ends": True, "seed": 1}, {"goal": True, "seed": 2}, {"angle": False, "seed": 3},
         {"bounded": True, "seed": 4}, {"bounded": True, "angle": False, "seed": 5}]  # fmt: skip


def places(m, n, seed=0):
    return 0.7 * np.random.default_rng(seed).normal(size=(n, m.scale.shape[1]))


def felt(m, x):
    from tests.naive.foresee import feel

    return np.array([feel(m, one) for one in x])


def imagined(room=30, **kind):
    m = model(**kind)
    c, d, n = m.scale.shape[1], m.lived.shape[1] - 1, 5
    x, f = np.zeros((room, c)), np.zeros((room, d))
    x[:n] = places(m, n)
    f[:n] = felt(m, x[:n])
    before = np.vstack([x[3:1:-1], places(m, 20, 7)])
    return {
        "model": m, "steps": 3, "spacing": np.array([0.1, 0.5, 0.8]), "first": 0, "n": n,
        "there": before, "seen": felt(m, before), "places": x, "felt": f,
        "whence": np.zeros(room, np.int64), "outcome": np.zeros((room, 2), np.int64),
        "reward": np.zeros((room, 2)), "discount": np.zeros((room, 2)),
        "landed": np.zeros((room, 2, d + c)),
    }  # fmt: skip


def several(kernel, make):
    """A case of each kind of world."""
    for k, kind in enumerate(KINDS):

        def one(kind=kind):
            return make(**kind)

        one.__name__ = f"{make.__name__}_{k}"
        case(kernel)(one)


def plans_played(**kind):
    m = model(**kind)
    c, rng = m.scale.shape[1], np.random.default_rng(3)
    half = rng.normal(size=(c, c))
    return {
        "model": m, "x": places(m, 1)[0], "plans": rng.integers(-1, 2, (6, 5)),
        "home": np.full(c, 0.1), "weight": rng.uniform(1, 2, c), "tail": half @ half.T,
        "costs": np.zeros(6),
    }  # fmt: skip


def a_step(**kind):
    m = model(**kind)
    return {"model": m, "x": places(m, 1)[0], "action": 1,
            "careful": m.goal.size + m.ends.size > 0}  # fmt: skip


def a_comparison(**kind):
    m = model(**kind)
    return {"model": m, "x": places(m, 1)[0], "action": 1, "after": places(m, 1, 1)[0],
            "felt": np.zeros(3)}  # fmt: skip


def a_judgement(**kind):
    m = model(**kind)
    x = places(m, 25, 1)
    return {
        "model": m, "steps": 2, "depth": 3, "width": 2, "x": places(m, 1, 2)[0],
        "across": np.ascontiguousarray(felt(m, x).T),
        "values": np.linspace(-3, 1, 25), "unknown": 0.5, "worth": np.zeros(2),
    }  # fmt: skip


several("foresee.play", plans_played)
several("foresee.trace", a_step)
several("foresee.compare", a_comparison)
several("conceive.expand", imagined)
several("conceive.judge", a_judgement)


@case("conceive.expand")
def there_is_no_more_room():
    return imagined(room=7)


@case("conceive.expand")
def some_were_imagined_from_before():
    return imagined(seed=1) | {"first": 3}


@case("conceive.expand")
def there_are_several_blocks_of_concepts():
    return imagined(room=300, seed=2) | {"spacing": np.array([0.02, 0.05, 0.1])}


@case("conceive.judge")
def one_step_ahead():
    return a_judgement() | {"depth": 1, "width": 1}


def _divided(shift):
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(30), rng.normal(size=(30, 3))])
    sign = np.where(X[:, 1] + X[:, 2] > 0.3, 1.0, -1.0)
    X[:, 1] += shift * sign
    return {"X": X, "sign": sign, "cost": np.full(30, 10.0), "passes": 200, "w": np.zeros(4),
            "alpha": np.zeros(30)}  # fmt: skip


@case("margin.separate")
def two_kinds_apart():
    return _divided(0.5)


@case("margin.separate")
def two_kinds_that_overlap():
    return _divided(-0.3) | {"passes": 7}


@case("conceive.sift")
def some_are_too_near():
    rng = np.random.default_rng(0)
    return {"felt": rng.normal(size=(40, 2)), "near": np.repeat([0.5, 0.2], 20),
            "chosen": np.zeros(15, np.int64)}  # fmt: skip


@case("conceive.mix")
def mixtures_of_many_and_of_few():
    rng, n = np.random.default_rng(0), 25
    outcome = rng.integers(0, 3, (n, 2))
    return {
        "felt": rng.normal(size=(n, 3)), "outcome": outcome, "landed": rng.normal(size=(n, 2, 5)),
        "target": np.ones((n, 2, conceive.MIXED), np.int64),
        "share": np.ones((n, 2, conceive.MIXED)),
    }  # fmt: skip


@case("conceive.mix")
def mixtures_of_three():
    values = mixtures_of_many_and_of_few()
    few = {k: values[k][:3].copy() for k in ("felt", "outcome", "landed", "target", "share")}
    return few | {"outcome": np.zeros((3, 2), np.int64)}


@case("conceive.lead")
def where_choices_lead():
    graph = graph_world(8, 2)
    ids = [int(i) for i in graph.nodes if graph.delayed_sources(i)[0].size]
    choices = np.array(ids[: 2 * (len(ids) // 2)]).reshape(-1, 2)
    states = np.array([int(i) for i in graph.nodes if graph.node(int(i))["kind"] == "max"])
    n, rng = len(choices), np.random.default_rng(2)
    target = np.array([[rng.choice(len(states), 3, False) for _ in range(2)] for _ in range(n)])
    share = rng.uniform(size=target.shape) * (rng.random(target.shape) < 0.7)
    outcome = rng.choice([OPEN, UNKNOWN], (n, 2), p=[0.7, 0.3])
    return {
        "H": graph, "choices": choices, "states": states, "target": target,
        "share": share * (outcome == OPEN)[:, :, None], "discount": np.full((n, 2), 0.9),
        "outcome": outcome, "reward": rng.normal(size=(n, 2)), "dread": -7.0,
        "lacking": np.zeros((target.size, 3), np.int64),
    }  # fmt: skip
