"""Draws the pictures of the README into docs/: ``python .ci/gallery.py``.

Each is small, and drawn by the models as they are: whoever changes a model or a picture runs this
again and looks at what comes out.
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import growgraph
from growgraph import GrowNet, ResoNet, SelfCriticNet
from growgraph.viz import plot_doubt, plot_rings, plot_tension
from growgraph.viz.png import png_of

DOCS = Path(__file__).parent.parent / "docs"
SEED = 0
WIDE = {"gallery_rings": 860, "gallery_parity": 860}  # pixels; of the others
WIDEST = 1200


def digits():
    """Shuffled digits, as in the README."""
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(SEED).permutation(len(y))
    return X[order], y[order]


def spirals(n=600):
    """Two spirals of one and a half turns, a little blurred."""
    rng = np.random.default_rng(SEED)
    arm = np.arange(n) % 2
    turn = np.sqrt(rng.uniform(0.02, 1, n)) * 3 * np.pi
    angle = turn + arm * np.pi
    X = np.column_stack([np.cos(angle), np.sin(angle)]) * (turn / (3 * np.pi))[:, None]
    return X + rng.normal(0, 0.015, X.shape), arm


def headline():
    """How a ResoNet grew on digits."""
    X, y = digits()
    axes = growgraph.plot_growth(ResoNet(image_shape=(8, 8), random_state=SEED).fit(X, y))
    return axes[0].figure


def rings():
    """The same births as growth rings."""
    X, y = digits()
    return plot_rings(ResoNet(image_shape=(8, 8), random_state=SEED).fit(X, y)).figure


def tension():
    """Where a GrowNet grew on two spirals."""
    X, y = spirals()
    return plot_tension(GrowNet(random_state=SEED).fit(X, y), X, y)[0].figure


def parity():
    """All of a GrowNet that knows the parity of six bits."""
    X = (np.arange(64)[:, None] >> np.arange(6) & 1).astype(float)
    return growgraph.plot(GrowNet(random_state=SEED).fit(X, X.sum(axis=1).astype(int) % 2)).figure


def doubt():
    """A digit about which a SelfCriticNet is in doubt."""
    X, y = digits()
    model = SelfCriticNet(image_shape=(8, 8), random_state=SEED).fit(X[:1297], y[:1297])
    told = model.reflect(X[1297:])
    least = 1297 + int(np.argmin(np.where(told.cause == "fine", 2.0, told.confidence)))
    return plot_doubt(model.explain(X[least]))[0].figure


PICTURES = {
    "digits_growth": headline,
    "gallery_rings": rings,
    "gallery_tension": tension,
    "gallery_parity": parity,
    "gallery_doubt": doubt,
}


def main(names):
    """Draw the pictures named, or all."""
    import matplotlib as mpl

    mpl.use("Agg")
    for name in names or PICTURES:
        figure, path = PICTURES[name](), DOCS / f"{name}.png"
        path.write_bytes(png_of(figure, WIDE.get(name, WIDEST) / figure.get_figwidth()))
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
