"""Twin of kernels/margin.py: one point after another, all points anew."""


def separate(X, sign, cost, passes, w, alpha):
    for turn in range(passes):
        worst = 0.0
        for i, x in enumerate(X):
            w[:] = (alpha * sign) @ X
            slope = sign[i] * (w @ x) - 1 + alpha[i] / (2 * cost[i])
            worst = max(worst, abs(slope) if alpha[i] > 0 else -slope)
            alpha[i] = max(alpha[i] - slope / (x @ x + 1 / (2 * cost[i])), 0)
        w[:] = (alpha * sign) @ X
        if worst <= 1e-3:
            return turn + 1
    return passes
