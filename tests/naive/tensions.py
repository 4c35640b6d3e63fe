"""Tensions of one sample after another, in plain loops: the oracle of ``tensions``."""

import math


def gap(values, c):
    others = [v for i, v in enumerate(values) if i != c]
    return values[c] - max(others) if others else 0.0


def root(x):
    return math.copysign(math.sqrt(abs(x)), x)


def best(values):
    return max(range(len(values)), key=lambda i: (values[i], -i))


def square(a, b):
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))


def expectation(memory, away, c):
    kin = sorted((i for i in range(len(memory.labels)) if memory.labels[i] == c),
                 key=lambda i: away[i])[:5]  # fmt: skip
    if not kin:
        return [float(v) for v in memory.mean]
    return [sum(float(memory.seen[i][p]) for i in kin) / len(kin)
            for p in range(len(memory.mean))]  # fmt: skip


def roughness(x, shape):
    rows, columns = shape
    at = [[x[r * columns + c] for c in range(columns)] for r in range(rows)]
    steps = sum((at[r + 1][c] - at[r][c]) ** 2 for r in range(rows - 1) for c in range(columns))
    steps += sum((at[r][c + 1] - at[r][c]) ** 2 for r in range(rows) for c in range(columns - 1))
    return math.log((steps + 1e-9) / (sum(v * v for v in x) + 1e-9))


def tensions(scores, reading, windows, sure, parts, seen, memory, given=None):
    """The 22 tensions of one sample, lists in, a list out."""
    total = [sum(w) for w in windows]
    answer = best(scores)
    given = answer if given is None else given
    places = range(len(windows[0]))
    away = [square(parts, row) for row in memory.parts]
    near = sorted(range(len(away)), key=lambda i: away[i])[:10]
    mean = sum(away[i] for i in near) / len(near)
    votes = [0.0] * len(scores)
    for i in near:
        votes[memory.labels[i]] += 1 / (away[i] + mean + 1e-9)
    votes = [v / sum(votes) for v in votes]
    close = [away[i] for i in near[:5]]
    own = windows[answer]
    middle = sum(own) / len(own)
    spread = math.sqrt(sum((v - middle) ** 2 for v in own) / len(own))
    top = [max(w[p] for w in windows) for p in places]
    says = [best([w[p] for w in windows]) for p in places]
    clear = [1.0 if i == best(reading) else 0.0 for i in range(len(reading))]
    p = min(max(sure, 1e-4), 1 - 1e-4)
    order = sorted(range(len(total)), key=lambda i: -total[i])
    rival = order[0] if order[0] != answer else order[min(1, len(order) - 1)]
    first, second = (expectation(memory, away, c) for c in (answer, rival))
    left = [x - e for x, e in zip(seen, first, strict=True)]
    step = [a - b for a, b in zip(first, second, strict=True)]
    share = -sum(a * b for a, b in zip(left, step, strict=True)) / (sum(s * s for s in step) + 1e-9)
    share = min(max(share, 0.0), 1.0)
    both = [a + share * b for a, b in zip(left, step, strict=True)]
    energy = sorted((v * v for v in both), reverse=True)
    peaks = sum(energy[: max(len(energy) // 20, 1)])
    z = [x - m for x, m in zip(seen, memory.mean, strict=True)]
    along = [sum(z[i] * memory.axes[i][k] for i in range(len(z)))
             for k in range(len(memory.axes[0]))]  # fmt: skip
    off = sum(v * v for v in z) - sum(v * v for v in along)
    ranked = sorted(top)
    half = (ranked[(len(top) - 1) // 2] + ranked[len(top) // 2]) / 2
    return [
        -math.log(p / (1 - p)), -gap(scores, answer), -gap(reading, answer),
        -root(gap(total, answer)), math.sqrt(square(clear, reading)), -root(max(total)),
        -votes[answer], 0.5 * math.log(sum(close) / len(close) + 1e-9),
        sum(s != answer for s in says) / len(says), math.log1p(spread),
        0.5 * math.log(square(seen, first) + 1e-9),
        1 - sum(energy) / (min(square(seen, first), square(seen, second)) + 1e-9),
        min(share, 1 - share), math.log((peaks + 1e-9) / (sum(energy) + 1e-9)),
        roughness(both, memory.shape) if memory.shape else 0.0,
        roughness(seen, memory.shape) if memory.shape else 0.0,
        scores[answer] - scores[given], -gap(reading, given), -root(gap(total, given)),
        -votes[given], 0.5 * math.log(max(off, 0.0) + 1e-9), -root(min(top) - half),
    ]  # fmt: skip
