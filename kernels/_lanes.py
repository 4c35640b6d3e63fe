"""The type of sixteen float32 side by side, and what its operations are made of.

Operations stand in :mod:`growgraph.kernels._simd`; here are the CPU they are compiled for, the type
and the small pieces of typing and of LLVM code that they share.
"""

import numba
from llvmlite import binding, ir
from numba import types
from numba.core import errors
from numba.core.codegen import get_host_cpu_features
from numba.core.datamodel import models, register_default

from growgraph.kernels._jit import CHECKED

LANES = 16


def cpu():
    """Name and features of the CPU that is compiled for: this one, or what numba is told."""
    name, features = numba.config.CPU_NAME, numba.config.CPU_FEATURES
    if name is None:
        name = binding.get_host_cpu_name()
    if features is None:
        features = get_host_cpu_features()  # as numba takes them: NUMBA_ENABLE_AVX may drop some
    return name, features.split(",")


def _has_avx512():
    """True for 32 registers of 512 bits."""
    name, features = cpu()
    named = ("skylake-avx512", "cascadelake", "icelake", "sapphirerapids", "znver4", "znver5")
    return "+avx512f" in features or (features == [""] and name.startswith(named))


WIDE = _has_avx512()
# A hardware gather is quicker than sixteen loads there, but not on AMD's (Zen 4: slower in cache).
GATHERS = WIDE and not cpu()[0].startswith("znver")

FLOAT = ir.FloatType()
VECTOR = ir.VectorType(FLOAT, LANES)
INT32 = ir.IntType(32)
INT64 = ir.IntType(64)


class _LanesType(types.Type):
    def __init__(self):
        super().__init__(name="float32x16")


lanes = _LanesType()


@register_default(_LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, VECTOR)


def is_matrix(a):
    return isinstance(a, types.Array) and a.ndim == 2 and a.layout == "C" and a.dtype == f32


def is_list(a, dtype):
    return isinstance(a, types.Array) and a.ndim == 1 and a.layout == "C" and a.dtype == dtype


f32 = types.float32


def refuse(name):
    raise errors.TypingError(f"{name}: needs a C-contiguous float32 matrix and integers")


def index_of(context, builder, kind, value):
    return context.cast(builder, value, kind, types.uint64)


def guard(context, builder, index, size):
    """With GROWGRAPH_CHECKED: leave with an error unless 0 <= index <= size."""
    if CHECKED:
        with builder.if_then(builder.icmp_unsigned(">", index, size), likely=False):
            context.call_conv.return_user_exc(builder, IndexError, ("index is out of bounds",))


def address_of(context, builder, signature, args, *, guarded=True):
    """Address of a[i, j]."""
    matrix = context.make_array(signature.args[0])(context, builder, args[0])
    i, j = (index_of(context, builder, signature.args[k], args[k]) for k in (1, 2))
    if guarded:
        rows, columns = (builder.extract_value(matrix.shape, k) for k in (0, 1))
        guard(context, builder, builder.add(i, INT64(1)), rows)
        guard(context, builder, builder.add(j, INT64(LANES)), columns)
    stride = builder.extract_value(matrix.strides, 0)
    offset = builder.add(builder.mul(i, stride), builder.shl(j, INT64(2)))
    start = builder.bitcast(matrix.data, ir.IntType(8).as_pointer())
    return builder.gep(start, [offset])


def spread(builder, x):
    """A vector of sixteen times x."""
    first = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), x, INT32(0))
    mask = ir.Constant(ir.VectorType(INT32, LANES), [0] * LANES)
    return builder.shuffle_vector(first, ir.Constant(VECTOR, ir.Undefined), mask)


def place_of(context, builder, signature, args):
    """Address of sixteen of a list, from its second argument on."""
    array = context.make_array(signature.args[0])(context, builder, args[0])
    k = index_of(context, builder, signature.args[1], args[1])
    guard(context, builder, builder.add(k, INT64(LANES)), builder.extract_value(array.shape, 0))
    return builder.bitcast(builder.gep(array.data, [k]), VECTOR.as_pointer())
