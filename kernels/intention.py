"""Whether a sample is written: the intention gate, and the noise band of labels not believed."""

from growgraph.kernels._jit import helper

MOST_DOUBTS = 8  # labels of a class in a row; after so many the class has changed, not its labels


@helper
def intends(margin, most, draw, low):
    """The intention gate: hard samples are written, easy ones now and then."""
    return margin < most or draw < low


@helper
def in_a_row(tally, c, against):
    """Whether a label is against what was learnt, and not one of so many in a row.

    ``tally[c, 2]`` counts such labels of a class. A class that is contradicted again and again is
    believed until it is so no more.
    """
    tally[c, 2] = min(tally[c, 2] + 1, MOST_DOUBTS + 1) if against else 0
    return against and tally[c, 2] <= MOST_DOUBTS
