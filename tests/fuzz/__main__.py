"""The long form: `python -m tests.fuzz --count 20000`. It ends with 1 if anything was found."""

import argparse
import os
import random
import sys
from pathlib import Path

import pytest


def main() -> None:
    """Try many operations and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="how many requests to send")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="of the random choices")
    options = parser.parse_args()
    os.environ |= {"FUZZ_COUNT": str(options.count), "FUZZ_SEED": str(options.seed)}
    sys.stdout.write(f"seed {options.seed}\n")
    sys.stdout.flush()
    test = Path(__file__).parent / "test_fuzz.py"
    sys.exit(pytest.main([str(test), "-s", "-q", "-p", "no:cacheprovider", "--timeout", "0"]))


if __name__ == "__main__":
    main()
