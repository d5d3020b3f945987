"""AWS IoT Jobs, as a device speaks it over MQTT: topics and payloads, no decisions."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

type Publish = Callable[[str, Mapping[str, Any]], None]
type Verdict = Literal["SUCCEEDED", "FAILED", "REJECTED"]


@dataclass(frozen=True)
class Execution:
    """An order on its way through the device."""

    job_id: str
    status: str
    version: int
    document: Any


@dataclass(frozen=True)
class Next:
    """The order that is in hand, else the first that waits, else none."""

    execution: Execution | None


@dataclass(frozen=True)
class Started:
    execution: Execution | None


@dataclass(frozen=True)
class NotStarted:
    pass


@dataclass(frozen=True)
class Updated:
    job_id: str


@dataclass(frozen=True)
class Refused:
    """The order is not what the device took it for: withdrawn, or over."""

    job_id: str
    code: str


type Event = Next | Started | NotStarted | Updated | Refused


class Jobs:
    def __init__(self, device_id: str, publish: Publish) -> None:
        self._root = f"$aws/things/{device_id}/jobs"
        self._publish = publish

    @property
    def topics(self) -> list[str]:
        answers = ("start-next", "+/update")
        return [
            f"{self._root}/notify-next",
            f"{self._root}/+/get/accepted",
            *(f"{self._root}/{each}/{how}" for each in answers for how in ("accepted", "rejected")),
        ]

    def ask_for_next(self) -> None:
        self._publish(f"{self._root}/$next/get", {})

    def start_next(self) -> None:
        self._publish(f"{self._root}/start-next", {})

    def end(self, execution: Execution, verdict: Verdict, reason: str | None) -> None:
        self._publish(
            f"{self._root}/{execution.job_id}/update",
            {
                "status": verdict,
                "expectedVersion": str(execution.version),
                "includeJobExecutionState": True,
                "statusDetails": {"reason": reason} if reason else {},
            },
        )

    def read(self, topic: str, payload: bytes) -> Event | None:
        """What a message means; None if it means nothing here."""
        said = json.loads(payload)
        match topic.removeprefix(f"{self._root}/").split("/"):
            case ["notify-next"] | ["$next", "get", "accepted"]:
                return Next(execution(said))
            case ["start-next", "accepted"]:
                return Started(execution(said))
            case ["start-next", "rejected"]:
                return NotStarted()
            case [job_id, "update", "accepted"]:
                return Updated(job_id)
            case [job_id, "update", "rejected"]:
                return Refused(job_id, said["code"])
        return None


def execution(said: Mapping[str, Any]) -> Execution | None:
    found = said.get("execution")
    if not found:
        return None
    return Execution(
        found["jobId"], found["status"], int(found["versionNumber"]), found.get("jobDocument")
    )
