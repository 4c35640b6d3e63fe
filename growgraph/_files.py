"""Files written whole or not at all."""

import contextlib
import os
import secrets
from pathlib import Path


@contextlib.contextmanager
def replacing(path):
    """A binary file that takes the place of ``path`` only if all went well.

    Parameters
    ----------
    path : str or path
        The file to write; its folder must exist.

    Yields
    ------
    file object
        Open for reading and writing; a temporary file in the same folder. At the end it is
        flushed to the disk and renamed; after an error it is removed and ``path`` is as it was.

    Raises
    ------
    OSError
        With one line that names the path and the fix.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "x.txt"
    >>> with replacing(path) as file:
    ...     _ = file.write(b"all of it")
    >>> path.read_text()
    'all of it'
    """
    path = Path(path)
    _refuse_odd_place(path)
    temporary = _temporary(path)
    try:
        try:
            with open(temporary, "xb+") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, os.path.realpath(path))
            _sync_folder(temporary.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise _write_error(path, error) from error


def check_writable(path):
    """Raise as :func:`replacing` would, before any work is done; changes nothing."""
    path = Path(path)
    _refuse_odd_place(path)
    temporary = _temporary(path)
    try:
        with open(temporary, "xb"):
            pass
        temporary.unlink()
    except OSError as error:
        raise _write_error(path, error) from error


def _temporary(path):
    target = Path(os.path.realpath(path))  # a link stays one
    return target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.tmp")


def _refuse_odd_place(path):
    if path.is_dir():
        raise IsADirectoryError(f"path {path} is a folder: add a file name to it")
    if path.exists() and not path.is_file():
        raise OSError(f"path {path} is not a regular file: choose another path")
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"path {path} lies in the folder {path.parent}, which does not exist: create it first"
        )


def _sync_folder(folder):
    with contextlib.suppress(OSError):  # the new file is in place; Windows opens no folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write_error(path, error):
    """The same kind of error, in one line with path, reason and fix."""
    if error.strerror is None:  # it is one line already
        return error
    clear = type(error)(
        f"path {path} could not be written ({error.strerror}): free some room or choose another "
        "path; what was there before is untouched"
    )
    clear.errno = error.errno
    return clear
