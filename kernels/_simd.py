"""Sixteen float32 side by side as one value that kernels can hold.

Each operation is a plain Python function over NumPy slices, so that kernels run uncompiled, and is
lowered by hand to LLVM's ``<16 x float>``: one register with AVX-512, two with AVX2, four with
SSE. Loads and stores need no alignment, but rows on a cache line are read faster.

``fma`` is one rounding where the machine has fused multiply-add, two where it has not; scalars and
lanes agree in that, so that a column has the same bits in every place of every strip.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import errors
from numba.extending import lower_builtin, type_callable

from growgraph.kernels._jit import CHECKED
from growgraph.kernels._lanes import (
    FLOAT,
    INT32,
    INT64,
    LANES,
    VECTOR,
    WIDE,
    address_of,
    f32,
    guard,
    index_of,
    is_list,
    is_matrix,
    lanes,
    place_of,
    refuse,
    spread,
)


# ---- the operations in Python ---------------------------------------------------------------
def splat(x):
    """Sixteen times x."""
    return np.full(LANES, x, np.float32)


def load(a, i, j):
    """a[i, j : j + 16]; i and j are not negative."""
    return a[int(i), int(j) : int(j) + LANES].copy()


def take(a, k):
    """a[k : k + 16] of a one-dimensional float32 array."""
    return a[int(k) : int(k) + LANES].copy()


def put(a, k, v):
    """a[k : k + 16] = v of a one-dimensional float32 array."""
    a[int(k) : int(k) + LANES] = v


def store(a, i, j, v):
    """a[i, j : j + 16] = v."""
    a[int(i), int(j) : int(j) + LANES] = v


def gather(v, index, k):
    """v[index[k : k + 16]] of a one-dimensional float32 v and uint32 indices below 2**31."""
    return v[index[int(k) : int(k) + LANES]]


def fma(x, y, z):
    """x * y + z, of three lanes or three float32."""
    return x * y + z


def plus(x, y):
    """x + y."""
    return x + y


def less(x, y):
    """x - y."""
    return x - y


def times(x, y):
    """x * y."""
    return x * y


def over(x, y):
    """x / y."""
    return x / y


def where_positive(c, x, y):
    """x where c > 0, else y."""
    return np.where(c > 0, x, y)


def total(v):
    """Sum of the sixteen, in pairs: (0 + 8), (1 + 9) ..., then (0 + 4) ...; float32."""
    half = LANES // 2
    while half:
        v = v[:half] + v[half : 2 * half]
        half //= 2
    return v[0]


def at(a, i):
    """a[i] of a one-dimensional array, i not negative: no wraparound, no bounds."""
    return a[int(i)]


def bare(a):
    """The same array without its owner, which the caller keeps alive: nothing is counted for it.

    A kernel whose loops slice an array or hand it on would else count references all the time,
    atomically: 5 ns each.
    """
    return a


def prefetch(a, i, j):
    """Ask for the cache line of a[i, j]; any i is allowed."""


def prefetch_at(a, i):
    """Ask for the cache line of a[i]; any i is allowed."""


# ---- typing -------------------------------------------------------------------------------------
@type_callable(splat)
def _type_splat(context):
    return lambda x: lanes if isinstance(x, types.Number) else None


@type_callable(load)
def _type_load(context):
    return lambda a, i, j: lanes if is_matrix(a) else refuse("load")


@type_callable(take)
def _type_take(context):
    return lambda a, k: lanes if is_list(a, f32) else refuse("take")


@type_callable(store)
def _type_store(context):
    return lambda a, i, j, v: types.void if is_matrix(a) and v == lanes else refuse("store")


@type_callable(gather)
def _type_gather(context):
    def typer(v, index, k):
        if is_list(v, f32) and is_list(index, types.uint32):
            return lanes
        raise errors.TypingError("gather: needs float32 [n], uint32 [m] and an integer")

    return typer


@type_callable(prefetch)
def _type_prefetch(context):
    return lambda a, i, j: types.void if is_matrix(a) else refuse("prefetch")


@type_callable(prefetch_at)
def _type_prefetch_at(context):
    return lambda a, i: types.void if isinstance(a, types.Array) and a.ndim == 1 else None


@type_callable(fma)
def _type_fma(context):
    return lambda x, y, z: x if x == y == z and x in (lanes, f32) else None


def _type_pair(context):
    return lambda x, y: lanes if x == y == lanes else None


for _pair in (plus, less, times, over):
    type_callable(_pair)(_type_pair)


@type_callable(where_positive)
def _type_where_positive(context):
    return lambda c, x, y: lanes if c == x == y == lanes else None


@type_callable(put)
def _type_put(context):
    return lambda a, k, v: types.void if is_list(a, f32) and v == lanes else refuse("put")


@type_callable(total)
def _type_total(context):
    return lambda v: f32 if v == lanes else None


@type_callable(at)
def _type_at(context):
    def typer(a, i):
        if isinstance(a, types.Array) and a.ndim == 1 and isinstance(i, types.Integer):
            return a.dtype

    return typer


@type_callable(bare)
def _type_bare(context):
    return lambda a: a if isinstance(a, types.Array) else None


# ---- lowering -----------------------------------------------------------------------------------
@lower_builtin(bare, types.Array)
def _lower_bare(context, builder, signature, args):
    array = context.make_array(signature.args[0])(context, builder, args[0])
    for owner in ("meminfo", "parent"):
        setattr(array, owner, ir.Constant(getattr(array, owner).type, None))
    return array._getvalue()


@lower_builtin(splat, types.Number)
def _lower_splat(context, builder, signature, args):
    return spread(builder, context.cast(builder, args[0], signature.args[0], f32))


@lower_builtin(load, types.Array, types.Integer, types.Integer)
def _lower_load(context, builder, signature, args):
    address = address_of(context, builder, signature, args)
    return builder.load(builder.bitcast(address, VECTOR.as_pointer()), align=4)


@lower_builtin(take, types.Array, types.Integer)
def _lower_take(context, builder, signature, args):
    return builder.load(place_of(context, builder, signature, args), align=4)


@lower_builtin(put, types.Array, types.Integer, lanes)
def _lower_put(context, builder, signature, args):
    builder.store(args[2], place_of(context, builder, signature, args), align=4)
    return context.get_dummy_value()


@lower_builtin(store, types.Array, types.Integer, types.Integer, lanes)
def _lower_store(context, builder, signature, args):
    address = address_of(context, builder, signature, args)
    builder.store(args[3], builder.bitcast(address, VECTOR.as_pointer()), align=4)
    return context.get_dummy_value()


@lower_builtin(prefetch, types.Array, types.Integer, types.Integer)
def _lower_prefetch(context, builder, signature, args):
    address = address_of(context, builder, signature, args, guarded=False)
    return _ask(context, builder, address)


@lower_builtin(prefetch_at, types.Array, types.Integer)
def _lower_prefetch_at(context, builder, signature, args):
    array = context.make_array(signature.args[0])(context, builder, args[0])
    i = index_of(context, builder, signature.args[1], args[1])
    address = builder.gep(array.data, [i])
    return _ask(context, builder, builder.bitcast(address, ir.IntType(8).as_pointer()))


def _ask(context, builder, address):
    kind = ir.FunctionType(ir.VoidType(), [address.type, INT32, INT32, INT32])
    function = builder.module.declare_intrinsic("llvm.prefetch", [address.type], kind)
    builder.call(function, [address, INT32(0), INT32(3), INT32(1)])
    return context.get_dummy_value()


def _gather_one_by_one(context, builder, v, index, k):
    out, size = ir.Constant(VECTOR, ir.Undefined), builder.extract_value(v.shape, 0)
    for lane in range(LANES):
        slot = builder.load(builder.gep(index.data, [builder.add(k, INT64(lane))]))
        slot = builder.zext(slot, INT64)
        guard(context, builder, builder.add(slot, INT64(1)), size)
        out = builder.insert_element(out, builder.load(builder.gep(v.data, [slot])), INT32(lane))
    return out


@lower_builtin(gather, types.Array, types.Array, types.Integer)
def _lower_gather(context, builder, signature, args):
    v, index = (context.make_array(signature.args[k])(context, builder, args[k]) for k in (0, 1))
    k = index_of(context, builder, signature.args[2], args[2])
    guard(context, builder, builder.add(k, INT64(LANES)), builder.extract_value(index.shape, 0))
    if not WIDE:
        return _gather_one_by_one(context, builder, v, index, k)
    whole = ir.VectorType(INT32, LANES)
    where = builder.bitcast(builder.gep(index.data, [k]), whole.as_pointer())
    slots = builder.load(where, align=4)
    if CHECKED:
        size = builder.extract_value(v.shape, 0)
        for lane in range(LANES):
            slot = builder.zext(builder.extract_element(slots, INT32(lane)), INT64)
            guard(context, builder, builder.add(slot, INT64(1)), size)
    mask_type = ir.VectorType(ir.IntType(1), LANES)
    byte = ir.IntType(8).as_pointer()
    kind = ir.FunctionType(VECTOR, [VECTOR, byte, slots.type, mask_type, INT32])
    name = "llvm.x86.avx512.mask.gather.dps.512"
    function = builder.module.declare_intrinsic(name, (), kind)
    nothing, everywhere = ir.Constant(VECTOR, [0.0] * LANES), ir.Constant(mask_type, [1] * LANES)
    base = builder.bitcast(v.data, byte)
    return builder.call(function, [nothing, base, slots, everywhere, INT32(4)])


@lower_builtin(fma, lanes, lanes, lanes)
@lower_builtin(fma, types.float32, types.float32, types.float32)
def _lower_fma(context, builder, signature, args):
    wide = signature.return_type == lanes
    kind, name = (VECTOR, f"v{LANES}f32") if wide else (FLOAT, "f32")
    declared = ir.FunctionType(kind, [kind] * 3)
    function = builder.module.declare_intrinsic(f"llvm.fmuladd.{name}", (), declared)
    return builder.call(function, args)


@lower_builtin(plus, lanes, lanes)
def _lower_plus(context, builder, signature, args):
    return builder.fadd(*args)


@lower_builtin(less, lanes, lanes)
def _lower_less(context, builder, signature, args):
    return builder.fsub(*args)


@lower_builtin(times, lanes, lanes)
def _lower_times(context, builder, signature, args):
    return builder.fmul(*args)


@lower_builtin(over, lanes, lanes)
def _lower_over(context, builder, signature, args):
    return builder.fdiv(*args, flags=("arcp", "afn"))


@lower_builtin(where_positive, lanes, lanes, lanes)
def _lower_where_positive(context, builder, signature, args):
    zero = ir.Constant(VECTOR, [0.0] * LANES)
    return builder.select(builder.fcmp_ordered(">", args[0], zero), args[1], args[2])


@lower_builtin(total, lanes)
def _lower_total(context, builder, signature, args):
    v, half = args[0], LANES // 2
    while half:
        kind = ir.VectorType(INT32, half)
        nothing = ir.Constant(v.type, ir.Undefined)
        low, high = (
            builder.shuffle_vector(v, nothing, ir.Constant(kind, list(range(first, first + half))))
            for first in (0, half)
        )
        v, half = builder.fadd(low, high), half // 2
    return builder.extract_element(v, INT32(0))


@lower_builtin(at, types.Array, types.Integer)
def _lower_at(context, builder, signature, args):
    array = context.make_array(signature.args[0])(context, builder, args[0])
    i = index_of(context, builder, signature.args[1], args[1])
    guard(context, builder, builder.add(i, INT64(1)), builder.extract_value(array.shape, 0))
    return context.unpack_value(builder, signature.return_type, builder.gep(array.data, [i]))
