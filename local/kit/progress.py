"""What takes its time says what it is, and how long it took."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def step(what: str) -> Iterator[None]:
    sys.stdout.write(f"{what}… ")
    sys.stdout.flush()
    start, outcome = time.monotonic(), "failed after "
    try:
        yield
        outcome = ""
    finally:
        print(f"{outcome}{time.monotonic() - start:.1f} s", flush=True)
