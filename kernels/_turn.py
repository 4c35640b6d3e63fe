"""Samples in rows to samples in columns and back, sixteen by sixteen.

Users hold a sample a row, strips a sample a column. A block is read and written in registers, so
that neither side is walked against its grain.
"""

from llvmlite import ir
from numba import types
from numba.extending import lower_builtin, type_callable

from growgraph.kernels._lanes import INT32, INT64, LANES, VECTOR, guard, index_of, is_matrix

_INDEX = types.Array(types.int32, 1, "C")


def turn_in(X, b, k, V, slots, j):
    """V[slots[k : k + 16], j : j + 16] = X[b : b + 16, k : k + 16].T."""
    rows = slots[int(k) : int(k) + LANES]
    V[rows, int(j) : int(j) + LANES] = X[int(b) : int(b) + LANES, int(k) : int(k) + LANES].T


def turn_out(Y, b, k, V, slots, j):
    """Y[b : b + 16, k : k + 16] = V[slots[k : k + 16], j : j + 16].T."""
    rows = slots[int(k) : int(k) + LANES]
    Y[int(b) : int(b) + LANES, int(k) : int(k) + LANES] = V[rows, int(j) : int(j) + LANES].T


def _typer(context):
    def typer(A, b, k, V, slots, j):
        if is_matrix(A) and is_matrix(V) and slots == _INDEX:
            return types.void

    return typer


type_callable(turn_in)(_typer)
type_callable(turn_out)(_typer)

_SIGNATURE = (types.Array, types.Integer, types.Integer, types.Array, types.Array, types.Integer)


def _transposed(builder, rows):
    """Sixteen vectors whose lanes are the others' (4 rounds of exchanging halves)."""
    step = LANES // 2
    while step:
        out = list(rows)
        low = [i if i & step == 0 else LANES + i - step for i in range(LANES)]
        high = [i + step if i & step == 0 else LANES + i for i in range(LANES)]
        for r in range(LANES):
            if r & step == 0:
                for to, mask in ((r, low), (r + step, high)):
                    mask = ir.Constant(ir.VectorType(INT32, LANES), mask)
                    out[to] = builder.shuffle_vector(rows[r], rows[r + step], mask)
        rows, step = out, step // 2
    return rows


class _Block:
    """Addresses of the sixteen pieces on either side."""

    def __init__(self, context, builder, signature, args):
        self.builder = builder
        self.a, self.v, self.slots = (
            context.make_array(signature.args[n])(context, builder, args[n]) for n in (0, 3, 4)
        )
        self.b, self.k, self.j = (
            index_of(context, builder, signature.args[n], args[n]) for n in (1, 2, 5)
        )
        self.context = context
        self._check(self.slots, self.k)
        self._check(self.a, self.b, self.k)

    def _check(self, array, *first):
        for axis, index in enumerate(first):
            size = self.builder.extract_value(array.shape, axis)
            last = self.builder.add(index, INT64(LANES))
            guard(self.context, self.builder, last, size)

    def _piece(self, matrix, row, column):
        builder = self.builder
        stride = builder.extract_value(matrix.strides, 0)
        offset = builder.add(builder.mul(row, stride), builder.shl(column, INT64(2)))
        start = builder.bitcast(matrix.data, ir.IntType(8).as_pointer())
        return builder.bitcast(builder.gep(start, [offset]), VECTOR.as_pointer())

    def row(self, m):
        """Of the users' side."""
        return self._piece(self.a, self.builder.add(self.b, INT64(m)), self.k)

    def slot(self, m):
        """Of the strip."""
        builder = self.builder
        at = builder.gep(self.slots.data, [builder.add(self.k, INT64(m))])
        slot = builder.zext(builder.load(at), INT64)
        size = builder.extract_value(self.v.shape, 0)
        guard(self.context, builder, builder.add(slot, INT64(1)), size)
        return self._piece(self.v, slot, self.j)


def _move(builder, sources, targets):
    rows = _transposed(builder, [builder.load(source, align=4) for source in sources])
    for row, target in zip(rows, targets, strict=True):
        builder.store(row, target, align=4)


@lower_builtin(turn_in, *_SIGNATURE)
def _lower_turn_in(context, builder, signature, args):
    block = _Block(context, builder, signature, args)
    lanes = range(LANES)
    _move(builder, [block.row(m) for m in lanes], [block.slot(m) for m in lanes])
    return context.get_dummy_value()


@lower_builtin(turn_out, *_SIGNATURE)
def _lower_turn_out(context, builder, signature, args):
    block = _Block(context, builder, signature, args)
    lanes = range(LANES)
    _move(builder, [block.slot(m) for m in lanes], [block.row(m) for m in lanes])
    return context.get_dummy_value()
