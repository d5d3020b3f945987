"""What the sections share: one local stack, started when the first of them asks for it."""

import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import Final, Self

from local.stack.launch import run_stack
from local.stack.local_stack import LocalStack

SOON: Final = {"DeviceSilenceSeconds": "10"}
"""So that a deployed mission is soon seen to be over; the functions measured keep the default."""


class Setting:
    def __init__(self, *, quick: bool) -> None:
        self.quick = quick
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    @cached_property
    def stack(self) -> LocalStack:
        return self._cleanup.enter_context(run_stack(with_docks=False, parameters=SOON))


def median(values: Sequence[float]) -> float:
    return statistics.median(values)
