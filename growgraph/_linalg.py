"""LAPACK in one thread: sums then do not depend on how many cores there are."""

import contextlib
import functools
import threading

_lock = threading.Lock()
_inside: list[list] = []  # of each block that is entered the same: (library, threads it had)


@functools.cache
def _libraries():
    import scipy.linalg  # noqa: F401 (brings a BLAS of its own, which is found once it is loaded)
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas").lib_controllers


@contextlib.contextmanager
def one_thread():
    """A context in which BLAS and LAPACK use one thread; they all do until the last is left."""
    with _lock:
        more = _inside[-1] if _inside else [
            (library, n) for library in _libraries() if (n := library.get_num_threads()) != 1
        ]  # fmt: skip
        _inside.append(more)
        if len(_inside) == 1:
            for library, _ in more:
                library.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            if len(_inside) == 1:
                for library, n in more:
                    library.set_num_threads(n)
            _inside.pop()
