"""Print replies while agents say them."""

import sys
from collections.abc import Iterator
from itertools import chain

from sortie_client.cli.output import print_note, print_result, spinner
from sortie_client.messaging.models import Restart


def print_parts(parts: Iterator[str]) -> None:
    """Print a reply as it arrives on a terminal, and elsewhere as a whole: parts may become void.

    Raises `JobFailedError`.
    """
    with spinner("Waiting for the agent"):
        first = next(parts, "")
    if sys.stdout.isatty():
        _print_live(chain([first], parts))
        return
    reply: list[str] = []
    for part in chain([first], parts):
        if isinstance(part, Restart):
            reply.clear()
        reply.append(part)
    print_result("".join(reply))


def _print_live(parts: Iterator[str]) -> None:
    try:
        for part in parts:
            if isinstance(part, Restart):
                print_result("")
                print_note("The agent is asked again: what it said so far is void")
            print_result(part, end="")
    finally:
        print_result("")
