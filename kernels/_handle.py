"""The one int64 array through which kernels see a store.

``H[:N_COUNTERS]`` are counters and scalars that kernels may change; behind them stand the
addresses of the arrays, which Graph owns and keeps alive. An address becomes an array in one
place, :func:`make_getter`, with its stored length, so that bounds can be checked.
"""

import ctypes

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import lower_builtin, type_callable
from numba.np.arrayobj import populate_array
from numba.np.numpy_support import from_dtype

# ---- counters and scalars -------------------------------------------------------------------
_COUNTERS = (
    "N_SLOTS",  # node slots in use, dead ones included
    "N_ALIVE",  # living nodes
    "N_EDGES",  # living undelayed edges
    "N_DELAYED",  # living delayed or recurrent edges
    "NEXT_ID",  # the next public id; ids are never reused
    "POOL_USED",  # entries in use in w, stab
    "SPOOL_USED",  # entries in use in src
    "DPOOL_USED",  # entries in use in dsrc, dw, dstab, dflag
    "UNUSED",  # of files of older versions: what is wasted is counted by what is used
    "GROWN",  # edges whose block does not stand where the running order would have it
    "HEAD",  # first slot of the order list, -1 if empty
    "TAIL",  # last slot of the order list
    "ORDER_WORK",  # nodes visited so far to keep the order (searches, moves, relabels)
    "MARK",  # epoch of the mark array
    "RECORD",  # 1: append each change to the event buffer
    "EV_USED",
    "EVP_USED",
    "NODE_CAP",
    "ID_CAP",
    "POOL_CAP",
    "SPOOL_CAP",
    "DPOOL_CAP",
    "EV_CAP",
    "EVP_CAP",
    "CTX_CAP",
    "WANT_NODES",  # set with NEED_SPACE: how many more entries the call needs
    "WANT_POOL",
    "WANT_SPOOL",
    "WANT_DPOOL",
    "WANT_EV",
    "WANT_EVP",
    "ERR_A",
    "ERR_B",
    "ERR_N",
    "DNODE_CAP",  # NODE_CAP once a delayed edge was asked for, before 0
    "PATH_USED",  # always 0: each refused cycle is written from the start
    "PATH_CAP",
    "WANT_PATH",
)
# ---- arrays: name, dtype, the counter that holds their capacity --------------------------------
_ARRAYS = (
    ("start", "u32", "NODE_CAP"),  # first pool entry (w, stab) of the in-edge block
    ("sstart", "u32", "NODE_CAP"),  # first entry of its sources in src: shared within a bundle
    ("length", "i32", "NODE_CAP"),
    ("cap", "i32", "NODE_CAP"),
    ("dstart", "u32", "DNODE_CAP"),  # these three are there only if H[DNODE_CAP] > 0
    ("dlen", "i32", "DNODE_CAP"),
    ("dcap", "i32", "DNODE_CAP"),
    ("nxt", "i32", "NODE_CAP"),
    ("prv", "i32", "NODE_CAP"),
    ("label", "i64", "NODE_CAP"),  # strictly increasing along nxt
    ("kind", "u8", "NODE_CAP"),
    ("act", "u8", "NODE_CAP"),
    ("role", "u8", "NODE_CAP"),
    ("flags", "u8", "NODE_CAP"),
    ("bias", "f32", "NODE_CAP"),
    ("p0", "f32", "NODE_CAP"),
    ("p1", "f32", "NODE_CAP"),
    ("id_of", "i32", "NODE_CAP"),  # public id of a slot
    ("alive", "u8", "NODE_CAP"),
    ("mark", "i32", "NODE_CAP"),  # epochs: set membership without clearing
    ("slot_of", "i32", "ID_CAP"),  # slot of a public id, -1 when removed
    ("w", "f32", "POOL_CAP"),
    ("stab", "f32", "POOL_CAP"),
    ("src", "u32", "SPOOL_CAP"),  # source slots
    ("dw", "f32", "DPOOL_CAP"),
    ("dstab", "f32", "DPOOL_CAP"),
    ("dsrc", "u32", "DPOOL_CAP"),
    ("dflag", "u8", "DPOOL_CAP"),
    ("ev", "i64", "EV_CAP"),  # EV_WIDTH integers an event
    ("evf", "f32", "EV_CAP"),  # the same width of floats
    ("evp_id", "i32", "EVP_CAP"),  # pools by offset and count: parents (ids), birth weights
    ("evp_w", "f32", "EVP_CAP"),
    ("path", "i32", "PATH_CAP"),  # slots of a refused cycle
    ("ctx", "i64", "CTX_CAP"),  # the cause that is copied into each event
    ("ctxf", "f32", "CTX_CAP"),
)

