"""Cases of kernels/council.py; how a case is made stands in tests/cases.py.

A short stream is learnt up to where it becomes interesting; the case is what comes next.
"""

import numpy as np

from growgraph import Graph
from growgraph.growth import GrowthController
from growgraph.kernels import council, prototype
from growgraph.kernels import question as q
from growgraph.models._resonet.council import Council
from tests.cases import case
from tests.material import uniform

CLASSES = 3


class Stream:
    """Three inputs, three classes, the second question needs two inputs."""

    def __init__(self, *, replay=40, solves=True, d=3, seed=1):
        self.X = uniform(400, d, seed=seed, low=-2, high=2)
        n = np.arange(400)
        first, second = self.X[:, 0] > 0, self.X[:, -1] + self.X[:, 0] > 0.5
        self.y = np.where(first, second, 2)
        said = 2 * uniform(400, CLASSES, seed=2).astype(np.float64)
        said[n, self.y] += 1
        self.said, self.strange = said, uniform(400, 2, seed=3).astype(np.float64)
        self.graph, self.controller = Graph(), GrowthController([], intention="see")
        self.graph.record()
        self.graph.add_inputs(d)
        heard = self.graph.add_nodes(CLASSES)
        self.council = Council(self.graph, self.controller, 5, replay, solves)
        for c in range(CLASSES):
            self.council.add_class(self.graph, self.controller, str(c), int(heard[c]))
        self.record = council.Record(
            np.zeros((CLASSES, 2), np.int64), np.full(60, 2.0), np.full(60, 3.0),
            np.array([[18, -2.0, 4.0], [9, 1.0, 0.5]]),
        )  # fmt: skip

    def learn(self, a, b):
        """Learn rows a to b, with all that is born on the way."""
        rows, answers = slice(a, b), np.zeros(b - a, np.int64)
        self.council.learn(
            self.graph, self.controller, self.X[rows], self.y[rows], self.said[rows],
            self.strange[rows], self.record, answers, lambda nodes, edges: True,
        )  # fmt: skip
        return self

    def next(self, a, b):
        """Arguments of the kernel for rows a to b, with room for all that they change."""
        room = {"EV_CAP": 4000, "EVP_CAP": 20_000, "POOL_CAP": 40_000, "SPOOL_CAP": 40_000}
        self.graph._store.reserve(**room)
        rows, held = slice(a, b), dict(zip("GCLTD", self.council.state(self.graph), strict=True))
        return {
            "H": self.graph, "X": self.X[rows].copy(), "y": self.y[rows].copy(),
            "said": self.said[rows].copy(), "strange": self.strange[rows].copy(),
            "ctl": self.council.ctl, **held, "R": self.record,
            "answers": np.zeros(b - a, np.int64),
        }  # fmt: skip


@case("council.learn", council.CONCEPT)
def the_first_sample_of_all_bears_a_prototype():
    made = Stream().next(0, 3)
    made["said"][0] = -np.inf  # no class was seen
    return made


@case("council.learn", council.UNITS)
def the_first_trees_need_units():
    return Stream().learn(0, 9).next(9, 12)


@case("council.learn", council.DONE)
def units_are_there_now_in_the_middle_of_a_sample():
    stream = Stream().learn(0, 9)
    made = stream.next(9, 10)
    while stream.graph._store.call(council.learn, *list(made.values())[1:]) != council.UNITS:
        stream.council.bear_concept(stream.graph, stream.controller, made["X"][0])
        made |= stream.next(9, 10)
    stream.council.bear_units(stream.graph, stream.controller)
    stream.council.ctl[council.FULL] = 1  # the other trees must do without
    return stream.next(9, 10)


@case("council.learn", council.DONE)
def trees_forget_prune_and_ask_anew():
    stream = Stream().learn(0, 70)
    stream.council.ctl[council.FULL] = 1
    return stream.next(70, 95)


@case("council.learn")
def a_grove_remembers_less_than_the_other():
    stream = Stream(replay=60)
    stream.council.plan[0, q.SPAN] = 25
    return stream.learn(0, 80).next(80, 90)


@case("council.learn", council.DONE)
def trees_without_trust_learn_by_turns():
    """The present concept has lasted for 1990 samples, half of them answered wrongly."""
    made = Stream().learn(0, 70).next(70, 90)
    made["ctl"][[council.BEGAN, council.FAILED, council.FULL]] = -1920, -1000, 1
    made["T"].weight[council.STEADY :] = 0.001
    return made


@case("council.learn", council.DONE)
def a_class_that_came_late_is_young():
    """Sample 600 and on; of one class there were three: missing it teaches no trust."""
    made = Stream().learn(0, 70).next(70, 90)
    made["ctl"][[council.N, council.EPOCH, council.BEGAN]] += 530
    made["ctl"][council.FULL] = 1
    made["T"].counts[2] = 3
    made["said"][:, 2] -= 9  # who is trusted does not know it
    for name in ("weight", "said"):
        T = getattr(made["T"], name)
        T[:] = np.where(np.arange(T.size) == council.EVIDENCE, 0.9, 0.1 / (T.size - 1))
    return made


def of_late(failures):
    """As if none of its answers had been wrong before the last 30: 4 of these are too many."""
    stream = Stream(replay=30).learn(0, 140)
    C = stream.council
    C.past[:], C.ctl[[council.FAILURES, council.FULL]] = 0, [failures, 1]
    assert C.ctl[council.N] - C.ctl[council.BEGAN] > 100
    return stream.next(140, 144)


