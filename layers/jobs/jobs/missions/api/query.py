"""The missions API (contract: missions.md): path and query parameters."""

import re
from typing import Final

from jobs.core.errors import BadCursorError, JobNotFoundError
from jobs.core.ids import parse_uuid
from jobs.core.job import JobRef
from jobs.core.status import JobStatus
from jobs.kit.http import BadRequestError, Request
from jobs.missions.api.responses import STATUS_NAMES
from jobs.missions.mission import KIND
from jobs.missions.partner import Caller

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100
_MAX_PLAN_ID: Final = 128
_NUMBER: Final = re.compile(r"[0-9]{1,9}")


def parse_ref(request: Request, caller: Caller) -> JobRef:
    """Raises `JobNotFoundError` if the path holds no valid job id."""
    job_id = parse_uuid(request.path("jobId"))
    if job_id is None:
        raise JobNotFoundError
    return JobRef(tenant=caller.tenant, kind=KIND, id=job_id)


def parse_track(request: Request) -> bool:
    """Return whether the caller wants the mission's track."""
    text = request.query("track")
    if text not in {None, "true", "false"}:
        raise _invalid(track="Input should be true or false")
    return text == "true"


def parse_limit(request: Request) -> int:
    text = request.query("limit")
    if text is None:
        return DEFAULT_LIMIT
    if not (_NUMBER.fullmatch(text) and 1 <= int(text) <= MAX_LIMIT):
        raise _invalid(limit=f"Input should be an integer from 1 to {MAX_LIMIT}")
    return int(text)


def parse_statuses(request: Request) -> frozenset[JobStatus]:
    """Return the statuses of this name; none, which selects all, if it is absent."""
    wanted = request.query("status")
    named = frozenset(status for status, name in STATUS_NAMES.items() if name == wanted)
    if wanted is not None and not named:
        names = ", ".join(dict.fromkeys(STATUS_NAMES.values()))
        raise _invalid(status=f"Input should be one of {names}")
    return named


def parse_plan_cursor(request: Request) -> str | None:
    """Return the last plan of the previous page. Raises `BadCursorError`."""
    cursor = request.query("cursor")
    if cursor is not None and not 0 < len(cursor) <= _MAX_PLAN_ID:
        raise BadCursorError
    return cursor


def _invalid(**details: str) -> BadRequestError:
    return BadRequestError("Missing or invalid parameters", details)
