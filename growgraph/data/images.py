"""Tables whose columns are the pixels of images, row by row."""

import re
from typing import Any

import numpy as np

from growgraph.data.batch import Batch
from growgraph.data.stream import TableStream
from growgraph.errors import DataError

_LEAST, _MOST = 4, 512  # rows and columns of an image
_SHOWN = 5


def read_shape(text):
    """Rows and columns of an image, from text such as ``28x28``.

    Examples
    --------
    >>> read_shape("28x20")
    (28, 20)
    """
    found = re.fullmatch(r"\s*(\d{1,6})\s*[xX]\s*(\d{1,6})\s*", text)
    shape = tuple(int(n) for n in found.groups()) if found else ()
    if not shape or not all(_LEAST <= n <= _MOST for n in shape):
        raise DataError(
            f"image-shape must be rows x columns of {_LEAST} to {_MOST} pixels, such as 28x28, got "
            f"{text!r}"
        )
    return shape


class ImageStream(TableStream):
    r"""A :class:`TableStream` whose batches hold images: all columns but the target are pixels.

    Parameters
    ----------
    source : str or path
    image_shape : (int, int)
        Rows and columns; the columns of the table follow the image row by row.
    **options
        As for a table.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "t.csv")
    >>> with open(path, "w") as file:
    ...     _ = file.write(",".join(f"p{i}" for i in range(16)) + ",kind\n" + "7," * 16 + "a\n")
    >>> next(ImageStream(path, image_shape=(4, 4)).learn()).X.shape
    (1, 16)
    """

    def __init__(self, source, *, image_shape, **options):
        super().__init__(source, **options)
        self.image_shape = tuple(image_shape)
        schema = options.get("schema")
        self._pixels: Any = None if schema is None else list(schema["pixels"])

    def schema(self):
        """What a saved model must remember to read the same kind of data again."""
        known = super().schema()
        if known is None:
            return None
        return {**known, "image_shape": list(self.image_shape), "pixels": self._pixels}

    def every(self):
        """Yield all rows, those without a label too (``y`` is None or holds None there)."""
        for batch in super().every():
            yield self._as_images(batch)

    def _batches(self, block, rows, *, grow):
        for batch in super()._batches(block, rows, grow=grow):
            yield self._as_images(batch)

    def _decide(self, sample):
        super()._decide(sample)
        kinds = {n: kind for n, (kind, _) in self._columns.kinds.items() if kind != "skip"}
        for name, kind in kinds.items():
            if kind != "number":
                what = "text" if kind == "text" else "dates"
                raise DataError(
                    f"image-shape {self._size()} needs pixels, and column {name!r} holds {what}: "
                    f"leave it out with --drop {name}, or leave out --image-shape"
                )
        rows, columns = self.image_shape
        if len(kinds) != rows * columns:
            raise DataError(
                f"image-shape {self._size()} needs {rows * columns} columns of pixels, and "
                f"{self._shown()} has {len(kinds)} beside the target {self.target!r} "
                f"({self._listed(kinds)}){_square(len(kinds))}: mend --image-shape, or leave "
                "columns out with --drop"
            )
        self._pixels = list(kinds)

    def _as_images(self, batch):
        """The same batch with its columns as one array."""
        lost = [name for name in self._pixels if name not in batch.X]
        if lost:
            raise DataError(
                f"{self._shown()} lacks {len(lost)} of the {len(self._pixels)} columns of pixels "
                f"({self._listed(lost)}): give images of {self._size()} with these names"
            )
        X = np.column_stack([batch.X[name] for name in self._pixels])
        gaps = np.argwhere(np.isnan(X))
        if len(gaps):
            row, column = gaps[0].tolist()
            raise DataError(
                f"column {self._pixels[column]!r} has no number in row {batch.rows[row]} (rows "
                "count from 0), and an image needs every pixel: fill the cell, or remove the row"
            )
        return Batch(X, batch.y, batch.rows)

    def _size(self):
        rows, columns = self.image_shape
        return f"{rows}x{columns}"

    @staticmethod
    def _listed(names):
        names = list(names)
        return ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")


def _square(n):
    """The shape of a square image of n pixels, as a hint."""
    side = round(n**0.5)
    fits = side * side == n and _LEAST <= side <= _MOST
    return f", which would be {side}x{side}" if fits else ""
