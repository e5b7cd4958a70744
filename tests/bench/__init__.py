"""What a cold start costs, measured: `make bench`."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2] / "functions")]
