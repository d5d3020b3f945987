"""The operations of the API of workers, which answer messages to agents of provider `worker`."""

from typing import Any, Final

from jobs.agent_workers.api import parse, types
from jobs.agent_workers.api import responses as workers
from jobs.agent_workers.api.requests import ClaimBody, CompleteBody, FailBody, HeartbeatBody
from jobs.agent_workers.errors import (
    AgentNotAllowedError,
    EndedForWorkerError,
    InvalidAnswerError,
    StaleAttemptError,
)
from jobs.core.errors import JobNotFoundError, StaleJobError
from jobs.core.status import JobStatus
from jobs.kit.http import TooLargeError
from scripts.openapi.model import Api, Operation, capture_error
from scripts.openapi.shared import RETRY_AFTER, JobId

_KEY: Final[dict[str, Any]] = {
    "tag": "Jobs",
    "security": ["workerKey"],
    "error_type": types.Error,
    "error_response": workers.handle_error,
}
_HELD: Final = (
    JobNotFoundError(),
    EndedForWorkerError(JobStatus.CANCELLED),
    StaleAttemptError(),
    StaleJobError(),
    TooLargeError(),
)
_ONE: Final = "/workers/jobs/{jobId}"

AGENT_WORKERS: Final = Api(
    name="agent_workers",
    title="Workers of agents",
    version="1",
    description="For programs of your own that answer as an agent of provider `worker`, from"
    " anywhere: claim a job, send heartbeats while you work, complete it. Delivery is at least"
    " once. On a 404 or 409, stop and drop the result.",
    tags={"Jobs": "Jobs of the key's agents"},
    security={
        "workerKey": {
            "type": "http",
            "scheme": "bearer",
            "description": "`worker_…`, a key for the jobs of some agents or all of a tenant",
        }
    },
    parameters={"jobId": JobId},
    headers=RETRY_AFTER,
    operations=[
        Operation(
            name="claim_jobs",
            method="POST",
            path="/workers/claim",
            summary="Claim jobs; wait for some if there are none",
            description="Claims are for 10 seconds. The first heartbeat, sent at once, makes them"
            " 30. `retryAfterSeconds` paces workers for which there is nothing to do.",
            body=ClaimBody,
            responses={200: types.ClaimResponse},
            errors=[
                capture_error(parse.parse_body, {"agents": []}, parse.CLAIM),
                AgentNotAllowedError("99999999-9999-4999-8999-999999999999"),
                TooLargeError(),
            ],
            **_KEY,
        ),
        Operation(
            name="send_heartbeat",
            method="POST",
            path=f"{_ONE}/heartbeat",
            summary="Keep a claimed job, and tell how far it is",
            body=HeartbeatBody,
            responses={200: types.HeartbeatResponse},
            errors=[capture_error(parse.parse_body, {}, parse.HEARTBEAT), *_HELD],
            **_KEY,
        ),
        Operation(
            name="fail_job",
            method="POST",
            path=f"{_ONE}/fail",
            summary="End a claimed job without an answer, or have it retried",
            body=FailBody,
            responses={200: types.FailResponse},
            errors=[capture_error(parse.parse_body, {"attempt": 1}, parse.FAIL), *_HELD],
            **_KEY,
        ),
        Operation(
            name="complete_job",
            method="POST",
            path=f"{_ONE}/complete",
            summary="Answer a claimed job",
            description="Idempotent: repeat it with the same attempt and content if you did not"
            " receive the response.",
            body=CompleteBody,
            responses={200: types.CompleteResponse},
            errors=[
                capture_error(parse.parse_body, {}, parse.COMPLETE),
                InvalidAnswerError("The agent gave no answer"),
                *_HELD,
            ],
            **_KEY,
        ),
    ],
)
