"""Job refs in queues and executions: pointers, never payloads. A message may own a slot."""

import json
from typing import Any, Final

from jobs.core.job import JobRef
from jobs.core.slots import Slot

_NAMES: Final = {"tenant": "tenant", "kind": "dialect", "id": "jobId"}


def ref_fields(ref: JobRef) -> dict[str, str]:
    return {name: getattr(ref, field) for field, name in _NAMES.items()}


def ref_from(message: Any) -> JobRef:
    """Parse a ref. Raises `ValueError`."""
    try:
        return JobRef(**{field: str(message[name]) for field, name in _NAMES.items()})
    except (KeyError, TypeError) as error:
        raise ValueError("not a job's ref") from error


def to_text(ref: JobRef, slot: Slot | None = None) -> str:
    fields = ref_fields(ref)
    return json.dumps({**fields, "slot": [slot.number, slot.token]} if slot else fields)


def from_text(text: str) -> JobRef:
    """Parse a ref. Raises `ValueError`."""
    return ref_from(json.loads(text))


def receive_count(record: Any) -> int:
    """Return how often SQS has delivered the message of a Lambda record, this time included."""
    return int(record["attributes"]["ApproximateReceiveCount"])


def slot_from_text(text: str) -> Slot | None:
    """Return the slot of a valid message, if it has one."""
    slot = json.loads(text).get("slot")
    return Slot(*slot) if slot else None
