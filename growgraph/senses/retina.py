"""The retina: images -> glimpses -> patch concepts -> pooled parts.

One small named part of the graph (inputs ``patch_in``, concepts ``patch``) is run at every place
of an image; its activities are pooled into the values of the inputs ``parts``. Patch concepts, and
for larger images landmarks, are prenatal: grown by vigilance from dreamt images, before any data,
so that no class order can bend them.
"""

import numpy as np

from growgraph._random import generator
from growgraph.errors import DataError
from growgraph.graph.store import aligned
from growgraph.graph.view import Reading
from growgraph.growth.proposal import NewNode, Proposal
from growgraph.kernels import glimpse
from growgraph.kernels._lanes import LANES

_SOFTENING = np.float32(0.05)  # of the norm of a glimpse
_THRESHOLD = 0.4  # of a patch concept's activity
_VIGILANCE = 0.7
_LEAST = 0.5  # flatter glimpses are not looked at while growing
_DREAMS, _LOOKS = 300, 24
_SHARPNESS = 2.0  # of landmarks
_LADDER = (0.5, 0.6, 0.7, 2.0)  # vigilance of landmarks, relaxed until there are enough
_WINDOW = 2  # a window is so many cells wide and high

# chosen on validation shuffles of digits and MNIST-5k (growgraph's ARCHITECTURE.md, "ResoNet")
SMALL = {"patch": 3, "pad": 1, "grid": 3, "budget": 64, "landmarks": 0, "most": 12, "alone": 12}
LARGE = {"patch": 6, "pad": 2, "grid": 4, "budget": 32, "landmarks": 18, "most": 8, "alone": 12}
SETTINGS = {"kappa": 1.0, "resonant": np.inf, "alpha": 0.5, "ridge": 1e-3, "ridge_n": 10.0,
            "ridge_power": 1.0, "ridge_cap": np.inf, "solve_ratio": 1.5, "often": 1,
            "gate_type": np.float32, "compensated": False}  # fmt: skip


