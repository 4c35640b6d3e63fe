"""Sixteen float32 side by side as one value that kernels can hold.

Each operation is a plain Python function over NumPy slices, so that kernels run uncompiled, and is
lowered by hand to LLVM's ``<16 x float>``: one register with AVX-512, two with AVX2, four with
SSE. Loads and stores need no alignment, but rows on a cache line are read faster.

``fma`` is one rounding where the machine has fused multiply-add, two where it has not; scalars and
lanes agree in that, so that a column has the same bits in every place of every strip.
"""

import numba
import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import errors
from numba.core.datamodel import models, register_default
from numba.extending import lower_builtin, type_callable

from growgraph.kernels._jit import CHECKED

LANES = 16


def _cpu():
    """Name and features of the CPU that is compiled for: this one, or the one numba is told."""
    name, features = numba.config.CPU_NAME, numba.config.CPU_FEATURES
    if name or features:
        return name or "", features or ""
    return binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()


def _has_avx512():
    """True for 32 registers of 512 bits."""
    name, features = _cpu()
    named = ("skylake-avx512", "cascadelake", "icelake", "sapphirerapids", "znver4", "znver5")
    return "+avx512f" in features.split(",") or (not features and name.startswith(named))


WIDE = _has_avx512()
# A hardware gather is quicker than sixteen loads there, but not on AMD's (Zen 4: slower in cache).
GATHERS = WIDE and not _cpu()[0].startswith("znver")

_FLOAT = ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, LANES)
_INT32 = ir.IntType(32)
_INT64 = ir.IntType(64)


class _LanesType(types.Type):
    def __init__(self):
        super().__init__(name="float32x16")


lanes = _LanesType()


@register_default(_LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, _VECTOR)


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


def store(a, i, j, v):
    """a[i, j : j + 16] = v."""
    a[int(i), int(j) : int(j) + LANES] = v


def gather(v, index, k):
    """v[index[k : k + 16]] of a one-dimensional float32 v and uint32 indices below 2**31."""
    return v[index[int(k) : int(k) + LANES]]


def fma(x, y, z):
    """x * y + z, of three lanes or three float32."""
    return x * y + z


def less(x, y):
    """x - y."""
    return x - y


def times(x, y):
    """x * y."""
    return x * y


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
def _is_matrix(a):
    return isinstance(a, types.Array) and a.ndim == 2 and a.layout == "C" and a.dtype == _f32


def _is_list(a, dtype):
    return isinstance(a, types.Array) and a.ndim == 1 and a.layout == "C" and a.dtype == dtype


_f32 = types.float32


def _refuse(name):
    raise errors.TypingError(f"{name}: needs a C-contiguous float32 matrix and integers")


@type_callable(splat)
def _type_splat(context):
    return lambda x: lanes if isinstance(x, types.Number) else None


@type_callable(load)
def _type_load(context):
    return lambda a, i, j: lanes if _is_matrix(a) else _refuse("load")


@type_callable(take)
def _type_take(context):
    return lambda a, k: lanes if _is_list(a, _f32) else _refuse("take")


@type_callable(store)
def _type_store(context):
    return lambda a, i, j, v: types.void if _is_matrix(a) and v == lanes else _refuse("store")


@type_callable(gather)
def _type_gather(context):
    def typer(v, index, k):
        if _is_list(v, _f32) and _is_list(index, types.uint32):
            return lanes
        raise errors.TypingError("gather: needs float32 [n], uint32 [m] and an integer")

    return typer


@type_callable(prefetch)
def _type_prefetch(context):
    return lambda a, i, j: types.void if _is_matrix(a) else _refuse("prefetch")


@type_callable(prefetch_at)
def _type_prefetch_at(context):
    return lambda a, i: types.void if isinstance(a, types.Array) and a.ndim == 1 else None


@type_callable(fma)
def _type_fma(context):
    return lambda x, y, z: x if x == y == z and x in (lanes, _f32) else None


@type_callable(less)
def _type_less(context):
    return lambda x, y: lanes if x == y == lanes else None


@type_callable(times)
def _type_times(context):
    return lambda x, y: lanes if x == y == lanes else None


@type_callable(total)
def _type_total(context):
    return lambda v: _f32 if v == lanes else None


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
def _index(context, builder, kind, value):
    return context.cast(builder, value, kind, types.uint64)


def _guard(context, builder, index, size):
    """With GROWGRAPH_CHECKED: leave with an error unless 0 <= index <= size."""
    if CHECKED:
        with builder.if_then(builder.icmp_unsigned(">", index, size), likely=False):
            context.call_conv.return_user_exc(builder, IndexError, ("index is out of bounds",))


def _address(context, builder, signature, args, *, guarded=True):
    """Address of a[i, j]."""
    matrix = context.make_array(signature.args[0])(context, builder, args[0])
    i, j = (_index(context, builder, signature.args[k], args[k]) for k in (1, 2))
    if guarded:
        rows, columns = (builder.extract_value(matrix.shape, k) for k in (0, 1))
        _guard(context, builder, builder.add(i, _INT64(1)), rows)
        _guard(context, builder, builder.add(j, _INT64(LANES)), columns)
    stride = builder.extract_value(matrix.strides, 0)
    offset = builder.add(builder.mul(i, stride), builder.shl(j, _INT64(2)))
    start = builder.bitcast(matrix.data, ir.IntType(8).as_pointer())
    return builder.gep(start, [offset])


def _spread(builder, x):
    """A vector of sixteen times x."""
    first = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), x, _INT32(0))
    mask = ir.Constant(ir.VectorType(_INT32, LANES), [0] * LANES)
    return builder.shuffle_vector(first, ir.Constant(_VECTOR, ir.Undefined), mask)


