"""Cases of kernels/resonet.py; how a case is made stands in tests/cases.py."""

import numpy as np

from growgraph.kernels import evidence, intention, resonet
from tests.cases import case, concepts_of_two_classes
from tests.material import uniform


def a_pass(n=24, *, counts=(70, 80, 90), ctl=(0, 240, 10**6, 0, 200, 20, 200), due=(-1, -1, -1),
           lost=0, **settings):  # fmt: skip
    """Arguments of a pass: two windows, three classes with no, one and two aspects."""
    made = concepts_of_two_classes()
    graph, k = made["H"], np.array([0, 1, 2])
    X = np.hstack([uniform(n, 5, seed=11), np.ones((n, 1), np.float32), uniform(n, 2, seed=12)])
    values = {"ALPHA": 0.5, "USE_EVIDENCE": 1, "KAPPA": 2.0, "RESONANT": 1e9, "CONTEXT": 0.8,
              "MOST": 3, "PATIENCE": 2, "MISFIT": 0.01, "GATE_FROM": 1e9, "GATE_MARGIN": 0.5,
              "GATE_LOW": 0.3, "ROOM": 0, "MASS": 200, "OFTEN": 64,
              "NOISE_FROM": np.inf, "NOISE_MARGIN": -0.1} | settings  # fmt: skip
    for slot in (*made["prototypes"].ravel(), *made["aspects"].ravel()):
        graph.set_stability(int(graph._store.id_of[slot]), 5.0)
    par = np.zeros(resonet.PAR_SIZE)
    for name, value in values.items():
        par[getattr(resonet, name)] = value
    past = {"floor": 3.0, "R": 0.7, "met": 2.0, "B": 0.5, "recent": 4.0}
    shapes = {"floor": (2,), "R": (3, 2), "met": (3, 2), "B": (8, 3), "recent": (3,)}
    arrays = {name: top * uniform(*shape, seed=20, low=0.3).astype(np.float64)
              for (name, top), shape in zip(past.items(), shapes.values())}  # fmt: skip
    held = np.zeros((evidence.BLOCK, 16), np.float32)
    held[:, :8] = uniform(evidence.BLOCK, 8, seed=31)
    return {
        "H": graph, "X": X, "y": np.arange(n) * 7 % 5 % 3, "win": made["win"], "par": par,
        "draws": uniform(n, low=0).astype(np.float64), "prototypes": made["prototypes"],
        "aspects": made["aspects"], "W": uniform(8, 3, seed=13).astype(np.float64), "k": k,
        "due": np.array(due), "ctl": np.array(ctl), "counts": np.array(counts),
        "size": made["size"],
        "tally": np.tile([9, 9, 0], (3, 1)),
        "right_by": np.full(60, 2.0), "count_by": np.full(60, 3.0),
        "scales": np.array([[18, -2.0, 4.0], [9, 1.0, 0.5]]), "answers": np.zeros(n, np.int64),
        "newborn": np.zeros((2, 3), np.float32), "A": uniform(256, seed=30, low=0.3), "held": held,
        "lost": np.zeros(lost, np.float32), "said": np.zeros((n, 3)), "strange": np.zeros((n, 2)),
        **arrays,
    }  # fmt: skip


@case("resonet.learn")
def a_pass_in_which_nothing_is_due():
    return a_pass()


@case("resonet.learn", resonet.DONE)
def resonant_targets_behind_an_open_gate():
    return a_pass(lost=256, RESONANT=245, GATE_FROM=250)


@case("resonet.learn", resonet.DONE)
def a_pass_of_concepts_alone():
    return a_pass(USE_EVIDENCE=0, ALPHA=1.0)


@case("resonet.learn", resonet.DONE)
def easy_samples_are_written_now_and_then():
    """Nothing is hard; the gate is open from the very first of them."""
    return a_pass(GATE_FROM=240, GATE_MARGIN=-100.0)


@case("resonet.learn", resonet.DONE)
def labels_are_doubted():
    """One class is too young for it, and another has been contradicted long enough."""
    made = a_pass(NOISE_FROM=76)
    made["tally"][2, 2] = intention.MOST_DOUBTS - 1
    return made


@case("resonet.learn", resonet.DONE)
def labels_are_doubted_by_concepts_alone():
    return a_pass(NOISE_FROM=70, NOISE_MARGIN=0.2, USE_EVIDENCE=0, ALPHA=1.0)


@case("resonet.learn", resonet.DONE)
def a_pass_of_which_a_council_answers():
    return a_pass(COUNCIL=1)


def asked(**settings):
    """Arguments of resonet.ask: those of a pass that it needs."""
    made = a_pass(6, counts=(70, 80, 0), **settings)
    names = ("H", "X", "win", "prototypes", "aspects", "floor", "W", "par", "k", "counts", "size",
             "R", "said")  # fmt: skip
    return {name: made[name] for name in names}


@case("resonet.ask")
def scores_of_rows_that_are_not_learnt():
    return asked()


@case("resonet.ask")
def scores_of_concepts_alone():
    return asked(USE_EVIDENCE=0, ALPHA=1.0)


@case("resonet.learn", resonet.GROW)
def misfit_lasts():
    return a_pass(ROOM=1, MISFIT=0.3)


@case("resonet.learn", resonet.SOLVE)
def a_readout_is_due():
    return a_pass(ctl=(2, 240, 244, 0, 200, 31, 200))


@case("resonet.learn", resonet.TELL)
def an_outcome_is_due():
    return a_pass(due=(73, -1, 80))


@case("resonet.learn", resonet.GROW + resonet.SOLVE)
def a_class_is_met_for_the_second_time():
    return a_pass(counts=(1, 80, 0), ROOM=1)


@case("resonet.learn", resonet.SOLVE)
def the_first_sample_of_all():
    return a_pass(counts=(0, 0, 0), ctl=(0, 0, 4, 0, 0, 0, 0))


@case("resonet.learn", resonet.NEW_CLASS)
def a_label_never_met():
    return a_pass() | {"y": np.array([0, 1, 3, 2] * 6)}


@case("resonet.learn", resonet.DONE)
def misfit_was_but_is_no_more():
    """The running mean remembers misfit, samples at the prototype itself have none."""
    made = a_pass(6, ROOM=1, MISFIT=0.3)
    made["y"][:] = 2
    means = [made["H"].sources(int(made["H"]._store.id_of[s]))[1] for s in made["prototypes"][2]]
    for window, mean in zip(made["win"], means):
        made["X"][:, window] = mean
    return made
