"""Pictures of a report: figures against what is asked, the roofline, cost against size."""

import io
import logging

import numpy as np

from growgraph.bench.grow import COSTS
from growgraph.bench.report import asked, figure
from growgraph.bench.rows import AT_LEAST

# told apart by colour-blind eyes (Okabe and Ito) and by their shape
_BLUE, _ORANGE, _GREEN, _PINK, _YELLOW, _SKY = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9",
)  # fmt: skip
_INK, _FAINT, _GREY = "#1d2733", "#66717e", "#a0a8b0"
_PEERS = (("scipy", "s", _ORANGE), ("torch", "^", _GREEN), ("mkl", "D", _PINK),
          ("numpy", "v", _YELLOW), ("graphblas", "P", _SKY))  # fmt: skip


def _figure(width, height):
    """An empty figure, apart from pyplot and from whatever a notebook has set there."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _plain_axes(axes):
    axes.set_facecolor("white")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(_FAINT)
    axes.tick_params(colors=_FAINT, labelcolor=_INK, labelsize=8, which="both")
    axes.xaxis.label.set_color(_INK)
    axes.yaxis.label.set_color(_INK)
    axes.title.set_color(_INK)


def _few_ticks(axis):
    """1, 2 and 5 of each decade, written out."""
    from matplotlib.ticker import LogLocator, NullLocator

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(lambda value, _: f"{value:g}")


def _png(drawn):
    content = io.BytesIO()
    drawn.savefig(content, format="png", dpi=150, metadata={"Software": "growgraph"})
    return content.getvalue()


def draw_kernels(report: dict) -> bytes:
    """Figures as multiples of what is asked, and the roofline, as PNG.

    Parameters
    ----------
    report : dict
        Of :func:`growgraph.bench.kernels.run`.
    """
    rows = [r for r in report["rows"] if r["ratio"] and (r.get("met") is not None or _unsure(r))]
    points = _roofline_points(report)
    height = max(3.6, 0.27 * len(rows) + 1.5)
    drawn = _figure(12.5, height)
    left, right = drawn.subplots(1, 2, width_ratios=(1.5, 1))
    _draw_figures(left, rows)
    _draw_roofline(right, report, points)
    cpu = report["machine"].get("cpu", "")
    drawn.suptitle(f"growgraph bench kernels: {cpu}", fontsize=10, color=_INK)
    return _png(drawn)


def _unsure(row):
    return "unsure" in (row.get("detail") or {})


def _draw_figures(axes, rows):
    """A point a row at figure / asked (turned round where less is better), with its quartiles."""
    for at, row in enumerate(reversed(rows)):
        wish = (row.get("detail") or {}).get("asked_here", row["asked"])
        values = np.array([row["low"], row["ratio"], row["high"]]) / wish
        if row.get("sense", AT_LEAST) != AT_LEAST:
            values = 1 / values[::-1]
        met = values[1] >= 1
        colour, marker = (_BLUE, "o") if met else (_ORANGE, "D")
        if _unsure(row):
            colour, marker = _GREY, "s"
        axes.plot([1, values[1]], [at, at], color=colour, alpha=0.35, linewidth=1.2)
        axes.plot(values[[0, 2]], [at, at], color=colour, linewidth=3.5, alpha=0.55)
        axes.plot(values[1], at, marker, color=colour, markersize=5.5)
        axes.annotate(
            f"{figure(row)}  ({'unsure, ' * _unsure(row)}asked {asked(row)})", (1.01, at),
            xycoords=("axes fraction", "data"), fontsize=7.5, va="center", color=_INK,
        )  # fmt: skip
    axes.axvline(1, color=_INK, linewidth=1)
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, 0.45), max(high, 2.2))
    _few_ticks(axes.xaxis)
    names = [f"{r['id']}  /  {r['peer']}" if r["peer"] else r["id"] for r in reversed(rows)]
    axes.set_yticks(range(len(rows)), names)
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.set_xlabel("times what is asked (bar: quartiles); diamond: missed; grey: unsure")
    axes.grid(axis="x", color="#e4e8ec", linewidth=0.8)
    axes.set_axisbelow(True)
    _plain_axes(axes)


def _roofline_points(report):
    """(id, peer, operations a byte, GF/s of ours, GF/s of the peer) of rows that know them."""
    out = []
    for row in report["rows"]:
        d = row.get("detail") or {}
        if row["ratio"] and d.get("bytes") and d.get("flops"):
            out.append((row["id"], row["peer"], d["flops"] / d["bytes"], d["ours_gflops"],
                        d["peer_gflops"]))  # fmt: skip
    return out


def _draw_roofline(axes, report, points):
    """Work a second against operations a byte read, below the probes' roofs."""
    peak = (report.get("probes") or {}).get("fma_gflops", {}).get("median", 1e3)
    left, right = 0.2, 8.0
    axes.axhline(peak, color=_INK, linewidth=1.4)
    axes.text(right * 0.93, peak * 1.05, f"fma peak {peak:.0f} GF/s", ha="right", fontsize=8,
              color=_INK)  # fmt: skip
    for name, rate in _read_rates(report):
        x = np.array([left, min(right, peak / rate)])
        axes.plot(x, x * rate, color=_FAINT, linewidth=1.1, linestyle=(0, (5, 2)))
        at = left * 1.1
        axes.text(at, at * rate * 1.2, f"{name}: {rate:.0f} GB/s", fontsize=7.5,
                  rotation=np.degrees(np.arctan(rate * 1.2)), rotation_mode="anchor",
                  transform_rotates_text=True, color=_FAINT)  # fmt: skip
    styles = {name: (marker, colour) for name, marker, colour in _PEERS}
    seen = set()
    for _, peer, intensity, ours, theirs in points:
        marker, colour = styles.get(peer, ("x", _FAINT))
        axes.plot(intensity, ours, "o", color=_BLUE, markersize=6.5, zorder=3,
                  label=None if "ours" in seen else "growgraph")  # fmt: skip
        axes.plot(intensity, theirs, marker, color=colour, markersize=6, zorder=2,
                  label=None if peer in seen else peer)  # fmt: skip
        seen |= {"ours", peer}
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(left, right)
    axes.set_ylim(top=peak * 1.5)
    axes.set_xlabel("operations a byte read\n(dashed: rows at full rate)")
    axes.set_ylabel("GF/s of one thread")
    _few_ticks(axes.xaxis)
    _few_ticks(axes.yaxis)
    _label_points(axes, points)
    if points:
        axes.legend(frameon=False, fontsize=8, loc="lower right")
    axes.grid(color="#e4e8ec", linewidth=0.8, which="major")
    axes.set_axisbelow(True)
    _plain_axes(axes)


