"""Files: a graph or a model as one npz archive without pickle, written whole or not at all.

The archive is stored uncompressed. Its first member, ``header.json``, holds the format version,
growgraph's version, the class, the plain part of the state and the sha256 of the arrays; then
comes one ``.npy`` member for each array. The archive's comment seals it: the sha256 of every byte
before. Dates and attributes are constant, so equal models give equal files.
"""

import contextlib
import hashlib
import importlib
import json
import math
import os
import zipfile
from io import BytesIO
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np

from growgraph import __version__
from growgraph._files import replacing
from growgraph.errors import FileFormatError

FORMAT = 1
HEADER = "header.json"

# Classes a file may name, and the module each lives in. Nothing else is ever imported.
CLASSES = {
    "Graph": "growgraph.graph",
    "GrowNet": "growgraph.models.grownet",
    "GrowNetRegressor": "growgraph.models.grownet",
    "ResoNet": "growgraph.models.resonet",
    "ResoNetClusterer": "growgraph.models.clusterer",
    "SelfCriticNet": "growgraph.models.selfcritic",
    "SimNet": "growgraph.models.simnet",
}

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date a zip archive can hold
_SEAL = b"growgraph sha256 "
_DIGEST = 64
_COMMENT = len(_SEAL) + _DIGEST


# ---- save -----------------------------------------------------------------------------------
def save(thing, path, *, extra=None):
    """Save a graph or a model.

    Parameters
    ----------
    thing : Graph or model
        Anything with ``to_state`` that :func:`load` knows.
    path : str or path
        The file to write, by custom ``*.npz``. It is replaced in one step: whatever happens, the
        file holds the old content or the new one, never a part.
    extra : dict, optional
        Further JSON values to keep in the file, see :func:`load_extra`.

    Raises
    ------
    OSError
        If the file cannot be written; what was there before is untouched.
    TypeError
        If ``thing`` is of a class that has no file form.

    Examples
    --------
    >>> import os, tempfile
    >>> from growgraph import Graph
    >>> path = os.path.join(tempfile.mkdtemp(), "graph.npz")
    >>> graph = Graph.layered([2, 3, 1])
    >>> save(graph, path)
    >>> load(path) == graph
    True
    """
    name, known = type(thing).__name__, ", ".join(CLASSES)
    if name not in CLASSES or not hasattr(thing, "to_state"):
        raise TypeError(f"thing must be one of {known} to be saved, got {name}")
    state = thing.to_state()
    for held in state["plain"].get("holds", ()):
        if held not in CLASSES:
            raise TypeError(f"thing holds a {held}, which has no file form: known are {known}")
    arrays = {key: _plain_array(key, value) for key, value in state["arrays"].items()}
    header = {
        "format": FORMAT,
        "growgraph": __version__,
        "class": name,
        "sha256": _digest(arrays),
        "plain": state["plain"],
        "extra": extra or {},
    }
    with replacing(path) as file:
        _write_archive(file, json.dumps(header, default=_as_json, indent=1), arrays)


def _plain_array(key, value):
    array = np.asarray(value, order="C")
    if array.dtype.hasobject:
        raise TypeError(f"array {key!r} of the state holds objects: a file keeps numbers and text")
    return array


def _as_json(value):
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"a file's header cannot hold {value!r}")


def _digest(arrays):
    """sha256 over names, types, shapes and bytes."""
    digest = hashlib.sha256()
    for key, array in arrays.items():
        described = [key, np.lib.format.dtype_to_descr(array.dtype), array.shape]
        digest.update(json.dumps(described).encode())
        digest.update(array.reshape(-1).view(np.uint8))
    return digest.hexdigest()


