"""Show a slow step and its duration on the terminal."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def step(description: str) -> Iterator[None]:
    """Print the description at the start of the block, and its duration at the end."""
    sys.stdout.write(f"{description}… ")
    sys.stdout.flush()
    start, outcome = time.monotonic(), "failed after "
    try:
        yield
        outcome = ""
    finally:
        print(f"{outcome}{time.monotonic() - start:.1f} s", flush=True)