@lower_builtin(bare, types.Array)
def _lower_bare(context, builder, signature, args):
    array = context.make_array(signature.args[0])(context, builder, args[0])
    for owner in ("meminfo", "parent"):
        setattr(array, owner, ir.Constant(getattr(array, owner).type, None))
    return array._getvalue()


@lower_builtin(splat, types.Number)
def _lower_splat(context, builder, signature, args):
    return _spread(builder, context.cast(builder, args[0], signature.args[0], _f32))


@lower_builtin(load, types.Array, types.Integer, types.Integer)
def _lower_load(context, builder, signature, args):
    address = _address(context, builder, signature, args)
    return builder.load(builder.bitcast(address, _VECTOR.as_pointer()), align=4)


@lower_builtin(take, types.Array, types.Integer)
def _lower_take(context, builder, signature, args):
    array = context.make_array(signature.args[0])(context, builder, args[0])
    k = _index(context, builder, signature.args[1], args[1])
    _guard(context, builder, builder.add(k, _INT64(LANES)), builder.extract_value(array.shape, 0))
    where = builder.bitcast(builder.gep(array.data, [k]), _VECTOR.as_pointer())
    return builder.load(where, align=4)


@lower_builtin(store, types.Array, types.Integer, types.Integer, lanes)
def _lower_store(context, builder, signature, args):
    address = _address(context, builder, signature, args)
    builder.store(args[3], builder.bitcast(address, _VECTOR.as_pointer()), align=4)
    return context.get_dummy_value()


@lower_builtin(prefetch, types.Array, types.Integer, types.Integer)
def _lower_prefetch(context, builder, signature, args):
    address = _address(context, builder, signature, args, guarded=False)
    return _ask(context, builder, address)


@lower_builtin(prefetch_at, types.Array, types.Integer)
def _lower_prefetch_at(context, builder, signature, args):
    array = context.make_array(signature.args[0])(context, builder, args[0])
    i = _index(context, builder, signature.args[1], args[1])
    address = builder.gep(array.data, [i])
    return _ask(context, builder, builder.bitcast(address, ir.IntType(8).as_pointer()))


def _ask(context, builder, address):
    kind = ir.FunctionType(ir.VoidType(), [address.type, _INT32, _INT32, _INT32])
    function = builder.module.declare_intrinsic("llvm.prefetch", [address.type], kind)
    builder.call(function, [address, _INT32(0), _INT32(3), _INT32(1)])
    return context.get_dummy_value()


@lower_builtin(gather, types.Array, types.Array, types.Integer)
def _lower_gather(context, builder, signature, args):
    v, index = (context.make_array(signature.args[k])(context, builder, args[k]) for k in (0, 1))
    k = _index(context, builder, signature.args[2], args[2])
    _guard(context, builder, builder.add(k, _INT64(LANES)), builder.extract_value(index.shape, 0))
    whole = ir.VectorType(_INT32, LANES)
    where = builder.bitcast(builder.gep(index.data, [k]), whole.as_pointer())
    slots = builder.load(where, align=4)
    if CHECKED:
        size = builder.extract_value(v.shape, 0)
        for lane in range(LANES):
            slot = builder.zext(builder.extract_element(slots, _INT32(lane)), _INT64)
            _guard(context, builder, builder.add(slot, _INT64(1)), size)
    mask_type = ir.VectorType(ir.IntType(1), LANES)
    byte = ir.IntType(8).as_pointer()
    kind = ir.FunctionType(_VECTOR, [_VECTOR, byte, slots.type, mask_type, _INT32])
    name = "llvm.x86.avx512.mask.gather.dps.512"
    function = builder.module.declare_intrinsic(name, (), kind)
    nothing, everywhere = ir.Constant(_VECTOR, [0.0] * LANES), ir.Constant(mask_type, [1] * LANES)
    base = builder.bitcast(v.data, byte)
    return builder.call(function, [nothing, base, slots, everywhere, _INT32(4)])


@lower_builtin(fma, lanes, lanes, lanes)
@lower_builtin(fma, types.float32, types.float32, types.float32)
def _lower_fma(context, builder, signature, args):
    wide = signature.return_type == lanes
    kind, name = (_VECTOR, f"v{LANES}f32") if wide else (_FLOAT, "f32")
    declared = ir.FunctionType(kind, [kind] * 3)
    function = builder.module.declare_intrinsic(f"llvm.fmuladd.{name}", (), declared)
    return builder.call(function, args)


@lower_builtin(less, lanes, lanes)
def _lower_less(context, builder, signature, args):
    return builder.fsub(args[0], args[1])


@lower_builtin(times, lanes, lanes)
def _lower_times(context, builder, signature, args):
    return builder.fmul(args[0], args[1])


@lower_builtin(total, lanes)
def _lower_total(context, builder, signature, args):
    v, half = args[0], LANES // 2
    while half:
        kind = ir.VectorType(_INT32, half)
        nothing = ir.Constant(v.type, ir.Undefined)
        low, high = (
            builder.shuffle_vector(v, nothing, ir.Constant(kind, list(range(first, first + half))))
            for first in (0, half)
        )
        v, half = builder.fadd(low, high), half // 2
    return builder.extract_element(v, _INT32(0))


@lower_builtin(at, types.Array, types.Integer)
def _lower_at(context, builder, signature, args):
    array = context.make_array(signature.args[0])(context, builder, args[0])
    i = _index(context, builder, signature.args[1], args[1])
    _guard(context, builder, builder.add(i, _INT64(1)), builder.extract_value(array.shape, 0))
    return context.unpack_value(builder, signature.return_type, builder.gep(array.data, [i]))
