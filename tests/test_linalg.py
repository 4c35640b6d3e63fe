"""BLAS in one thread, whoever else is in such a block at the time."""

import subprocess
import sys
import threading

import pytest

from growgraph import _linalg


class Library:
    """What is told of a BLAS."""

    def __init__(self, threads):
        self.threads = threads

    def get_num_threads(self):
        return self.threads

    def set_num_threads(self, n):
        self.threads = n


def test_it_is_one_thread_until_the_last_block_is_left(monkeypatch):
    blas = [Library(4), Library(1)]
    monkeypatch.setattr(_linalg, "_libraries", lambda: blas)
    entered, left = threading.Event(), threading.Event()

    def other():
        with _linalg.one_thread():
            entered.set()
            left.wait(10)

    thread = threading.Thread(target=other)
    thread.start()
    entered.wait(10)
    with _linalg.one_thread():
        left.set()
        thread.join(10)
        assert [b.threads for b in blas] == [1, 1]
    assert [b.threads for b in blas] == [4, 1]
    with pytest.raises(ZeroDivisionError), _linalg.one_thread(), _linalg.one_thread():
        raise ZeroDivisionError
    assert [b.threads for b in blas] == [4, 1]


def test_scipys_library_is_among_them_however_early_it_is_asked():
    told = """
import sys
from growgraph import _linalg
before = [one.filepath for one in _linalg._libraries()]
import scipy.linalg
_linalg._libraries.cache_clear()
assert before == [one.filepath for one in _linalg._libraries()], before
"""
    subprocess.run([sys.executable, "-c", told], check=True)
