"""Files are written whole or not at all, and read only if they are whole."""

import errno
import io as std_io
import json
import os
import stat
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import growgraph
from growgraph import Graph, _files, io
from growgraph.errors import FileFormatError
from growgraph.kernels import _handle as h


@pytest.fixture
def graph():
    net = Graph.layered([3, 4, 2])
    net.record()
    net.add_nodes(1, sources=net.nodes[:2])
    return net


@pytest.fixture
def path(tmp_path, graph):
    path = tmp_path / "net.npz"
    io.save(graph, path)
    return path


class Thing:
    """The least that io asks of a class."""

    def __init__(self, arrays, plain):
        self.arrays, self.plain = arrays, plain

    def to_state(self):
        return {"arrays": self.arrays, "plain": self.plain}

    @classmethod
    def from_state(cls, state):
        return cls(state["arrays"], state["plain"])


@pytest.fixture
def thing_known(monkeypatch):
    monkeypatch.setitem(io.CLASSES, "Thing", __name__)
    monkeypatch.setattr(io.importlib, "import_module", lambda name: type("M", (), {"Thing": Thing}))


# ---- round trip -----------------------------------------------------------------------------
def test_a_graph_comes_back_equal(graph, path):
    assert growgraph.load(path) == graph
    assert io.load(path).to_state()["plain"] == graph.to_state()["plain"]


def test_equal_things_give_equal_files(graph, path, tmp_path):
    io.save(io.load(path), tmp_path / "again.npz")
    io.save(graph.copy(), tmp_path / "copy.npz")
    assert path.read_bytes() == (tmp_path / "again.npz").read_bytes()
    assert path.read_bytes() == (tmp_path / "copy.npz").read_bytes()


def test_numpy_can_open_it(graph, path):
    with np.load(path, allow_pickle=False) as archive:
        assert archive.files[0] == "header.json"
        header = json.loads(archive["header.json"])
        assert (header["class"], header["format"]) == ("Graph", io.FORMAT)
        assert np.array_equal(archive["inputs"], graph.to_state()["arrays"]["inputs"])


def test_extra_values_are_kept(graph, path):
    assert io.load_extra(path) == {}
    io.save(graph, path, extra={"rows": 3, "x": [None, "é"]})
    assert io.load_extra(path) == {"rows": 3, "x": [None, "é"]}
    assert io.load(path) == graph


