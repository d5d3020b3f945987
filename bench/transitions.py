"""How many transitions a Standard state machine is billed for: one for each state it enters."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

FIRST_PAUSE_S: Final = 1
LONGEST_PAUSE_S: Final = 15
"""statemachines/job_poll.asl.yaml: it pauses 1, 2, 4, 8, then 15 s between two polls."""


def route(definition: Mapping[str, Any], *, laps: int = 1) -> Iterator[str]:
    """Name the states that an execution enters. A choice leads back until the last lap."""
    name: str | None = definition["StartAt"]
    while name:
        yield name
        state = definition["States"][name]
        if state["Type"] == "Choice":
            laps -= 1
            name = state["Default"] if laps > 0 else state["Choices"][0]["Next"]
        else:
            name = state.get("Next")


def transitions(definition: Mapping[str, Any], *, laps: int = 1) -> int:
    return sum(1 for _ in route(definition, laps=laps))


def polls(answered_after_s: float) -> int:
    """How often a remote job is polled, the answer being found by the last poll."""
    pause, waited, count = FIRST_PAUSE_S, FIRST_PAUSE_S, 1
    while waited < answered_after_s:
        pause = min(LONGEST_PAUSE_S, pause * 2)
        waited += pause
        count += 1
    return count
