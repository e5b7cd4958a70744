"""`make bench` measures the budgets of speed and cost."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2] / "functions")]
