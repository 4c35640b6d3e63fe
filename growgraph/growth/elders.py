"""Births that were folded away: of nodes that are there still, the log goes on telling them.

Folding makes the log short, not forgetful: questions asked anew by the thousand would else crowd
out the few births that matter. One row a node, with what it was born as and why, in the sequence of
birth; sources and weights are the base's.
"""

import numpy as np

from growgraph.errors import GraphError
from growgraph.kernels import _handle as h
from growgraph.kernels import codes

_ROWS, _FELT = "elders", "elders_felt"


def elders_of(base):
    """Rows int64 [births, EV_WIDTH] of a log's base, as births of nodes, and float32 [births, 3].

    Raises
    ------
    GraphError
        If a file holds them in another shape.
    """
    arrays = base["arrays"]
    if _ROWS not in arrays:
        return np.empty((0, h.EV_WIDTH), np.int64), np.empty((0, h.CTXF_REALISED + 1), np.float32)
    rows, felt = arrays[_ROWS], arrays.get(_FELT, np.empty(0))
    good = rows.dtype == np.int64 and rows.shape[1:] == (h.EV_WIDTH,) and felt.dtype == np.float32
    if not good or felt.shape != (len(rows), h.CTXF_REALISED + 1):
        raise GraphError(f"births before the log have shapes {rows.shape} and {felt.shape}")
    return rows, felt


def check_elders(graph):
    """Raise GraphError unless the births that a graph's base keeps are births of nodes it had."""
    if graph._base is None:
        return
    rows, _ = elders_of(graph._base)
    words = rows[:, [h.EV_CTX + h.CTX_CAUSE, h.EV_CTX + h.CTX_RULE, h.EV_CTX + h.CTX_INTENTION]]
    good = (
        (rows[:, h.EV_OP] == codes.OP_NODE).all()
        and np.isin(rows[:, h.EV_NODE], graph._base["arrays"]["id_of"]).all()
        and np.unique(rows[:, h.EV_NODE]).size == len(rows)
        and np.isin(rows[:, h.EV_A], list(codes.KINDS.values())).all()
        and np.isin(rows[:, h.EV_FLAG], list(codes.ROLES.values())).all()
        and ((words >= 0) & (words < len(graph._words))).all()
    )
    if not good:
        raise GraphError("births before the log are of no nodes that were there")


def keep_births(base, before, rows, floats):
    """Write into a new base the births of its nodes: those of the base before and of some events.

    Parameters
    ----------
    base, before : dict
        As :meth:`Graph.to_state` gives it.
    rows, floats : ndarray [events, EV_WIDTH]
        What is folded.
    """
    past, told = elders_of(before)
    born = np.flatnonzero(np.isin(rows[:, h.EV_OP], (codes.OP_NODE, codes.OP_SPLIT)))
    fresh = rows[born].copy()
    split = fresh[:, h.EV_OP] == codes.OP_SPLIT
    kind, act = fresh[split, h.EV_FLAG], fresh[split, h.EV_CODE]
    fresh[split, h.EV_A], fresh[split, h.EV_B] = kind, act
    fresh[split, h.EV_FLAG] = codes.ROLE_HIDDEN
    fresh[split, h.EV_COUNT] = 1
    fresh[:, h.EV_OP] = codes.OP_NODE
    fresh[:, [h.EV_OFFSET, h.EV_CODE]] = 0
    felt = floats[born, h.EVF_CTX : h.EVF_CTX + h.CTXF_REALISED + 1]
    rows, felt = np.concatenate([past, fresh]), np.concatenate([told, felt])
    arrays = base["arrays"]
    there = np.isin(rows[:, h.EV_NODE], arrays["id_of"][arrays["alive"] == 1])
    if there.any():
        arrays[_ROWS], arrays[_FELT] = rows[there], felt[there]
