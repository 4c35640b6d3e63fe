"""Status codes that kernels return; they never raise. Graph turns them into errors."""

OK = 0
NEED_SPACE = -1  # H[WANT_*] says how much; nothing was changed
CYCLE = -2  # H[ERR_A], H[ERR_B]: the edge; path holds the cycle, H[ERR_N] its length
DEAD_ID = -3  # H[ERR_A]: an id that does not exist or was removed
DUPLICATE = -4  # H[ERR_A] -> H[ERR_B]: the edge is there already, or is named twice
BAD_TARGET = -5  # H[ERR_B]: an input cannot have in-edges
NO_EDGE = -6  # H[ERR_A] -> H[ERR_B]: no such edge
SELF_LOOP = -7  # H[ERR_A]: an undelayed edge from a node to itself
