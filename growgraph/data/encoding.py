"""Text that is not UTF-8."""

import codecs

from growgraph.errors import DataError


def check_encoding(encoding):
    """The encoding, or None for UTF-8; raises DataError for one that Python does not know."""
    if encoding is None:
        return None
    try:
        b"".decode(encoding)
        name = codecs.lookup(encoding).name
    except LookupError as error:
        raise DataError(
            f"encoding {encoding!r} is unknown: use one such as latin1, cp1252 or utf-16"
        ) from error
    return None if name == "utf-8" else name


def recoded(file, encoding, name):
    """The file as UTF-8."""
    return file if encoding is None else _Recoded(file, encoding, name)


class _Recoded:
    def __init__(self, file, encoding, name):
        self._file = codecs.EncodedFile(file, "utf-8", encoding)
        self._encoding, self._name = encoding, name

    def read(self, size):
        try:
            return self._file.read(size)
        except UnicodeError as error:
            raise DataError(
                f"{self._name} is not {self._encoding} text: name its encoding with --encoding"
            ) from error
