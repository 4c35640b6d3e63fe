"""What :class:`growgraph.ResoNetClusterer` is made of."""
