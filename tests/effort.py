"""How many random inputs the tests try: few enough for every change, or many, as `make test-matrix` does.

`TEST_EFFORT=nightly` asks for many. What a test asserts is the same; the few are the first of the many.
"""

import os
from typing import Final

NAME: Final = "TEST_EFFORT"
NIGHTLY: Final = os.environ.get(NAME) == "nightly"


def tries(usual: int, nightly: int) -> int:
    """How many inputs to try now."""
    return nightly if NIGHTLY else usual
