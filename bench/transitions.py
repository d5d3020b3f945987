"""Count the billed transitions of a Standard state machine: one for each entered state."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from local.kit.paths import ROOT

POLL_INTERVAL_S: Final = 0.2
EXECUTION_TIMEOUT_S: Final = 180


def load_definition(name: str) -> Mapping[str, Any]:
    file = ROOT / "statemachines" / f"{name}.asl.yaml"
    loaded: Mapping[str, Any] = yaml.safe_load(file.read_text())
    return loaded


def wait_for_history(stepfunctions: Any, machine_arn: str, name: str) -> Sequence[str]:
    """Wait for the end of an execution; return the states that it has entered.

    Raises:
        RuntimeError: The execution has not ended in time.

    """
    execution = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
    deadline = time.monotonic() + EXECUTION_TIMEOUT_S
    while not _has_ended(stepfunctions, execution):
        if time.monotonic() > deadline:
            raise RuntimeError(f"execution {name} has not ended within {EXECUTION_TIMEOUT_S} s")
        time.sleep(POLL_INTERVAL_S)
    events = stepfunctions.get_execution_history(executionArn=execution, maxResults=1000)["events"]
    return [
        each["stateEnteredEventDetails"]["name"]
        for each in events
        if each["type"].endswith("StateEntered")
    ]


def _has_ended(stepfunctions: Any, execution: str) -> bool:
    """Return False for an execution that has not started yet."""
    try:
        found = stepfunctions.describe_execution(executionArn=execution)
    except stepfunctions.exceptions.ExecutionDoesNotExist:
        return False
    return bool(found["status"] != "RUNNING")


def walk_states(definition: Mapping[str, Any]) -> Iterator[str]:
    """Yield the states that an execution enters. None has a choice."""
    name: str | None = definition["StartAt"]
    while name:
        yield name
        name = definition["States"][name].get("Next")


def count_transitions(definition: Mapping[str, Any]) -> int:
    return sum(1 for _ in walk_states(definition))
