"""Where the line of column names of a CSV file ends."""

import re

from growgraph.errors import DataError

LONGEST = 1 << 20  # header, in bytes
_BREAK = re.compile(rb"\r\n|\n|\r(?=.)", re.DOTALL)


def record_end(head, seen):
    """Where the first record that is not blank ends (after its line break), or -1.

    Also returns what to give as ``seen`` when ``head`` is longer: bytes looked at, whether a
    quote is open there, whether something stands before.
    """
    at, odd, filled = seen
    for found in _BREAK.finditer(head, at):
        line = head[at : found.end()]
        at = found.end()
        odd ^= line.count(b'"') % 2
        filled = filled or bool(line.strip())
        if filled and not odd:
            return at, (at, odd, filled)
    return -1, (at, odd, filled)


def refuse_endless(head, name):
    """Raise for a header with an open quote or without an end."""
    if head.count(b'"') % 2:
        raise DataError(
            f'{name}: a quote (") in the line of column names is never closed: mend that line'
        )
    if len(head) > LONGEST:
        raise DataError(
            f"{name}: its first line, which must hold the column names, is longer than "
            f"{LONGEST:,} bytes: add a line of names, or leave out columns"
        )
