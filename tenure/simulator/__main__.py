"""``python -m tenure.simulator``."""

import sys

from tenure.simulator.program import main

sys.exit(main())