def _write_archive(file, header, arrays):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_member(HEADER), header)
        for key, array in arrays.items():
            with archive.open(_member(quote(key) + ".npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
        archive.comment = _SEAL + b"0" * _DIGEST
    file.seek(0)
    seal = _sealed(file, file.seek(0, os.SEEK_END))
    file.seek(-_DIGEST, os.SEEK_END)
    file.write(seal)


def _member(name):
    info = zipfile.ZipInfo(name, _EPOCH)
    info.create_system = 3  # the same on every system
    info.external_attr = 0o644 << 16
    return info


def _sealed(file, size):
    """sha256 of all bytes before the digest itself, as written at the end of the file."""
    file.seek(0)
    digest, left = hashlib.sha256(), size - _DIGEST
    while left > 0:
        block = file.read(min(left, 1 << 20))
        if not block:
            break
        digest.update(block)
        left -= len(block)
    return digest.hexdigest().encode()


# ---- load -----------------------------------------------------------------------------------
def load(path):
    """Load what :func:`save` wrote.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Graph or model
        Equal to what was saved; a model goes on learning as if it had never stopped.

    Raises
    ------
    FileFormatError
        If the file is no growgraph file, was cut off or altered, or comes from a newer growgraph,
        or an older one that kept less.
    OSError
        If the file cannot be read.

    Examples
    --------
    See :func:`save`.
    """
    with _opened(path) as (archive, header):
        arrays = _read_arrays(path, archive)
        if _digest(arrays) != header["sha256"]:
            raise FileFormatError(f"{path} was altered: its arrays do not match their sha256")
        for held in header["plain"].get("holds", ()):
            importlib.import_module(CLASSES[held])
        module = importlib.import_module(CLASSES[header["class"]])
        kind, state = getattr(module, header["class"]), {"arrays": arrays, "plain": header["plain"]}
        try:
            thing = kind.from_state(state)
        except KeyError as error:  # not a byte was changed: it was written so
            raise FileFormatError(
                f"{path} was saved by an older growgraph ({header['growgraph']}): a "
                f"{header['class']} of this one, {__version__}, needs {error.args[0]!r}, too; "
                "let it learn anew, or load the file with the version that wrote it"
            ) from error
        if hasattr(thing, "check"):  # a graph; a model has checked itself in from_state
            thing.check()  # compiled code trusts these arrays
        return thing


def load_extra(path):
    """The ``extra`` values given to :func:`save`, without building what the file holds.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    dict

    Raises
    ------
    FileFormatError, OSError
        As :func:`load`.

    Examples
    --------
    >>> import os, tempfile
    >>> from growgraph import Graph
    >>> path = os.path.join(tempfile.mkdtemp(), "graph.npz")
    >>> save(Graph(), path, extra={"rows": 7})
    >>> load_extra(path)
    {'rows': 7}
    """
    return load_header(path)["extra"]


def load_header(path):
    """The header of a file: ``format, growgraph, class, sha256, plain, extra``."""
    with _opened(path) as (_, header):
        return header


@contextlib.contextmanager
def _opened(path):
    """Archive and header, after the seal was checked; damage becomes FileFormatError."""
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"path {path} is a folder: name the file in it")
    try:
        file = open(path, "rb")  # noqa: SIM115 (closed below)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"path {path} does not exist") from error
    except OSError as error:
        raise type(error)(f"path {path} could not be read ({error.strerror})") from error
    with file:
        try:
            _check_seal(path, file)
            with zipfile.ZipFile(file) as archive:
                yield archive, _read_header(path, file, archive)
        except FileFormatError:
            raise
        except OSError as error:
            raise type(error)(f"path {path} could not be read ({error.strerror})") from error
        except Exception as error:  # whatever damaged bytes make of zipfile, numpy, from_state
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise FileFormatError(f"{path} is damaged or no growgraph file ({reason})") from error


def _check_seal(path, file):
    size = os.fstat(file.fileno()).st_size
    start = file.read(4)
    if start != b"PK\x03\x04":
        raise FileFormatError(f"{path} is no growgraph file: it was not written by growgraph.save")
    file.seek(max(0, size - _COMMENT))
    comment = file.read()
    if not comment.startswith(_SEAL):
        file.seek(0)
        if HEADER.encode() in file.read(64):
            raise FileFormatError(f"{path} was cut off or altered: its end is missing")
        raise FileFormatError(f"{path} is no growgraph file: it was not written by growgraph.save")
    if comment[len(_SEAL) :] != _sealed(file, size):
        raise FileFormatError(f"{path} was altered: its bytes do not match its sha256")


def _read_header(path, file, archive):
    members = archive.infolist()
    if sum(info.file_size for info in members) > os.fstat(file.fileno()).st_size:
        raise ValueError("its members are larger than the file")
    header = json.loads(_content(archive, members[0], HEADER))
    version = header["format"]
    if not isinstance(version, int) or version > FORMAT:
        raise FileFormatError(
            f"{path} has file format {version!r}, this growgraph {__version__} reads up to "
            f"{FORMAT}: upgrade growgraph (the file was written by {header.get('growgraph')!r})"
        )
    if header["class"] not in CLASSES:
        raise FileFormatError(
            f"{path} holds a {header['class']!r}, which growgraph {__version__} does not know"
        )
    if not all(isinstance(header[key], dict) for key in ("plain", "extra")):
        raise FileFormatError(f"{path} is damaged: its header is incomplete")
    return header


def _read_arrays(path, archive):
    arrays = {}
    for info in archive.infolist()[1:]:
        key = unquote(info.filename.removesuffix(".npy"))
        if key in arrays:
            raise FileFormatError(f"{path} is damaged: array {key!r} is there twice")
        arrays[key] = _parse_array(_content(archive, info))
    return arrays


def _content(archive, info, name=None):
    """The bytes of a member, which are never more than the file has."""
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        raise ValueError("a member is compressed")
    if name is not None and info.filename != name:
        raise ValueError(f"the first member is not {name}")
    return archive.read(info)


def _parse_array(content):
    """An array from the bytes of an .npy file; never unpickles, never allocates more than them."""
    stream = BytesIO(content)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[np.lib.format.read_magic(stream)]
    shape, fortran, dtype = read(stream)
    if dtype.hasobject or fortran:
        raise ValueError("an array holds Python objects")
    size = math.prod(shape)
    if min(shape, default=1) < 0 or size * dtype.itemsize != len(content) - stream.tell():
        raise ValueError("an array's shape does not fit its bytes")
    if size * dtype.itemsize == 0:
        return np.zeros(shape, dtype)
    return np.frombuffer(content, dtype, size, stream.tell()).reshape(shape).copy()
