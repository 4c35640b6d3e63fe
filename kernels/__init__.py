"""Compiled functions over arrays: numbers only, no objects, no errors raised.

Installed as ``growgraph.kernels``. Every public function here is a *kernel*: registered by
:func:`growgraph.kernels._jit.kernel`, compiled lazily, cached on disk, reporting by status code.
"""

if __name__ != "growgraph.kernels":
    raise ImportError("this folder is growgraph.kernels: write `import growgraph.kernels`")
