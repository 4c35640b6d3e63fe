"""A scene on matplotlib axes: geometry in points, then edges, marks, words, legend, caption."""

from functools import partial

import numpy as np
from scipy.optimize import isotonic_regression

from growgraph.kernels import codes
from growgraph.viz import labels
from growgraph.viz.lit import FADED
from growgraph.viz.paper import bare
from growgraph.viz.style import KIND_SHAPE, SHAPE_SIZE

FONT = 8.0
DASHED, DOTTED = (0, (4, 1.6)), (0, (1, 1.4))
FEW_EDGES = 200  # up to so many, negative weights are dashed too
_LARGEST, _SMALLEST = 15.0, 1.6  # diameters of marks in points
_BEND, _COARSE = np.linspace(0, 1, 24), np.linspace(0, 1, 14)  # along an edge; of many
_LEGEND_WIDTH = 118.0
_NARROW = 300.0  # points: a legend at the side of a narrower picture would squeeze it
_NAMES = 0.27  # of the width, at most, for the names at each end
_APART = 0.7  # of an even spacing: marks of a column are no nearer
SHORT = 24.0  # points for the name of an output in a small picture
_GAP = 6.0  # points between a mark and its name, at most
_LIFT = 48  # points that an arch rises at most, and room for it


class Canvas:
    """Axes on which a scene is drawn; everything lies inside them, the legend too.

    Parameters
    ----------
    ax : matplotlib Axes
    scene : Scene
    look : Theme
    legend : bool
        Leave room for legend and caption.
    named : bool
        Leave room for names of inputs and outputs; else for short ones of outputs.
    """

    def __init__(self, ax, scene, look, *, legend=True, named=True):
        self.ax, self.scene, self.look = ax, scene, look
        self.width, self.height = bare(ax, look)
        self.beside = legend and self.width >= _NARROW
        self._margins(legend, named)
        self._place()

    # ---- geometry -------------------------------------------------------------------------------
    def _margins(self, legend, named):
        """Room in points around the marks: left, right, bottom, top."""
        scene = self.scene
        ends = []
        for role in (codes.ROLE_INPUT, codes.ROLE_OUTPUT):
            names = [n for n, r in zip(scene.names, scene.role, strict=True) if r == role]
            wide = min(labels.width_of(names, FONT), _NAMES * self.width) + 22
            if not named:  # of outputs a short one
                wide = min(wide, 12 + SHORT * (role == codes.ROLE_OUTPUT))
            ends.append(wide)
        self.columns = 1 if self.beside else int(np.clip(self.width / 110, 1, 3))
        entries = np.unique(scene.kind * 4 + scene.role).size + 5
        under = 8 + 12.5 * -(-entries // self.columns) if legend and not self.beside else 0
        self.left, self.right = ends[0], ends[1] + (_LEGEND_WIDTH if self.beside else 0)
        self.bottom, self.top = (24 + under if legend else 10), 10 + _LIFT * scene.late.any()

    def _place(self):
        """Marks into the unit square (data) and into points; axes limits to match."""
        scene = self.scene
        across = max(self.width - self.left - self.right, 20)
        up = max(self.height - self.bottom - self.top, 20)
        self.ax.set_xlim(-self.left / across, 1 + self.right / across)
        self.ax.set_ylim(-self.bottom / up, 1 + self.top / up)
        values, column = np.unique(scene.x, return_inverse=True)
        gap = np.diff(values).min() if values.size > 1 else 1.0
        span = values[-1] - values[0] if values.size > 1 else 1.0
        if gap / span * across < 24:  # too near in depth: equal steps instead
            values = np.arange(values.size, dtype=float)
            gap, span = 1.0, max(values.size - 1.0, 1.0)
        self.column, self.step = column, gap / span * across
        alone = values.size < 2
        self.u = np.full(scene.x.size, 0.5) if alone else (values[column] - values[0]) / span
        self.v = self._heights()
        self.px, self.py = self.left + self.u * across, self.bottom + self.v * up
        self.across, self.up = across, up
        self.diameter = self._diameters() if scene.x.size else np.empty(0)

    def _heights(self):
        """Data y: the occupied part of the layout fills the picture, the first node on top."""
        y = self.scene.y
        if y.size == 0 or y.min() == y.max():
            return np.full(y.size, 0.5)
        margin = 0.5 * (y.max() - y.min()) / np.bincount(self.column).max()
        v = (y.max() + margin - y) / (y.max() - y.min() + 2 * margin)
        order = np.lexsort((v, self.column))
        for members in np.split(order, np.flatnonzero(np.diff(self.column[order])) + 1):
            v[members] = _apart(v[members])
        return v

    def _diameters(self):
        """Diameter of each mark in points: what its column has room for, by use and number."""
        scene = self.scene
        order = np.lexsort((self.py, self.column))
        same = np.diff(self.column[order]) == 0
        gaps = np.where(same, np.diff(self.py[order]), np.inf)
        least = np.full(self.column.max() + 1, np.inf)
        np.minimum.at(least, self.column[order[1:]], gaps)
        self.spacing = least[self.column]
        largest = _LARGEST + (5 if scene.x.size <= 20 else 0)
        most = np.clip(0.8 * self.spacing, _SMALLEST, largest)
        most = np.minimum(most, max(0.7 * self.step, 3))
        top = np.quantile(scene.use, 0.95)
        used = np.sqrt(np.clip(scene.use / (top if top > 0 else 1), 0, 1))
        used = np.where(scene.role == codes.ROLE_OUTPUT, 1.0, used)
        if (scene.count > 1)[~scene.crowd].any():  # neighbourhoods: area tells how many
            whole = scene.crowd | (scene.role == codes.ROLE_OUTPUT)
            used = np.where(whole, 1, np.sqrt(scene.count / scene.count.max()))
        used = np.where(scene.crowd, np.maximum(used, 0.4), used)
        many = np.minimum(1 + 0.12 * np.log2(scene.count), 1.25) if scene.crowd.any() else 1.0
        return most * np.minimum((0.55 + 0.45 * used) * many, 1.25)

    def say(self, text, x=0.5, y=0.5, **options):
        """Write a line, by default in the middle."""
        options = {"ha": "center", "va": "center", "fontsize": FONT, "color": self.look.faint,
                   "transform": self.ax.transAxes, "parse_math": False} | options  # fmt: skip
        return self.ax.text(x, y, text, **options)

    # ---- edges ----------------------------------------------------------------------------------
    def edges(self, shown=None):
        """Curves for the edges (or some of them), the stronger the wider."""
        from matplotlib.collections import LineCollection

        scene, look = self.scene, self.look
        chosen = np.arange(scene.source.size) if shown is None else np.flatnonzero(shown)
        if chosen.size == 0:
            return
        few = scene.source.size <= FEW_EDGES
        opaque = float(np.clip(0.9 - 0.13 * np.log2(max(scene.source.size / 60, 1)), 0.2, 0.9))
        wide = (0.35 + 1.65 * scene.share[chosen] ** 1.5) * (1.0 if few else 0.6)
        wide *= np.clip(self.width / 350, 0.6, 1)
        against, late = scene.weight[chosen] < 0, scene.late[chosen]
        styles = [DOTTED if z else DASHED if n and few else "solid"
                  for n, z in zip(against.tolist(), late.tolist(), strict=True)]  # fmt: skip
        lines = LineCollection(
            self._curves(chosen), linewidths=wide, linestyles=styles, zorder=1, capstyle="butt",
            colors=self._inks(chosen, np.where(against, look.inhibit, look.excite), opaque),
        )  # fmt: skip
        self.ax.add_collection(lines, autolim=False)

    def _inks(self, chosen, colours, opaque):
        """RGBA of edges; of one answer those that took no part are faded."""
        from matplotlib.colors import to_rgba_array

        inks = to_rgba_array(colours, opaque)
        if self.scene.edge_part is not None:
            lit = self.scene.edge_part[chosen] > 0
            inks[:, 3] = np.where(lit, max(opaque, 0.75), FADED * 0.8)
        return inks

    def _curves(self, chosen):
        """Polylines [edges, points, 2]: S-shaped forwards, an arch for what comes a step later."""
        scene = self.scene
        t = (_BEND if scene.source.size <= FEW_EDGES else _COARSE)[None, :]
        u, v = scene.source[chosen], scene.target[chosen]
        x0, y0, x1, y1 = (a[:, None] for a in (self.u[u], self.v[u], self.u[v], self.v[v]))
        late, loop = scene.late[chosen][:, None], (u == v)[:, None]
        far = np.hypot((x1 - x0) * self.across, (y1 - y0) * self.up)
        on = x1 > x0 + 1e-9
        bow = np.where(on, 0.4 * (x1 - x0), 0.5 * self.step / self.across)
        out = np.where(loop, 16 / self.across, np.where(late, 0, bow))
        into = np.where(loop | on | late, out, -bow)
        lift = np.where(loop, 34, np.where(late, np.minimum(0.3 * far, _LIFT), 0)) / self.up
        near = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
        X = near[0] * x0 + near[1] * (x0 + out) + near[2] * (x1 - into) + near[3] * x1
        Y = near[0] * y0 + near[1] * (y0 + lift) + near[2] * (y1 + lift) + near[3] * y1
        return np.stack([X, Y], axis=2)

    # ---- marks ----------------------------------------------------------------------------------
    def colours(self):
        """RGBA of each mark by tension, or by role and kind; an unknown tension is hollow."""
        from matplotlib import colormaps
        from matplotlib.colors import to_rgba_array

        scene, look = self.scene, self.look
        if scene.part is not None:
            return self._lit()
        if scene.tension is None:
            return to_rgba_array(look.node_colours(scene.kind, scene.role))
        known = np.isfinite(scene.tension)
        level = np.sqrt(np.clip(np.where(known, scene.tension, 0) / self.highest(), 0, 1))
        colours = colormaps[look.tension](look.span[0] + (look.span[1] - look.span[0]) * level)
        colours[~known] = to_rgba_array(look.ground)
        return colours

    def _lit(self):
        """RGBA of marks in a scene of one answer: by tension where it is known, the rest faded."""
        from matplotlib import colormaps
        from matplotlib.colors import to_rgba_array

        scene, look = self.scene, self.look
        colours = to_rgba_array(look.node_colours(scene.kind, scene.role))
        if scene.tension is not None:
            known = np.isfinite(scene.tension) & (scene.part > 0)
            level = np.sqrt(np.clip(scene.tension[known] / self.highest(), 0, 1))
            shades = look.span[0] + (look.span[1] - look.span[0]) * level
            colours[known] = colormaps[look.tension](shades)
        colours[scene.part == 0, 3] = FADED
        return colours

    def highest(self):
        """The largest known tension; 1 if there is none above 0."""
        known = self.scene.tension[np.isfinite(self.scene.tension)]
        return float(known.max()) if known.size and known.max() > 0 else 1.0

    def nodes(self, shown=None, rings=None, lines=None):
        """Scatter the marks (or some of them) by shape; a crowd looks like a pile of cards.

        Parameters
        ----------
        shown : ndarray of bool [marks], optional
        rings : ndarray of str [marks], optional
            Colours of their outlines.
        lines : ndarray of float [marks], optional
            Widths of their outlines in points.
        """
        from matplotlib.transforms import ScaledTranslation

        ax, scene = self.ax, self.scene
        colours, rings = self.colours(), self._rings() if rings is None else rings
        shape = np.array([KIND_SHAPE[k] for k in scene.kind.tolist()])
        lines = np.where(self.diameter > 4, 0.7, 0.2) if lines is None else lines
        visible = np.ones(shape.size, bool) if shown is None else shown
        for marker in np.unique(shape[visible]):
            mine = np.flatnonzero((shape == marker) & visible)
            piles = mine[scene.crowd[mine]]
            size = (self.diameter * SHAPE_SIZE[str(marker)]) ** 2
            for chosen, off in ((piles, 3.2), (piles, 1.6), (mine, 0.0)):
                if chosen.size:
                    move = ScaledTranslation(off / 72, off / 72, ax.figure.dpi_scale_trans)
                    ax.scatter(
                        self.u[chosen], self.v[chosen], s=size[chosen], c=colours[chosen],
                        marker=str(marker), linewidths=lines[chosen],
                        edgecolors=rings[chosen], zorder=3 - off / 10,
                        transform=ax.transData + move,
                    )  # fmt: skip

    def _rings(self):
        scene = self.scene
        if scene.part is not None:
            return np.where(scene.part > 0, self.look.ink, self.look.ground)
        if scene.tension is None:
            return np.full(scene.x.size, self.look.ground)
        return np.where(np.isfinite(scene.tension), self.look.ink, self.look.faint)

    # ---- words ----------------------------------------------------------------------------------
    def words(self, names=None, size=FONT):
        """Names (or other words, one a mark) beside the marks where there is room."""
        scene = self.scene
        names = scene.names if names is None else names
        if scene.part is not None:  # of one answer: those that took part, and outputs
            kept = (scene.part > 0) | (scene.role == codes.ROLE_OUTPUT)
            names = [name if k else "" for name, k in zip(names, kept.tolist(), strict=True)]
        names = [labels.shorten(name, _NAMES * self.width, size) for name in names]
        piled = np.where(scene.crowd, 3.2, 0.0)
        end = self.width - (_LEGEND_WIDTH if self.beside else 0)
        room = (0, end, self.bottom - 12, self.height)
        found = labels.place(names, self.px, self.py, self.diameter / 2 + piled, room, size,
                             self._sides())  # fmt: skip
        where = {"left": ("right", "center"), "right": ("left", "center"),
                 "below": ("center", "top"), "above": ("center", "bottom")}  # fmt: skip
        ground = {"facecolor": self.look.ground, "edgecolor": "none", "alpha": 0.9}
        for i, x, y, side in found:
            ha, va = where[side]
            self.ax.annotate(
                names[i], (self.u[i], self.v[i]), (x - self.px[i], y - self.py[i]),
                textcoords="offset points", ha=ha, va=va, fontsize=size, color=self.look.ink,
                zorder=2, parse_math=False, bbox=ground | {"boxstyle": partial(_backing, side)},
            )  # fmt: skip

    def _sides(self):
        """Where each mark's name goes first: outwards at the ends, else below or beside."""
        role, sides = self.scene.role, np.full(self.scene.x.size, "right", dtype="U5")
        sides[role == codes.ROLE_INPUT] = "left"
        inner = (role != codes.ROLE_INPUT) & (role != codes.ROLE_OUTPUT)
        sides[inner & (self.spacing > self.diameter + 3 * FONT)] = "below"
        return sides.tolist()


def _apart(v):
    """Ascending heights moved as little as needed for room between them (least squares)."""
    n = v.size
    least = _APART / n * np.arange(n)
    moved = isotonic_regression(v - least).x
    edge = _APART / n / 2
    return np.clip(moved, edge, 1 - edge - least[-1]) + least


def _backing(side, x, y, width, height, size):
    """Ground behind a name as far as its mark: an edge cut off between them looks like a minus."""
    from matplotlib.path import Path

    reach, rim = _GAP / FONT * size, 0.08 * size
    left = x - (reach if side == "right" else rim)
    right = x + width + (reach if side == "left" else rim)
    low, high = y - rim, y + height + rim
    return Path([(left, low), (right, low), (right, high), (left, high), (left, low)], closed=True)
