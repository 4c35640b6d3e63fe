"""Cases of kernels/dormant.py, inside council.learn: what falls asleep, wakes and gives way."""

import numpy as np

from growgraph.kernels import council, dormant, question
from tests.cases import case
from tests.cases_council import Stream

STEADY = council.STEADY


def alarm_next(stream):
    """As if none of the answers had been wrong before the last 30: 4 of these are too many."""
    C = stream.council
    C.past[:], C.ctl[council.FAILURES] = 0, 4
    C.ctl[[council.BEGAN, council.FAILED]] = 0
    return stream


def slept(times, replay=30):
    """A stream at whose row 320 so many groves sleep, told as if answers had been bad."""
    stream = alarm_next(Stream(replay=replay).learn(0, 320 - times))
    for i in range(320 - times, 320):
        stream.learn(i, i + 1)
        assert stream.council.ctl[council.LAST_ALARM] == i + 1
        alarm_next(stream)
    C = stream.council
    assert (C.kept[:, dormant.USED] >= 0).sum() == min(times, 4)
    C.told[:], C.ctl[[council.FAILURES, council.FULL]] = -4, [0, 1]
    return stream


def roused(stream, after):
    """So many samples after an alarm."""
    stream.council.ctl[[council.LAST_ALARM, council.BEGAN]] = 321 - after, 306 - after
    stream.council.right[:] = 0.5
    return stream


def awake(sleepers=2):
    """So many groves sleep, one is awake, some rows later."""
    stream = roused(slept(sleepers), 15).learn(320, 321)
    C = stream.council
    assert C.ctl[council.AWAKE] > 0
    assert C.weight[STEADY + C.ctl[council.AWAKE]] == 0.6
    return stream.learn(321, 330)


@case("council.learn", council.VOTER)
def a_concept_that_lasted_needs_another_grove():
    return alarm_next(Stream(replay=30).learn(0, 340)).next(340, 344)


@case("council.learn", council.DONE)
def the_fresh_grove_falls_asleep():
    stream = alarm_next(Stream(replay=30).learn(0, 340))
    stream.council.bear_voter(stream.graph, stream.controller)
    stream.council.ctl[[council.BEGAN, council.FULL]] = 41, 1  # it lasted 300 samples
    return stream.next(340, 344)


@case("council.learn", council.DONE)
def a_concept_that_did_not_last_is_forgotten():
    stream = alarm_next(Stream(replay=30).learn(0, 340))
    stream.council.ctl[council.BEGAN] = 42
    stream.council.ctl[council.FULL] = 1
    return stream.next(340, 344)


@case("council.learn", council.DONE)
def nobody_may_be_born_so_who_sleeps_gives_way():
    stream = alarm_next(slept(1))
    stream.council.ctl[council.FAILURES] = 4
    return stream.next(320, 322)


@case("council.learn", council.DONE)
def the_longest_unused_gives_way():
    """The second, not who began first, nor who would wake."""
    stream = alarm_next(slept(4))
    stream.council.told[:] = 0  # nobody does
    used_first = [300, 9], [250, 50], [310, 1], [250, 40]
    stream.council.kept[1:5, [dormant.USED, dormant.FIRST]] = used_first
    return stream.next(320, 322)


@case("council.learn", council.DONE)
def who_is_awake_gives_way_and_votes_as_the_fresh_one():
    stream = alarm_next(awake(1))
    C = stream.council
    C.weight[[STEADY + C.ctl[council.AWAKE], STEADY + C.ctl[council.NEWEST]]] = 0.1, 0.5
    return stream.next(330, 332)


@case("council.learn", council.DONE)
def who_is_about_to_wake_does_not_give_way():
    stream = slept(4)
    stream.council.right[:] = 0.5
    return alarm_next(stream).next(320, 322)


@case("council.learn", council.DONE)
def who_is_awake_counts_no_more_than_it_can():
    stream = awake()
    G, g = stream.council, int(stream.council.ctl[council.AWAKE])
    G.node[g, question.COUNT, 1:3] = 2**30
    return stream.next(330, 332)


@case("council.learn", council.DONE)
def who_sleeps_is_asked_and_wakes():
    return roused(slept(3), 15).next(320, 324)


@case("council.learn", council.DONE)
def who_was_better_once_but_errs_now_sleeps_on():
    stream = roused(slept(3), 30)
    stream.council.right[:] = 1
    return stream.next(320, 322)


@case("council.learn", council.DONE)
def who_is_hardly_better_sleeps_on():
    """Before the alarm, and after the sample under way, there is nothing to look at."""
    stream = roused(slept(3), 15)
    stream.council.told[:] = -1000
    stream.council.told[np.arange(306, 321) % dormant.LOOKED] = -0.01
    return stream.next(320, 321)


def alike(said):
    """Two sleepers that say the same of every sample."""
    stream = roused(slept(2), 15)
    for vote in stream.council.votes[1:3].ravel().tolist():
        stream.graph.set_weights(vote, np.zeros(stream.graph.weights(vote).size))
    for votes in stream.council.votes[1:3]:
        stream.graph.set_nodes(votes, bias=said)
    return stream


@case("council.learn", council.DONE)
def the_first_of_equals_wakes():
    stream = alike([0.2, 0.2, 0.6])
    stream.council.right[:] = 0.1
    return stream.next(320, 321)


@case("council.learn", council.DONE)
def who_cannot_decide_names_the_first_class():
    """Which is seldom right; the last would be half of the time."""
    stream = alike([0.5, 0, 0.5])
    stream.council.right[:] = 0.6
    return stream.next(320, 321)


@case("council.learn", council.DONE)
def a_concept_returns_at_the_alarm_itself():
    stream = slept(2)
    stream.council.right[:] = 0.5
    return alarm_next(stream).next(320, 322)


@case("council.learn", council.DONE)
def who_is_awake_counts_on():
    stream = awake()
    return stream.next(330, 336)


@case("council.learn", council.DONE)
def who_is_awake_and_not_trusted_goes():
    stream = awake()
    C = stream.council
    C.ctl[[council.LAST_ALARM, council.BEGAN]] = 330 - 199, 200
    C.weight[STEADY + C.ctl[council.AWAKE]] = 0.004
    return stream.next(330, 333)


@case("council.learn", council.DONE)
def who_is_awake_is_not_kept_twice():
    return alarm_next(awake()).next(330, 332)


@case("council.learn", council.DONE)
def who_is_awake_but_less_trusted_than_the_fresh_goes():
    stream = alarm_next(awake())
    C = stream.council
    C.weight[[STEADY + C.ctl[council.AWAKE], STEADY + C.ctl[council.NEWEST]]] = 0.1, 0.5
    return stream.next(330, 332)


@case("council.welcome")
def who_sleeps_speaks_again_of_a_new_class():
    made = slept(2).next(320, 321)
    made["G"].leaf[:, :, 0] += 3  # as if what they say were not written yet
    return {name: made[name] for name in ("H", "G", "T")}
