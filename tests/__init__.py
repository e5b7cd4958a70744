"""The tests, and the commands that are made like them. All import the functions' code."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "functions")]