@case("council.learn", council.DONE)
def an_alarm_lets_the_fresh_trees_go():
    return of_late(4)


@case("council.learn", council.DONE)
def too_few_failures_for_an_alarm():
    made = of_late(2)
    return made | {name: made[name][:1] for name in ("X", "y", "said", "strange", "answers")}


def old_enough(age, past):
    """A concept of an age, and how many answers had been wrong before so many samples."""
    stream = Stream(replay=0).learn(0, 180)
    C, n = stream.council, 181
    C.past[:], C.ctl[[council.BEGAN, council.FAILED]] = 0, [n - age, 0]
    for ago, failures in past.items():
        C.past[n - np.arange(ago)] = failures
    C.ctl[[council.FAILURES, council.FULL]] = max(past.values()), 1
    return stream.next(180, 182)


@case("council.learn", council.DONE)
def an_alarm_as_soon_as_a_horizon_counts():
    """None of the last 30 answers was wrong, but 20 of the 30 before."""
    return old_enough(160, {61: 3, 45: 20})


@case("council.learn", council.DONE)
def a_young_concept_is_given_time():
    return old_enough(100, {30: 9})


@case("council.learn", council.DONE)
def readouts_hear_the_first_inputs():
    made = Stream().learn(0, 60).next(60, 70)
    L = made["L"]
    made["L"] = council.Readouts(L.A[:, :3, :3].copy(), L.B[:, :3].copy(), L.slots)
    made["L"].A[1] *= 90  # it winds up: nothing is forgotten
    made["D"] = made["D"]._replace(B=made["D"].B[:, :3].copy())
    made["ctl"][council.FULL] = 1
    return made


@case("council.learn", council.DONE)
def a_class_stays_away_and_evidence_answers():
    made = Stream().learn(0, 60).next(60, 64)
    made["T"].seen[0], made["T"].counts[0], made["T"].order[0] = 0, 40, 30
    made["ctl"][council.FULL] = 1
    return made


@case("council.learn", council.DONE)
def a_class_stays_away_and_evidence_has_more_trust_than_that():
    made = a_class_stays_away_and_evidence_answers()
    made["T"].weight[:] = np.where(made["T"].prior > 0, 0.002, 0)
    made["T"].weight[council.EVIDENCE] = 0.99
    return made


@case("council.learn", council.DONE)
def one_class_alone_says_nothing_of_margins():
    stream = Stream().learn(0, 40)
    stream.y[40:] = 1
    made = stream.next(40, 44)
    made["T"].counts[[0, 2]], made["ctl"][council.FULL] = 0, 1
    return made


@case("council.learn", council.DONE)
def the_most_prototypes_there_may_be():
    """The weakest gives its place; strengths are written for another epoch."""
    made = Stream(replay=0).learn(0, 60).next(60, 80)
    n = int(made["ctl"][council.CONCEPTS])
    C = made["C"]
    made["C"] = council.Prototypes(C.slots[:n], C.sums, C.traits[:n].copy(), C.owner[:n].copy())
    made["ctl"][council.EPOCH] = 60 + 3 - 16384
    made["C"].traits[:, prototype.SINCE] -= 1
    weakest = made["C"].traits[:, prototype.STRENGTH].min() - 1
    made["C"].traits[:2, [prototype.STRENGTH, prototype.SINCE]] = weakest, 58  # the first of both
    return made


@case("council.learn", council.DONE)
def a_plastic_prototype_goes_most_of_the_way_to_a_near_sample():
    stream = Stream(replay=0).learn(0, 60)
    stream.council.traits[:, prototype.PLASTIC] = 0.5
    last = stream.council.ctl[council.CONCEPTS] - 1
    stream.X[60] = stream.graph.weights(stream.council.concepts[last, 0]) + np.float32(0.01)
    stream.y[60] = stream.council.owner[last]
    return stream.next(60, 61)


@case("council.learn", council.DONE)
def readouts_are_young_no_more():
    stream = Stream(replay=0).learn(0, 60)
    stream.council.ctl[council.N] = 498
    return stream.next(60, 63)


@case("council.learn", council.FOLD)
def the_log_is_full():
    stream = Stream(solves=False).learn(0, 30)
    stream.council.ctl[[council.EVENTS, council.FULL]] = 1
    return stream.next(30, 33)


@case("council.answer")
def rows_that_are_not_learnt():
    made = Stream().learn(0, 90).next(90, 100)
    names = ("H", "X", "said", "ctl", "G", "C", "L", "T")
    return {name: made[name] for name in names} | {"out": np.zeros((10, CLASSES))}


@case("council.answer")
def rows_before_anything_was_learnt():
    made = Stream(d=1).next(0, 4)
    names = ("H", "X", "said", "ctl", "G", "C", "L", "T")
    return {name: made[name] for name in names} | {"out": np.zeros((4, CLASSES))}


@case("council.welcome")
def all_leaves_speak_again():
    made = Stream().learn(0, 60).next(60, 61)
    made["G"].leaf[:, :, 0] += 3  # as if what they say were not written yet
    made["T"].said[:] *= 0.5
    return {name: made[name] for name in ("H", "G", "T")}
