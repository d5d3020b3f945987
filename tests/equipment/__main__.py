"""Run the tests of the local stack's parts, and record that they have passed.

usage: python -m tests.equipment [PART ...]   (by default every part)
"""

import os
import subprocess
import sys

from tests.equipment.digests import ROOT, SOURCES, TESTS, compute_digest, write_record

ARGUMENTS = ("--numprocesses", "2", "--dist", "loadfile", "--no-loadscope-reorder")


def main(parts: list[str]) -> int:
    if unknown := set(parts) - SOURCES.keys():
        sys.exit(f"unknown parts: {', '.join(sorted(unknown))}; use {', '.join(SOURCES)}")
    digests = {part: compute_digest(part) for part in parts or SOURCES}
    completed = subprocess.run(
        [sys.executable, "-m", "pytest", *ARGUMENTS, *(TESTS / part for part in digests)],
        cwd=ROOT,
        env=os.environ | {"CI": "true"},  # a missing tool fails: a skipped test proves nothing
        check=False,
    )
    if completed.returncode == 0:
        write_record(digests)
    return completed.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
