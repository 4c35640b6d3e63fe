"""Roofline probes: what this machine could do at most, measured beside the figures.

They are written in LLVM's own language, so that they do not depend on the code they judge:
a loop of independent fused multiply-adds in registers (peak), and a loop that reads the rows
a sweep would read, in the same sequence, and does next to nothing with them (bandwidth). Rows
that outgrow the cache are asked for before they are read, as a sweep may do.
"""

import ctypes
import functools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir

from growgraph.bench.clock import Side, Spread, cpu, interleave, wall

_CHAINS = 12  # independent chains: latency of an fma times units
ROW = 64  # floats in a row: one column a sample of a batch of 64
NARROW = 16  # floats in a row of a narrow strip
_NEAR_BYTES = 3 << 19  # rows up to this size are in the cache
# edges between asking for a row and reading it, and how near it is brought (3: first level)
_AHEAD = {ROW: (16, 3), NARROW: (256, 1)}
_MOST_AHEAD = 256

_READERS = ((ROW, False), (ROW, True), (NARROW, False), (NARROW, True))
_PREFETCH = "llvm.prefetch.p0"
_FLOAT, _INT32, _INT64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)


def _lanes():
    """Floats in the widest register."""
    features = llvm.get_host_cpu_features()
    return 16 if features.get("avx512f") else 8 if features.get("avx") else 4


def _add_loop(module, name, arguments, lanes, starts, step):
    """A function ``float name(int64 n, *arguments)``: n turns of ``step``.

    ``step(builder, k, sums, arguments)`` is told the turn and one vector a start value and gives
    them anew; the first lane of their sum is returned, so that none is dropped.
    """
    function = ir.Function(module, ir.FunctionType(_FLOAT, [_INT64, *arguments]), name)
    entry, loop, done = (function.append_basic_block(block) for block in ("entry", "loop", "done"))
    vector = ir.VectorType(_FLOAT, lanes)
    ir.IRBuilder(entry).branch(loop)
    builder = ir.IRBuilder(loop)
    k, sums = builder.phi(_INT64), [builder.phi(vector) for _ in starts]
    anew = step(builder, k, sums, function.args[1:])
    k_next = builder.add(k, _INT64(1))
    k.add_incoming(_INT64(0), entry)
    k.add_incoming(k_next, loop)
    for old, new, start in zip(sums, anew, starts, strict=True):
        old.add_incoming(vector([start] * lanes), entry)
        old.add_incoming(new, loop)
    builder.cbranch(builder.icmp_unsigned("<", k_next, function.args[0]), loop, done)
    builder = ir.IRBuilder(done)
    total = functools.reduce(builder.fadd, anew)
    builder.ret(builder.extract_element(total, _INT32(0)))


def _add_fma_chain(module, lanes):
    """Sums p <- p * a + a in registers."""
    vector = ir.VectorType(_FLOAT, lanes)
    kind = ir.FunctionType(vector, [vector] * 3)
    fused = ir.Function(module, kind, f"llvm.fma.v{lanes}f32")

    def step(builder, k, sums, arguments):
        one = builder.insert_element(vector(ir.Undefined), arguments[0], _INT32(0))
        every = ir.Constant(ir.VectorType(_INT32, lanes), [0] * lanes)
        a = builder.shuffle_vector(one, vector(ir.Undefined), every)
        return [builder.call(fused, (p, a, a)) for p in sums]

    starts = [float(i + 1) for i in range(_CHAINS)]
    _add_loop(module, "fma_chain", [_FLOAT], lanes, starts, step)


