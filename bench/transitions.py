"""How many transitions a Standard state machine is billed for: one for each state it enters."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from local.kit.paths import ROOT

FIRST_PAUSE_S: Final = 1
LONGEST_PAUSE_S: Final = 15
"""statemachines/job_poll.asl.yaml: it pauses 1, 2, 4, 8, then 15 s between two polls."""

PATIENCE_S: Final = 180


def definition(name: str) -> Mapping[str, Any]:
    file = ROOT / "statemachines" / f"{name}.asl.yaml"
    loaded: Mapping[str, Any] = yaml.safe_load(file.read_text())
    return loaded


def history(stepfunctions: Any, machine_arn: str, name: str) -> Sequence[str]:
    """Wait for the end of an execution, and return the states that it has entered."""
    execution = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
    until = time.monotonic() + PATIENCE_S
    while not _ended(stepfunctions, execution):
        if time.monotonic() > until:
            raise RuntimeError(f"the execution {name} does not end")
        time.sleep(0.2)
    events = stepfunctions.get_execution_history(executionArn=execution, maxResults=1000)["events"]
    return [
        each["stateEnteredEventDetails"]["name"]
        for each in events
        if each["type"].endswith("StateEntered")
    ]


def _ended(stepfunctions: Any, execution: str) -> bool:
    """One that does not exist is still to be started."""
    try:
        found = stepfunctions.describe_execution(executionArn=execution)
    except stepfunctions.exceptions.ExecutionDoesNotExist:
        return False
    return bool(found["status"] != "RUNNING")


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
