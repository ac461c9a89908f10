"""The tests of the report use what the tests of the guest and the benchmarks are made of."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / folder) for folder in ("boot", "bench", "rom")]
