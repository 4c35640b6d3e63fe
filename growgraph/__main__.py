"""``python -m growgraph``."""

import sys

from growgraph.cli import main

sys.exit(main())
