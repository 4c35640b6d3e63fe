"""One row of numbers through the sense for tables, unless it must be looked at closely."""

import numpy as np

from growgraph.kernels._jit import helper, kernel
from growgraph.kernels._simd import bare
from growgraph.kernels.single import compute_one

# what a row is: nothing new, beyond what its columns have shown, to be looked at closely
PLAIN, WIDER, ODD = range(3)

HUGE = 1e306
FAR = 1e6  # in units of the spread: clipped anyway
NEW_GROUND = 0.5  # of the range shown so far: so far outside it a value is new ground


@helper
def within(x, centre, spread):
    """X, never so far away that float32 could not hold it."""
    far = FAR * spread
    return min(max(x, centre - far), centre + far)


@helper
def told(x, spread, reach):
    """PLAIN, WIDER or ODD: a gap, a number too large, or perhaps new ground."""
    what = PLAIN
    for i in range(x.size):
        if not abs(x[i]) <= HUGE:
            return ODD
        low, high = reach[0, i], reach[1, i]
        if not (x[i] >= low and x[i] <= high):
            what = WIDER
            far = NEW_GROUND * (high - low)
            if spread[i] > 0 and far > 0 and (low - x[i] > far or x[i] - high > far):
                return ODD
    return what


@kernel(writes=("V", "features", "seen"))
def look(H, X, centre, spread, reach, knots, shift, scale, inputs, nodes, outputs, columns, V,
         features, seen):  # fmt: skip
    """Activities that a row of numbers brings about, the same bits as for many rows.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle.
    X : float64 [1, d]
        The row.
    centre, spread : float64 [d]
        Scale of each column; a column of spread 0 says 0.
    reach : float64 [2, d]
        Least and greatest value shown, NaN before there was one.
    knots : float64 [new ground, 4]
        Place among the born inputs, column, edge, signed width.
    shift, scale : float64 [inputs]
        Of the graph's inputs.
    inputs : int32 [inputs]
        Slots.
    nodes : int32 [on the way]
        Slots in running order.
    outputs : int32 [asked]
        Slots.
    columns : int64 [asked]
        Where each output stands in a row of ``features``.
    V : float32 [N_SLOTS, 1]
        Scratch, written.
    features : float32 [1, width]
        Activities of the outputs, written in ``columns``.
    seen : float32 [1, inputs]
        Activities of the inputs, written.

    Returns
    -------
    int64
        PLAIN, WIDER, or ODD (nothing of worth is written).
    """
    H, X, V, features, seen = bare(H), bare(X), bare(V), bare(features), bare(seen)
    x, v, what = X[0], V.reshape(V.size), told(X[0], spread, reach)
    if what == ODD:
        return np.int64(ODD)
    for i in range(inputs.size):
        value = 0.0
        if i < x.size and spread[i] > 0:
            value = within(x[i], centre[i], spread[i])
        v[np.uint64(inputs[i])] = np.float32((value - shift[i]) * scale[i])
    for n in range(knots.shape[0]):
        i, edge = x.size + np.int64(knots[n, 0]), knots[n, 2]
        value = within(x[np.int64(knots[n, 1])], edge, abs(knots[n, 3]))
        v[np.uint64(inputs[i])] = np.float32((value - shift[i]) * scale[i])
    for k in range(nodes.size):
        compute_one(H, V, v, V[:0], np.uint64(nodes[k]), False)
    for o in range(outputs.size):
        features[0, columns[o]] = v[np.uint64(outputs[o])]
    for i in range(inputs.size):
        seen[0, i] = v[np.uint64(inputs[i])]
    return np.int64(what)
