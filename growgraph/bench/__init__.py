"""The benchmark behind ``growgraph bench``: every figure a ratio, measured in turns."""
