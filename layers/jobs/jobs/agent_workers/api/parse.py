"""Parse workers' requests. Fields that are not known are ignored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from jobs.agent_workers.answer_job import Held, Piece
from jobs.agent_workers.api import rules
from jobs.agent_workers.claim_jobs import Claim
from jobs.agent_workers.errors import AgentNotAllowedError
from jobs.auth.api_key import ALL_AGENTS
from jobs.core.errors import JobNotFoundError
from jobs.core.ids import parse_uuid
from jobs.core.job import JobRef
from jobs.kit.http import BadRequestError
from jobs.messaging.message import KIND, Progress

if TYPE_CHECKING:
    from jobs.kit.http import Request

type Checks = Mapping[str, Callable[[Any], Any]]

CLAIM: Final[Checks] = {
    "agents": rules.check_agents,
    "maxJobs": rules.check_max_jobs,
    "waitSeconds": rules.check_wait,
    "worker": rules.check_worker,
}
HEARTBEAT: Final[Checks] = {
    "attempt": rules.check_attempt,
    "number": rules.check_number,
    "output": rules.check_output,
    "progress": rules.check_progress,
}
COMPLETE: Final[Checks] = {
    "attempt": rules.check_attempt,
    "number": rules.check_number,
    "output": rules.check_output,
}
FAIL: Final[Checks] = {
    "attempt": rules.check_attempt,
    "error": rules.check_error,
    "retryable": rules.check_retryable,
    "retryAfterSeconds": rules.check_retry_after,
}
_REQUIRED: Final = {"agents", "attempt", "error"}
"""Where they are fields at all. The rule of an absent one sees None."""


def parse_body(body: Any, checks: Checks) -> dict[str, Any]:
    """Validate a body, in the order of its checks. Raises `BadRequestError`."""
    if not isinstance(body, dict):
        raise BadRequestError("Request body must be an object")
    return {
        name: check(body.get(name))
        for name, check in checks.items()
        if name in _REQUIRED or name in body
    }


def parse_claim(request: Request) -> Claim:
    """Raises `BadRequestError`, `AgentNotAllowedError`."""
    body = parse_body(request.json(), CLAIM)
    for agent in body["agents"]:
        if not {ALL_AGENTS, agent} & {*request.scopes}:
            raise AgentNotAllowedError(agent)
    return Claim(
        agents=body["agents"],
        max_jobs=body.get("maxJobs", 1),
        wait=body.get("waitSeconds", rules.MAX_WAIT_S) * 1000,
    )


def parse_held(request: Request, attempt: int) -> Held:
    """Raises `JobNotFoundError` unless the path's id is a UUID."""
    job_id = parse_uuid(request.path("jobId"))
    if job_id is None:
        raise JobNotFoundError
    ref = JobRef(tenant=request.tenant, kind=KIND, id=job_id)
    return Held(ref=ref, agents=request.scopes, attempt=attempt)


def to_piece(body: Mapping[str, Any]) -> Piece | None:
    """Raises `BadRequestError` for output without a number."""
    if "output" not in body:
        return None
    if "number" not in body:
        raise BadRequestError("number is required with output")
    return Piece(number=body["number"], text=body["output"])


def to_progress(told: Mapping[str, Any] | None) -> Progress | None:
    return Progress(percent=told.get("percent"), text=told.get("message")) if told else None