EV_WIDTH = 16
CTX_WIDTH = 8
# columns of ev: what, whom, payload; then the context's columns, copied
EV_OP, EV_NODE, EV_A, EV_B, EV_OFFSET, EV_COUNT, EV_FLAG, EV_CODE, EV_CTX = range(9)
# columns of evf: birth values of the node, then the context's floats
EVF_BIAS, EVF_P0, EVF_P1, EVF_CTX = range(4)
# columns of the context: integers (words are indices into the graph's list), then floats
(CTX_STEP, CTX_SAMPLE, CTX_CAUSE, CTX_NODE, CTX_LASTED, CTX_RULE, CTX_INTENTION, CTX_PAID) = range(
    CTX_WIDTH
)
CTXF_TENSION, CTXF_AFTER, CTXF_REALISED = range(3)

COUNTERS = {name: i for i, name in enumerate(_COUNTERS)}
N_COUNTERS = 48
ARRAYS = {name: (N_COUNTERS + i, dtype, cap) for i, (name, dtype, cap) in enumerate(_ARRAYS)}
HANDLE_SIZE = N_COUNTERS + len(_ARRAYS)
DTYPES = {
    "i64": np.int64,
    "i32": np.int32,
    "u32": np.uint32,
    "u8": np.uint8,
    "f32": np.float32,
}
_C_TYPES = {
    "i64": ctypes.c_int64,
    "i32": ctypes.c_int32,
    "u32": ctypes.c_uint32,
    "u8": ctypes.c_uint8,
    "f32": ctypes.c_float,
}

(
    N_SLOTS, N_ALIVE, N_EDGES, N_DELAYED, NEXT_ID, POOL_USED, SPOOL_USED, DPOOL_USED, UNUSED,
    GROWN, HEAD, TAIL, ORDER_WORK, MARK, RECORD, EV_USED, EVP_USED, NODE_CAP, ID_CAP,
    POOL_CAP, SPOOL_CAP, DPOOL_CAP, EV_CAP, EVP_CAP, CTX_CAP, WANT_NODES, WANT_POOL,
    WANT_SPOOL, WANT_DPOOL, WANT_EV, WANT_EVP, ERR_A, ERR_B, ERR_N, DNODE_CAP, PATH_USED,
    PATH_CAP, WANT_PATH,
) = range(len(_COUNTERS))  # fmt: skip


def make_getter(name, where, code, cap):
    """A function from a handle to one array: a ctypes view in Python, inlined code compiled.

    ``where`` and ``cap`` are the places of its address and of its length in the handle.

    Lowered by hand, because 36 small compiled functions would cost each first run a second.
    """
    dtype, c_type = DTYPES[code], _C_TYPES[code]
    array_type = types.Array(from_dtype(np.dtype(dtype)), 1, "C")

    def get(H):
        return np.ctypeslib.as_array((c_type * int(H[cap])).from_address(int(H[where])))

    get.__name__ = get.__qualname__ = f"get_{name}"
    get.__doc__ = f"The store's array ``{name}``."

    @type_callable(get)
    def type_get(context):
        return lambda H: array_type

    @lower_builtin(get, types.Array)
    def lower_get(context, builder, signature, args):
        handle = context.make_array(signature.args[0])(context, builder, args[0])
        address = _load(builder, handle.data, where)
        size = _load(builder, handle.data, cap)
        itemsize = context.get_constant(types.intp, np.dtype(dtype).itemsize)
        out = context.make_array(array_type)(context, builder)
        data = builder.inttoptr(address, out.data.type)
        populate_array(out, data=data, shape=[size], strides=[itemsize], itemsize=itemsize,
                       meminfo=None)  # fmt: skip
        return out._getvalue()

    return get


def _load(builder, data, index):
    """H[index] without bounds or wraparound."""
    return builder.load(builder.gep(data, [ir.Constant(ir.IntType(64), index)]))


_GET = {
    name: make_getter(name, where, code, COUNTERS[cap])
    for name, (where, code, cap) in ARRAYS.items()
}
get_start, get_sstart, get_length, get_cap = (_GET[n] for n in ("start", "sstart", "length", "cap"))
get_dstart, get_dlen, get_dcap = (_GET[n] for n in ("dstart", "dlen", "dcap"))
get_nxt, get_prv, get_label = (_GET[n] for n in ("nxt", "prv", "label"))
get_kind, get_act, get_role, get_flags = (_GET[n] for n in ("kind", "act", "role", "flags"))
get_bias, get_p0, get_p1 = (_GET[n] for n in ("bias", "p0", "p1"))
get_id_of, get_alive, get_slot_of = (_GET[n] for n in ("id_of", "alive", "slot_of"))
get_mark, get_path = (_GET[n] for n in ("mark", "path"))
get_w, get_stab, get_src = (_GET[n] for n in ("w", "stab", "src"))
get_dw, get_dstab, get_dsrc, get_dflag = (_GET[n] for n in ("dw", "dstab", "dsrc", "dflag"))
get_ev, get_evf, get_evp_id, get_evp_w = (_GET[n] for n in ("ev", "evf", "evp_id", "evp_w"))
get_ctx, get_ctxf = (_GET[n] for n in ("ctx", "ctxf"))