class Retina:
    """The sense of :class:`growgraph.ResoNet` for images.

    Parameters
    ----------
    image_shape : (int, int)
        Rows and columns; a row of X is an image, row by row.
    seed : int
    """

    kind = "retina"
    infancy = 0  # no data are needed to be born

    def __init__(self, image_shape, seed):
        self.image_shape = tuple(int(s) for s in image_shape)
        self.seed = seed
        self.sizes = SMALL if min(self.image_shape) < 12 else LARGE
        self.settings = SETTINGS | {name: self.sizes[name] for name in ("most", "alone")}
        s = self.sizes
        down, across = (
            _bilinear(side + 2 * s["pad"] - s["patch"] + 1, s["grid"]) for side in self.image_shape
        )
        spans = [(np.flatnonzero(row)[0], np.flatnonzero(row)[-1] + 1) for row in down]
        wide = np.pad(across.T, ((0, 0), (0, -len(across) % LANES)))
        self.pooling = down, np.array(spans, np.int64), np.ascontiguousarray(wide)

    # ---- birth ----------------------------------------------------------------------------------
    def grow(self, graph, controller):
        """Grow the prenatal nodes of a graph from dreams."""
        dreams = self._dream()
        width = self.sizes["patch"] ** 2
        graph.groups["patch_in"] = _grow_inputs(graph, controller, width, "pixel of a glimpse")
        concepts = self._grow_patches(graph, controller, dreams)
        graph.groups["patch"] = concepts
        grid = self.sizes["grid"]
        names = [
            f"cell {y},{x} patch {k}"
            for y in range(grid)
            for x in range(grid)
            for k in range(concepts.size)
        ]
        parts = _grow_inputs(graph, controller, len(names), names)
        graph.groups["parts"] = parts
        dreamt = self._parts(graph, dreams)
        mean = dreamt.mean(axis=0, dtype=np.float64)
        shift, scale = np.zeros(graph.inputs.size), np.ones(graph.inputs.size)
        shift[-parts.size :] = mean
        graph.set_input_scale(shift, scale)
        self._floor = ((dreamt - mean) ** 2).mean(axis=0, dtype=np.float64)
        marks = self._grow_landmarks(graph, controller, dreamt - mean, parts)
        graph.groups["evidence"] = np.concatenate([parts, marks])

    def _dream(self):
        rng = generator(self.seed, "dream")
        side = self.image_shape
        return _waves(rng, side) if min(side) < 12 else _strokes(rng, side)

    def _grow_patches(self, graph, controller, dreams):
        s, inputs = self.sizes, graph.groups["patch_in"]
        raw = np.lib.stride_tricks.sliding_window_view(
            np.pad(dreams, ((0, 0), (s["pad"],) * 2, (s["pad"],) * 2)), (s["patch"],) * 2, (1, 2)
        )
        places = raw.shape[1] * raw.shape[2]
        spots = generator(self.seed, "look").integers(0, places, (len(dreams), _LOOKS))
        concepts, state = np.zeros((s["budget"], inputs.size)), np.zeros(2, np.int64)
        ids = []
        for dream in range(len(dreams)):
            state[0] = 0
            seen = raw[dream][np.divmod(spots[dream], raw.shape[2])].reshape(_LOOKS, -1)
            while state[1] < s["budget"] and glimpse.seek(
                seen, np.arange(_LOOKS), concepts, _VIGILANCE, _LEAST, state
            ):
                w = concepts[state[1] - 1]
                node = NewNode(
                    tuple(inputs.tolist()), tuple(w.tolist()), activation="relu", bias=-_THRESHOLD,
                    name=f"patch {state[1] - 1}",
                )  # fmt: skip
                proposal = Proposal(1.0, (node,), text="a patch nothing resonated with")
                ids += controller.grow(graph, proposal, rule="Vigilance", cause="dream",
                                       intention="see")  # fmt: skip
        return np.array(ids, np.int64)

    def _grow_landmarks(self, graph, controller, dreamt, parts):
        """Cosine nodes over each window, directions of dreams spread by vigilance."""
        ids = []
        if self.sizes["landmarks"]:
            places = self.window_names(graph)
            for w, window in enumerate(self.windows(graph)):
                q = dreamt[:, window].astype(np.float64)
                q /= np.maximum(np.linalg.norm(q, axis=1, keepdims=True), 1e-9)
                for direction in _spread(q, self.sizes["landmarks"]):
                    node = NewNode(
                        tuple(parts[window].tolist()), tuple(direction.tolist()), kind="cosine",
                        activation="exp", p0=_SHARPNESS, p1=float(_SOFTENING),
                        name=f"landmark {places[w]}",
                    )  # fmt: skip
                    ids += controller.grow(graph, Proposal(1.0, (node,)), rule="Vigilance",
                                           cause="dream", intention="see")  # fmt: skip
        graph.groups["landmarks"] = np.array(ids, np.int64)
        return graph.groups["landmarks"]

    # ---- what it offers -------------------------------------------------------------------------
    def windows(self, graph):
        """Indices of the parts of each window, [windows, width]."""
        grid, concepts = self.sizes["grid"], graph.groups["patch"].size
        ids = np.arange(grid * grid * concepts).reshape(grid, grid, concepts)
        steps = range(grid - _WINDOW + 1)
        return np.array(
            [ids[y : y + _WINDOW, x : x + _WINDOW].ravel() for y in steps for x in steps]
        )

    def window_names(self, graph):
        """Where each window lies, in words."""
        n = self.sizes["grid"] - _WINDOW + 1
        down = ["top", "bottom"] if n == 2 else ["top", "middle", "bottom"]
        along = ["left", "right"] if n == 2 else ["left", "middle", "right"]
        return [f"{down[y]} {along[x]}" for y in range(n) for x in range(n)]

    def floor(self, graph):
        """Energy of the dreamt parts in each window."""
        return self._floor[self.windows(graph)].sum(axis=1)

    def read(self, X):
        """X if its rows are images of the right size."""
        rows, columns = self.image_shape
        if X.shape[1] != rows * columns:
            raise DataError(
                f"X has {X.shape[1]} columns but image_shape={self.image_shape} needs "
                f"{rows * columns}"
            )
        if X.size and X.min() < 0:
            row, column = (int(i[0]) for i in np.nonzero(X < 0))
            raise DataError(
                f"X contains {X[row, column]:.6g} at ({row}, {column}), but images are brightness "
                "from 0 (nothing) up: give them as they are, without scaling"
            )
        return X

    def values(self, graph, X):
        """Values of the ``parts`` inputs for images [batch, rows * columns]."""
        shape = (-1, *self.image_shape)
        return self._parts(graph, np.ascontiguousarray(X, np.float64).reshape(shape))

    def inputs(self, graph):
        """The inputs that :meth:`values` stands for."""
        return graph.groups["parts"]

    def _parts(self, graph, images):
        """What the patch concepts of the graph make of images, pooled; one kernel for speed.

        It reads weights and biases off the graph's edges: ``graph.forward`` over all glimpses of an
        image gives the same.
        """
        s, concepts, pixels = self.sizes, graph.groups["patch"], graph.groups["patch_in"]
        out = np.empty((len(images), s["grid"] ** 2 * concepts.size), np.float32)
        with Reading(graph) as reading:
            slots = reading.view.slots
            glimpse.parts(
                reading.view.H, slots(concepts), slots(pixels), images, s["pad"], _SOFTENING,
                *self.pooling, *self._scratch(concepts.size), out,
            )  # fmt: skip
        return out

    def _scratch(self, concepts):
        """Work space of the kernel: weights, sheet, glimpses of a row, cells by column."""
        s, width = self.sizes, self.pooling[2].shape[1]
        taps, step = s["patch"] ** 2, -(-concepts // glimpse.TILE) * glimpse.TILE
        sheet = np.zeros((self.image_shape[0] + 2 * s["pad"], width + LANES), np.float32)
        return (
            np.empty(step * (taps + 1), np.float32), sheet, aligned((taps + 1, width)),
            aligned((s["grid"] * step, width)),
        )  # fmt: skip

    # ---- files --------------------------------------------------------------------------------
    def to_state(self):
        """Arrays and plain values."""
        return {"floor": self._floor}, {"image_shape": list(self.image_shape), "seed": self.seed}

    @classmethod
    def from_state(cls, arrays, plain):
        """Rebuild; see :meth:`to_state`."""
        sense = cls(plain["image_shape"], plain["seed"])
        sense._floor = arrays["floor"]
        return sense


def _grow_inputs(graph, controller, count, names):
    """Inputs by way of the controller."""
    names = [f"{names} {i}" for i in range(count)] if isinstance(names, str) else names
    nodes = tuple(NewNode(role="input", kind="input", name=name) for name in names)
    return np.array(
        controller.grow(graph, Proposal(1.0, nodes), rule="Sense", cause="birth", intention="see")
    )


def _bilinear(places, grid):
    """Weights [places, grid] of each place in the cells of a grid."""
    c = np.clip((np.arange(places) + 0.5) / places * grid - 0.5, 0, grid - 1)
    low, rows = np.minimum(np.floor(c).astype(int), grid - 2), np.arange(places)
    out = np.zeros((places, grid), np.float32)
    out[rows, low], out[rows, low + 1] = 1 - (c - low), c - low
    return out


def _waves(rng, side):
    """Smoothed noise, cut at 0, maximum 1: what a retina dreams before it sees."""
    from scipy.ndimage import gaussian_filter

    noise = rng.standard_normal((_DREAMS, *side))
    waves = np.maximum([gaussian_filter(x, 1.0) for x in noise], 0)
    return waves / np.maximum(waves.max(axis=(1, 2), keepdims=True), 1e-9)


def _strokes(rng, side):
    """One to three quadratic Bezier strokes an image, scaled by side / 28."""
    scale = min(side) / 28
    yy, xx = np.ogrid[: side[0], : side[1]]
    t = np.linspace(0, 1, 40)[:, None]
    out = np.zeros((_DREAMS, *side))
    for image in out:
        for _ in range(rng.integers(1, 4)):
            p = rng.uniform(3, 24, (3, 2)) / 28 * np.array(side)
            width = rng.uniform(0.8, 2.0) * scale
            c = (1 - t) ** 2 * p[0] + 2 * t * (1 - t) * p[1] + t * t * p[2]
            down, along = (yy - c[:, 0, None, None]) ** 2, (xx - c[:, 1, None, None]) ** 2
            away = np.sqrt((down + along).min(axis=0))
            np.maximum(image, np.clip(width + 0.5 - away, 0, 1), out=image)
    return out / np.maximum(out.max(axis=(1, 2), keepdims=True), 1e-9)


def _spread(q, count):
    """Rows of q that differ: vigilance is relaxed until there are ``count``."""
    chosen: list[int] = []
    for level in _LADDER:
        for i in range(len(q)):
            if len(chosen) == count:
                break
            if i not in chosen and (not chosen or (q[chosen] @ q[i]).max() < level):
                chosen.append(i)
    return q[chosen]
