"""Job refs in queues and executions: pointers, never payloads."""

import json
from typing import Any, Final

from jobs.core.job import JobRef

_NAMES: Final = {"tenant": "tenant", "kind": "dialect", "id": "jobId"}


def ref_fields(ref: JobRef) -> dict[str, str]:
    return {name: getattr(ref, field) for field, name in _NAMES.items()}


def ref_from(message: Any) -> JobRef:
    """Parse a ref. Raises `ValueError`."""
    try:
        return JobRef(**{field: str(message[name]) for field, name in _NAMES.items()})
    except (KeyError, TypeError) as error:
        raise ValueError("not a job's ref") from error


def to_text(ref: JobRef) -> str:
    return json.dumps(ref_fields(ref))


def from_text(text: str) -> JobRef:
    """Parse a ref. Raises `ValueError`."""
    return ref_from(json.loads(text))
