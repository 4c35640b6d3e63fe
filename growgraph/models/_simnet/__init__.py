"""The parts of SimNet: an inner world, what it expects of it, how it lives, what it tells."""
