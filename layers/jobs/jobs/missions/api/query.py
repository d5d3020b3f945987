"""The missions API (contract: missions.md): path and query parameters."""

import re
from typing import Final

from jobs.core.errors import JobNotFoundError
from jobs.core.ids import is_uuid
from jobs.core.job import JobRef
from jobs.core.status import JobStatus
from jobs.kit.http import BadRequestError, Request
from jobs.missions.api.responses import STATUS_NAMES
from jobs.missions.mission import KIND
from jobs.missions.partner import Caller

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100
_NUMBER: Final = re.compile(r"[0-9]{1,9}")


def parse_ref(request: Request, caller: Caller) -> JobRef:
    """Raises `JobNotFoundError` if the path holds no valid job id."""
    job_id = request.path("jobId")
    if not is_uuid(job_id):
        raise JobNotFoundError(job_id)
    return JobRef(tenant=caller.tenant, kind=KIND, id=job_id)


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


def _invalid(**details: str) -> BadRequestError:
    return BadRequestError("Missing or invalid parameters", details)