def _add_reader(module, lanes, width, far):
    """Sums the rows of V that src names; where they are ``far``, asks for each before."""
    vector, byte = ir.VectorType(_FLOAT, lanes), ir.PointerType(ir.IntType(8))
    if far:
        kind = ir.FunctionType(ir.VoidType(), [byte, _INT32, _INT32, _INT32])
        prefetch = module.globals.get(_PREFETCH) or ir.Function(module, kind, _PREFETCH)
        ahead, nearness = _AHEAD[width]

    def row_of(builder, k, arguments):
        src, V = arguments
        at = builder.zext(builder.load(builder.gep(src, [k])), _INT64)
        return builder.gep(V, [builder.mul(at, _INT64(width))])

    def step(builder, k, sums, arguments):
        row, anew = row_of(builder, k, arguments), []
        for i, p in enumerate(sums):
            part = builder.bitcast(builder.gep(row, [_INT64(i * lanes)]), vector.as_pointer())
            anew.append(builder.fadd(p, builder.load(part, align=4 * lanes)))
        if far:
            later = row_of(builder, builder.add(k, _INT64(ahead)), arguments)
            how = _INT32(0), _INT32(nearness), _INT32(1)  # to read data
            for c in range(0, width, 16):  # each cache line
                line = builder.bitcast(builder.gep(later, [_INT64(c)]), byte)
                builder.call(prefetch, (line, *how))
        return anew

    arguments = [ir.PointerType(_INT32), ir.PointerType(_FLOAT)]
    _add_loop(module, _reader_name(width, far), arguments, lanes, [0.0] * (width // lanes), step)


def _reader_name(width, far):
    return f"read_{width}_{'far' if far else 'near'}"


def _module(lanes):
    """All loops, for registers of so many floats."""
    module = ir.Module()
    module.triple = llvm.get_process_triple()
    _add_fma_chain(module, lanes)
    for width, far in _READERS:
        _add_reader(module, lanes, width, far)
    return module


@functools.cache
def _functions():
    """The loops compiled for this processor: engine, lanes, fma_chain, readers by width and far."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    lanes = _lanes()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=2
    )
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(str(_module(lanes))), machine)
    engine.finalize_object()
    chain = ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_int64, ctypes.c_float)(
        engine.get_function_address("fma_chain")
    )
    reader = ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
    read = {n: reader(engine.get_function_address(_reader_name(*n))) for n in _READERS}
    return engine, lanes, chain, read  # the engine owns the code


def fma(flops: float) -> Side:
    """A probe that does about ``flops`` floating-point operations in registers; per operation."""
    _, lanes, chain, _ = _functions()
    turn = 2 * lanes * _CHAINS
    n = max(1, round(flops / turn))
    return Side(lambda: chain(n, 0.5), per=n * turn)


def read_rows(sources: np.ndarray, n_rows: int, width: int = ROW) -> Side:
    """A probe that reads a row an edge, in edge order; per edge.

    Parameters
    ----------
    sources : integers [edges]
        Row of each edge.
    n_rows : int
        Rows there are.
    width : {64, 16}
        Floats in a row.

    Examples
    --------
    >>> side = read_rows(np.arange(8), 8)
    >>> side.per, side.call()
    (8, 36.0)
    """
    _, lanes, _, read = _functions()
    base = np.zeros(n_rows * width + 16, np.float32)
    first = (-base.ctypes.data // 4) % 16
    V = base[first : first + n_rows * width]
    V[:] = np.repeat(np.arange(1, n_rows + 1, dtype=np.float32), width)
    n = np.size(sources)
    src = np.zeros(n + _MOST_AHEAD, np.uint32)  # what is asked for ahead lies in it, too
    src[:n] = np.ravel(sources)
    if n == 0 or src.max() >= n_rows:
        raise ValueError(f"sources must name rows below {n_rows}, got {sources!r}")

    reader = read[width, V.nbytes > _NEAR_BYTES]

    def call():
        return reader(n, src.ctypes.data, V.ctypes.data) * lanes / width

    return Side(call, per=n)


# Two threads meet after each call: a short one would show less than they gain.
_LEAST_FLOPS, _LEAST_SECONDS = 3e9, 0.02


@functools.cache
def _gain_flops():
    """Work of a call that tells what a second thread adds: half of it takes 10 ms at least."""
    side = fma(3e8)
    took = min(_seconds(side.call) for _ in range(5)) / side.per
    return max(_LEAST_FLOPS, _LEAST_SECONDS / max(took, 1e-13))


def _seconds(call):
    begin = cpu()
    call()
    return cpu() - begin


_two = functools.cache(lambda: ThreadPoolExecutor(2, thread_name_prefix="growgraph-probe"))


def fma_on_two_threads(flops: float) -> Side:
    """The same work as :func:`fma`, half on each of two threads."""
    half = fma(flops / 2)

    def call():
        list(_two().map(lambda _: half.call(), range(2)))

    return Side(call, per=2 * half.per)


def gain_sides() -> dict[str, Side]:
    """``probe_one`` and ``probe_two``: long work in one thread, and the same in two; by the clock.

    Each is called three times a round, whatever the time of a round: the quickest counts.
    """
    work = _gain_flops()
    one, two = fma(work), fma_on_two_threads(work)
    return {"probe_one": replace(one, calls=3), "probe_two": replace(two, calls=3)}


def gain(times: dict) -> Spread:
    """How many times the work of one thread two do, from the times of :func:`gain_sides`."""
    return Spread.of(times["probe_one"] / times["probe_two"])


def measure(rounds: int = 9, scaling: dict | None = None) -> dict:
    """Peak of one thread by CPU time, and what a second thread adds by the clock.

    Parameters
    ----------
    rounds : int, default 9
    scaling : dict, optional
        Median, low and high of :func:`gain` if a row has measured it already.

    Returns
    -------
    dict
        ``lanes``; ``fma_gflops`` and ``fma_scaling``, each with median, low and high.
    """
    sides = gain_sides()
    alone = interleave({"one": sides["probe_one"]}, rounds=rounds)["one"]
    if scaling is None:
        scaling = vars(gain(interleave(sides, rounds=rounds, timer=wall)))
    return {
        "lanes": _functions()[1],
        "fma_gflops": vars(Spread.of(1e-9 / alone)),
        "fma_scaling": scaling,
    }