ARRAYS = hnp.arrays(
    st.sampled_from(["<f4", "<f8", "<i8", "|u1", "<U3", "|b1", ">i2"]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    elements=None,
)
NAMES = st.text(st.characters(codec="utf-8"), max_size=8)


@settings(max_examples=60)
@given(arrays=st.dictionaries(NAMES, ARRAYS, max_size=5), plain=st.dictionaries(NAMES, NAMES))
def test_any_state_comes_back(arrays, plain):
    file = std_io.BytesIO()
    header = {"format": io.FORMAT, "class": "Thing", "plain": plain, "extra": {}}
    header["sha256"] = io._digest(arrays)
    io._write_archive(file, json.dumps(header), arrays)
    with zipfile.ZipFile(file) as archive:
        again = io._read_arrays("x", archive)
    assert list(again) == list(arrays)
    for key, array in arrays.items():
        assert again[key].dtype == array.dtype
        assert again[key].shape == array.shape
        assert again[key].tobytes() == array.tobytes()


@pytest.mark.usefixtures("thing_known")
def test_layout_and_scalars(tmp_path):
    arrays = {"f": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "strided": np.arange(9)[::2]}
    arrays["group/../x\0y"] = np.array(2.5)
    thing = Thing(arrays, {"n": np.int64(3), "x": np.float32(0.5), "b": np.True_})
    io.save(thing, tmp_path / "t.npz")
    again = io.load(tmp_path / "t.npz")
    assert again.plain == {"n": 3, "x": 0.5, "b": True}
    for key, array in arrays.items():
        assert np.array_equal(again.arrays[key], array)
        assert again.arrays[key].flags.writeable


# ---- what cannot be saved -------------------------------------------------------------------
@pytest.mark.usefixtures("thing_known")
def test_objects_are_refused(tmp_path):
    with pytest.raises(TypeError, match="array 'o' of the state holds objects"):
        io.save(Thing({"o": np.array([{}])}, {}), tmp_path / "t.npz")
    with pytest.raises(TypeError, match="header cannot hold"):
        io.save(Thing({}, {"o": object()}), tmp_path / "t.npz")
    with pytest.raises(TypeError, match=r"thing must be one of Graph, .*ResoNet, .*got dict"):
        io.save({}, tmp_path / "t.npz")
    assert list(tmp_path.iterdir()) == []


# ---- damaged files --------------------------------------------------------------------------
def refused(path):
    with pytest.raises(FileFormatError) as caught:
        io.load(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_cut_off_anywhere(path):
    whole = path.read_bytes()
    for size in [*range(0, len(whole), max(1, len(whole) // 300)), len(whole) - 1]:
        path.write_bytes(whole[:size])
        refused(path)
    path.write_bytes(whole[: len(whole) // 2])
    assert "cut off" in refused(path)


def test_any_byte_altered(path):
    whole = path.read_bytes()
    step = max(1, len(whole) // 400)
    for at in [*range(0, len(whole), step), *range(len(whole) - 150, len(whole))]:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x11]) + whole[at + 1 :])
        refused(path)


def test_bytes_added(path):
    path.write_bytes(path.read_bytes() + b"\0")
    refused(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip", b"\x93NUMPY" + b"\0" * 500])
def test_foreign(tmp_path, content):
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    assert "no growgraph file" in refused(path)


def test_a_plain_npz_is_foreign(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.arange(3))
    assert "not written by growgraph.save" in refused(tmp_path / "x.npz")


def forged(path, header=None, members=(), compress=False):
    """A file with a right seal and whatever else a forger wants."""
    base = {"format": 1, "growgraph": "0.1.0", "class": "Graph", "plain": {}, "extra": {}}
    base |= {"sha256": io._digest({})} | (header if isinstance(header, dict) else {})
    kind = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with open(path, "wb+") as file:
        with zipfile.ZipFile(file, "w", kind) as archive:
            archive.writestr("header.json", header if isinstance(header, str) else json.dumps(base))
            for name, content in members:
                archive.writestr(name, content)
            archive.comment = io._SEAL + b"0" * io._DIGEST
        seal = io._sealed(file, file.seek(0, os.SEEK_END))
        file.seek(-io._DIGEST, os.SEEK_END)
        file.write(seal)


def npy(header, payload=b""):
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + payload


HUGE = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}")
NEGATIVE = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -1)}", b"\0" * 8)
PICKLED = npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", b"cos\nsystem\n.")
NOT_LITERAL = npy("__import__('os').abort()")


@pytest.mark.parametrize("content", [HUGE, NEGATIVE, PICKLED, NOT_LITERAL, b"", npy("(" * 5000)])
def test_hostile_arrays(tmp_path, content):
    path = tmp_path / "x.npz"
    forged(path, members=[("a.npy", content)])
    refused(path)


def test_hostile_headers(tmp_path):
    path = tmp_path / "x.npz"
    forged(path, {"format": 2, "growgraph": "9.0"})
    assert "file format 2, this growgraph" in refused(path)
    assert "upgrade growgraph" in refused(path)
    forged(path, {"format": "1"})
    refused(path)
    forged(path, {"class": "Popen"})
    assert "holds a 'Popen'" in refused(path)
    forged(path, {"plain": []})
    refused(path)
    forged(path, {"sha256": "0"})
    assert "altered" in refused(path)
    forged(path)  # a graph of nothing at all
    refused(path)
    forged(path, "[" * 100_000)
    refused(path)


def test_a_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "x.npz"
    forged(path, members=[("a.npy", b"\0" * 10_000_000)], compress=True)
    assert path.stat().st_size < 100_000
    assert "larger than the file" in refused(path)


def test_arrays_that_would_lead_compiled_code_astray(tmp_path, graph):
    state = graph.to_state()
    state["arrays"]["src"][:] = 10**6
    path = tmp_path / "x.npz"
    io.save(graph, path)
    graph.to_state = lambda: state
    io.save(graph, path)
    refused(path)


@pytest.mark.parametrize("counter", [h.POOL_USED, h.NEXT_ID, h.N_SLOTS, h.EV_USED])
@pytest.mark.parametrize("value", [10**12, -3])
def test_counters_that_ask_for_more_than_the_file_holds(tmp_path, graph, counter, value):
    state = graph.to_state()
    state["arrays"]["counters"][counter] = value
    graph.to_state = lambda: state
    io.save(graph, tmp_path / "x.npz")
    assert "as the counters say" in refused(tmp_path / "x.npz")


# ---- places that cannot be written or read --------------------------------------------------
def test_odd_places(tmp_path, graph):
    with pytest.raises(IsADirectoryError, match="is a folder"):
        io.save(graph, tmp_path)
    with pytest.raises(FileNotFoundError, match="does not exist: create it first"):
        io.save(graph, tmp_path / "no" / "x.npz")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        io.load(tmp_path / "no.npz")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        io.load(tmp_path)
    if os.path.exists("/dev/null"):
        with pytest.raises(OSError, match="not a regular file"):
            io.save(graph, "/dev/null")
        assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def fail(*args, **kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("where", ["os.fsync", "os.replace", "np.lib.format.write_array"])
def test_a_full_disk_leaves_the_old_file(monkeypatch, tmp_path, path, where):
    old = path.read_bytes()
    module, _, name = where.rpartition(".")
    owner = {"os": os, "np.lib.format": np.lib.format}[module]
    monkeypatch.setattr(owner, name, fail)
    with pytest.raises(OSError, match=r"could not be written .No space left") as caught:
        io.save(Graph(), path)
    assert str(path) in str(caught.value)
    assert caught.value.errno == errno.ENOSPC
    assert path.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_an_interrupt_leaves_the_old_file(monkeypatch, tmp_path, path):
    old = path.read_bytes()

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        io.save(Graph(), path)
    assert path.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_device_that_is_really_full(tmp_path, graph):
    with pytest.raises(OSError, match="not a regular file"):
        io.save(graph, "/dev/full")


def test_check_writable_changes_nothing(tmp_path, path):
    old = path.read_bytes()
    _files.check_writable(path)
    _files.check_writable(tmp_path / "new.npz")
    assert path.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.skipif(os.name == "nt", reason="needs links and umask")
def test_links_stay_and_the_umask_counts(tmp_path, graph):
    link, real = tmp_path / "link.npz", tmp_path / "real.npz"
    link.symlink_to(real)
    before = os.umask(0o027)
    try:
        io.save(graph, link)
    finally:
        os.umask(before)
    assert link.is_symlink()
    assert io.load(real) == graph
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
