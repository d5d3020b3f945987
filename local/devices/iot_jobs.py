"""The device's side of AWS IoT Jobs over MQTT: topics and payloads, no decisions."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

type Publish = Callable[[str, Mapping[str, Any]], None]
type Verdict = Literal["SUCCEEDED", "FAILED", "REJECTED"]


@dataclass(frozen=True)
class Execution:
    """An IoT job execution: an order at this device."""

    job_id: str
    status: str
    version: int
    document: Any


@dataclass(frozen=True)
class Next:
    """The order in progress, else the first queued order, else none."""

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
    """The update does not fit the order's state: it is cancelled, or over."""

    job_id: str
    code: str


type Event = Next | Started | NotStarted | Updated | Refused


class Jobs:
    def __init__(self, thing: str, publish: Publish) -> None:
        self._root = f"$aws/things/{thing}/jobs"
        self._publish = publish

    @property
    def topics(self) -> list[str]:
        return [
            f"{self._root}/notify-next",
            f"{self._root}/+/get/accepted",
            *(
                f"{self._root}/{operation}/{result}"
                for operation in ("start-next", "+/update")
                for result in ("accepted", "rejected")
            ),
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
        """Parse a message; None if it has no meaning here."""
        message = json.loads(payload)
        match topic.removeprefix(f"{self._root}/").split("/"):
            case ["notify-next"] | ["$next", "get", "accepted"]:
                return Next(parse_execution(message))
            case ["start-next", "accepted"]:
                return Started(parse_execution(message))
            case ["start-next", "rejected"]:
                return NotStarted()
            case [job_id, "update", "accepted"]:
                return Updated(job_id)
            case [job_id, "update", "rejected"]:
                return Refused(job_id, message["code"])
        return None


def parse_execution(message: Mapping[str, Any]) -> Execution | None:
    found = message.get("execution")
    if not found:
        return None
    return Execution(
        found["jobId"], found["status"], int(found["versionNumber"]), found.get("jobDocument")
    )
