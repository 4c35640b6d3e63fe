"""LAPACK in one thread: sums then do not depend on how many cores there are."""

import contextlib
import functools


@functools.cache
def _libraries():
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas").lib_controllers


@contextlib.contextmanager
def one_thread():
    """A context in which BLAS and LAPACK use one thread."""
    more = [(library, n) for library in _libraries() if (n := library.get_num_threads()) != 1]
    try:
        for library, _ in more:
            library.set_num_threads(1)
        yield
    finally:
        for library, n in more:
            library.set_num_threads(n)