def _label_points(axes, points):
    """Names beside our points, from above, each at least its own height below the last."""
    named = [p for p in points if not any(p[0].startswith(f"{other[0]}_") for other in points)]
    lowest, (bottom, top) = np.inf, axes.get_ylim()
    step = (top / bottom) ** (9.5 / (0.7 * 72 * axes.figure.get_figheight()))  # a line of text
    for row_id, _, intensity, ours, _ in sorted(named, key=lambda p: -p[3]):
        lowest = min(ours, lowest / step)
        axes.annotate(row_id, (intensity, ours), xytext=(intensity * 1.09, lowest), fontsize=7.5,
                      va="center", color=_INK)  # fmt: skip


def _read_rates(report):
    """Row-read bandwidth in GB/s of the rows that were measured beside the probe."""
    for row_id, name in (("forward_batch_784", "784 rows"), ("forward_batch_1e5", "1e5 rows")):
        for row in report["rows"]:
            if row["id"] == row_id and (row.get("detail") or {}).get("read_rows_seconds"):
                yield name, 256e-9 / row["detail"]["read_rows_seconds"]


def draw_grow(report: dict) -> bytes:
    """Cost against size, one panel a unit, as PNG.

    Parameters
    ----------
    report : dict
        Of :func:`growgraph.bench.grow.run`.
    """
    panels = (
        ("ns an edge", ("insert", "pack")),
        ("µs", ("grow_one",)),
        ("ns an edge and sample", ("forward", "forward_after", "batch", "batch_after")),
        ("bytes an edge", ("bytes",)),
    )
    drawn = _figure(9.5, 6.5)
    all_axes = drawn.subplots(2, 2, sharex=True)
    edges = np.array([row["edges"] for row in report["sizes"]])
    markers, colours = "osD^", (_BLUE, _ORANGE, _GREEN, _PINK)
    for axes, (unit, keys) in zip(all_axes.ravel(), panels, strict=True):
        for key, marker, colour in zip(keys, markers, colours, strict=False):
            low, middle, high = (
                np.array([row[key][which] for row in report["sizes"]])
                for which in ("low", "median", "high")
            )
            slope = report["slopes"].get(key)
            label = COSTS[key][0] + ("" if slope is None else f" (slope {slope:.2f})")
            axes.fill_between(edges, low, high, color=colour, alpha=0.15, linewidth=0)
            axes.plot(edges, middle, marker=marker, color=colour, label=label, markersize=5)
        axes.set_xscale("log")
        axes.set_ylim(bottom=0, top=axes.get_ylim()[1] * (1.1 + 0.1 * len(keys)))  # for the legend
        axes.set_ylabel(unit)
        axes.legend(frameon=False, fontsize=8, loc="upper left")
        axes.grid(color="#e4e8ec", linewidth=0.8)
        axes.set_axisbelow(True)
        _plain_axes(axes)
    for axes in all_axes[1]:
        axes.set_xlabel("edges")
    cpu = report["machine"].get("cpu", "")
    drawn.suptitle(f"growgraph bench grow: {cpu}; slope: exponent of the total cost", fontsize=10,
                   color=_INK)  # fmt: skip
    return _png(drawn)
