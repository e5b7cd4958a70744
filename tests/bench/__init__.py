"""`make bench` measures cold starts."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2] / "functions")]
