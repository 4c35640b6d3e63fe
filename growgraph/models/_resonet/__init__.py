"""What :class:`growgraph.ResoNet` is made of."""
