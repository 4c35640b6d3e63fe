"""Data as a stream of batches: tables in files, folders or a pipe, and the bundled digits.

A stream is read in one pass and may be larger than memory. What a row becomes depends on the row
and on rows before it, never on where a block of the file ends.
"""

from growgraph.data.batch import Batch
from growgraph.data.digits import DigitsStream
from growgraph.data.stream import TableStream
from growgraph.errors import DataError

__all__ = ["Batch", "DigitsStream", "TableStream", "open_stream"]


def open_stream(source, *, seed=0, limit=None, holdout=None, **options):
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
    **options
        ``target, drop, categorical, encoding, schema, note`` of :class:`TableStream`.

    Returns
    -------
    DigitsStream or TableStream

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
        return DigitsStream(seed=seed, limit=limit, holdout=holdout, **options)
    return TableStream(source, seed=seed, limit=limit, holdout=holdout or "random", **options)
