"""Data as a stream of batches: tables in files, folders or a pipe, and the bundled digits.

A stream is read in one pass and may be larger than memory. What a row becomes depends on the row
and on rows before it, never on where a block of the file ends.
"""

from growgraph.data.batch import Batch
from growgraph.data.digits import DigitsStream
from growgraph.data.images import ImageStream, read_shape
from growgraph.data.stream import TableStream
from growgraph.errors import DataError

__all__ = ["Batch", "DigitsStream", "ImageStream", "TableStream", "open_stream", "read_shape"]


def open_stream(source, *, seed=0, limit=None, holdout=None, image_shape=None, **options):
    """Open a data source.

    Parameters
    ----------
    source : str or path
        ``digits`` (scikit-learn's 1797 images of handwritten digits), a ``.csv`` or ``.parquet``
        file, a folder of them, or ``-`` for a CSV file on standard input.
    seed : int, default 0
        Decides which rows are held out, and the order of the digits.
    limit : int, optional
        Read only so many rows.
    holdout : {"random", "tail"}, optional
        Rows to score on and never to learn: a random tenth (the default), or the last tenth.
        The digits hold out the last 500 of their shuffle.
    image_shape : (int, int), optional
        The columns of the table are the pixels of images of so many rows and columns.
    **options
        ``target, drop, categorical, encoding, schema, note, quantities, late`` of
        :class:`TableStream`.

    Returns
    -------
    DigitsStream, ImageStream or TableStream

    Examples
    --------
    >>> stream = open_stream("digits")
    >>> sum(len(batch) for batch in stream.learn()), sum(len(b) for b in stream.held_out())
    (1297, 500)
    """
    schema = options.get("schema")
    if schema is not None and ("digits" in schema) != (str(source) == "digits"):
        grown = "the digits" if "digits" in schema else "a table"
        raise DataError(f"data {source} does not fit the model, which was grown on {grown}")
    if str(source) == "digits":
        options["image_shape"] = image_shape
        return DigitsStream(seed=seed, limit=limit, holdout=holdout, **options)
    options |= {"seed": seed, "limit": limit, "holdout": holdout or "random"}
    shape = image_shape or (schema or {}).get("image_shape")
    if shape is None:
        return TableStream(source, **options)
    return ImageStream(source, image_shape=shape, **options)
