"""What :class:`growgraph.GrowNet` and its regressor are made of."""
