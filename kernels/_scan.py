"""What the search for nearest prototypes needs of the machine, beside kernels/_simd.py.

Sums of eight float64 side by side that have the bits of their formula, on every machine: no
product joins a sum. And which of sixteen bounds are low enough, as bits.
Each operation is a plain Python function and is lowered by hand, as those of kernels/_simd.py.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.datamodel import models, register_default
from numba.extending import lower_builtin, type_callable

from growgraph.kernels._lanes import LANES, address_of, f32, guard, is_matrix, spread

_DOUBLE = ir.DoubleType()
_EIGHT = ir.VectorType(_DOUBLE, 8)
_SOURCE = ir.VectorType(ir.FloatType(), 8)
VECTOR = ir.VectorType(ir.FloatType(), LANES)
INT64 = ir.IntType(64)


class _EightType(types.Type):
    def __init__(self):
        super().__init__(name="float64x8")


eight = _EightType()


@register_default(_EightType)
class _EightModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, _EIGHT)


# ---- the operations in Python ---------------------------------------------------------------
def nothing():
    """Eight zeros."""
    return np.zeros(8)


def add_squares(v, X, q, P, i, j):
    """v + (X[q, j : j + 8] - P[i, j : j + 8])^2 in float64; X and P are float32."""
    q, i, j = int(q), int(i), int(j)
    away = X[q, j : j + 8].astype(np.float64) - P[i, j : j + 8]
    return v + away * away


def whole(v):
    """Sum of the eight, in pairs: (0 + 4), (1 + 5) ..., then (0 + 2), (1 + 3), then both."""
    half = 4
    while half:
        v = v[:half] + v[half : 2 * half]
        half //= 2
    return v[0]


def up_to(S, i, j, limit):
    """Bit b is set where S[i, j + b] is not above limit, b = 0 .. 15; uint64."""
    row = S[int(i), int(j) : int(j) + LANES]
    return np.uint64(sum(1 << b for b in range(LANES) if not row[b] > limit))


def lowest(bits):
    """Number of the lowest bit that is set; some bit is."""
    bits = int(bits)
    return np.uint64((bits & -bits).bit_length() - 1)


# ---- typing ---------------------------------------------------------------------------------
@type_callable(nothing)
def _type_nothing(context):
    return lambda: eight


@type_callable(add_squares)
def _type_add_squares(context):
    return lambda v, X, q, P, i, j: eight if is_matrix(X) and is_matrix(P) else None


@type_callable(whole)
def _type_whole(context):
    return lambda v: types.float64


@type_callable(up_to)
def _type_up_to(context):
    return lambda S, i, j, limit: types.uint64 if is_matrix(S) and limit == f32 else None


@type_callable(lowest)
def _type_lowest(context):
    return lambda bits: types.uint64 if bits == types.uint64 else None


# ---- lowering -------------------------------------------------------------------------------
@lower_builtin(nothing)
def _lower_nothing(context, builder, signature, args):
    return ir.Constant(_EIGHT, [0.0] * 8)


def _guard_eight(context, builder, signature, args):
    """With GROWGRAPH_CHECKED: a[i, j : j + 8] must be there."""
    matrix = context.make_array(signature.args[0])(context, builder, args[0])
    for axis, more in ((0, 1), (1, 8)):
        at = context.cast(builder, args[1 + axis], signature.args[1 + axis], types.uint64)
        size = builder.extract_value(matrix.shape, axis)
        guard(context, builder, builder.add(at, INT64(more)), size)


@lower_builtin(
    add_squares, eight, types.Array, types.Integer, types.Array, types.Integer, types.Integer
)
def _lower_add_squares(context, builder, signature, args):
    v, X, q, P, i, j = args
    _, x_type, q_type, p_type, i_type, j_type = signature.args
    numbers = []
    for array, kind, row, row_type in ((X, x_type, q, q_type), (P, p_type, i, i_type)):
        place = types.void(kind, row_type, j_type)
        _guard_eight(context, builder, place, (array, row, j))
        address = address_of(context, builder, place, (array, row, j), guarded=False)
        eight_floats = builder.load(builder.bitcast(address, _SOURCE.as_pointer()), align=4)
        numbers.append(builder.fpext(eight_floats, _EIGHT))
    away = builder.fsub(*numbers)
    # else the compiler joins product and sum where the machine can: one rounding instead of two
    declared = ir.FunctionType(_EIGHT, [_EIGHT])
    fence = builder.module.declare_intrinsic("llvm.arithmetic.fence.v8f64", (), declared)
    return builder.fadd(v, builder.call(fence, [builder.fmul(away, away)]))


@lower_builtin(whole, eight)
def _lower_whole(context, builder, signature, args):
    v, half = args[0], 4
    while half:
        kind, undefined = ir.VectorType(ir.IntType(32), half), ir.Constant(v.type, ir.Undefined)
        low, high = (
            builder.shuffle_vector(
                v, undefined, ir.Constant(kind, list(range(first, first + half)))
            )
            for first in (0, half)
        )
        v, half = builder.fadd(low, high), half // 2
    return builder.extract_element(v, ir.Constant(ir.IntType(32), 0))


@lower_builtin(up_to, types.Array, types.Integer, types.Integer, types.float32)
def _lower_up_to(context, builder, signature, args):
    address = address_of(context, builder, signature, args)
    row = builder.load(builder.bitcast(address, VECTOR.as_pointer()), align=4)
    low = builder.fcmp_unordered("<=", row, spread(builder, args[3]))  # true for NaN, too
    return builder.zext(builder.bitcast(low, ir.IntType(LANES)), INT64)


@lower_builtin(lowest, types.uint64)
def _lower_lowest(context, builder, signature, args):
    return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))
