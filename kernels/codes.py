"""The published tables of node kinds, activations, roles, edge flags and log operations.

A code is what the arrays hold, a name is what people write. Codes never change their meaning:
files hold them.
"""

# kind: how a node gathers its sources. x = source activities, w = edge weights.
INPUT = 0  # the value given from outside
SUM = 1  # sum of w*x
MEAN = 2  # mean of w*x
MEDIAN = 3  # median of w*x
MAX = 4  # largest w*x
MIN = 5  # smallest w*x
PRODUCT = 6  # product of w*x
MAXABS = 7  # the w*x of largest magnitude
GATE = 8  # first w*x times f(b + sum of the other w*x)
QUESTION = 9  # first w*x times the sign of b + sum of the other w*x
MATCH = 10  # -|x - w|^2 / (2 p0^2): Gaussian resonance under activation "exp"
COSINE = 11  # p0 * (w.x / sqrt(|x|^2 + p1) - 1): cosine resonance under "exp"

KINDS = {
    "input": INPUT,
    "sum": SUM,
    "mean": MEAN,
    "median": MEDIAN,
    "max": MAX,
    "min": MIN,
    "product": PRODUCT,
    "maxabs": MAXABS,
    "gate": GATE,
    "question": QUESTION,
    "match": MATCH,
    "cosine": COSINE,
}

IDENTITY = 0
RELU = 1
LEAKY = 2
ELU = 3
GELU = 4
SOFTPLUS = 5
TANH = 6
SIGMOID = 7
SIN = 8
GAUSS = 9
ABS = 10
SQUARE = 11
CUBE = 12
STEP = 13
HAT = 14
EXP = 15
LOG = 16
INV = 17
CLIP = 18
SIGN = 19

ACTIVATIONS = {
    "identity": IDENTITY,
    "relu": RELU,
    "leaky": LEAKY,
    "elu": ELU,
    "gelu": GELU,
    "softplus": SOFTPLUS,
    "tanh": TANH,
    "sigmoid": SIGMOID,
    "sin": SIN,
    "gauss": GAUSS,
    "abs": ABS,
    "square": SQUARE,
    "cube": CUBE,
    "step": STEP,
    "hat": HAT,
    "exp": EXP,
    "log": LOG,
    "inv": INV,
    "clip": CLIP,
    "sign": SIGN,
}

ROLE_INPUT = 0
ROLE_HIDDEN = 1
ROLE_OUTPUT = 2
ROLES = {"input": ROLE_INPUT, "hidden": ROLE_HIDDEN, "output": ROLE_OUTPUT}

# node flags
SHARED = 1  # the source list is shared with a bundle: copy before changing it

# flags of an edge in the second store
DELAYED = 0  # reads the previous step's activity
RECURRENT = 1  # the same in forward; read in place by settling

# operations in the growth log
OP_NODE = 0
OP_EDGE = 1
OP_SPLIT = 2
OP_REMOVE_EDGE = 3
OP_REMOVE_NODE = 4
OP_PRUNE = 5
OP_REWIRE = 6
OPERATIONS = ("node", "edge", "split", "remove edge", "remove node", "prune", "rewire")
