"""The sections' shared local stack, started when the first section needs it."""

import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import Final, Self

from local.stack.launch import run_stack
from local.stack.local_stack import LocalStack

SHORT_TIMEOUTS: Final = {"DeviceSilenceSeconds": "10"}
"""For the deployed mission, which then ends soon; the measured functions keep the default."""


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
        return self._cleanup.enter_context(run_stack(with_docks=False, parameters=SHORT_TIMEOUTS))


def median(values: Sequence[float]) -> float:
    return statistics.median(values)
