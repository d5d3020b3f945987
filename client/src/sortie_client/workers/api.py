"""The API of workers: `sortie.workers`. `Worker` uses it; few programs need it themselves."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sortie_client._core.flow import Flow, Request, Response
from sortie_client._core.http import path, without_none
from sortie_client._core.models import decode
from sortie_client._core.operation import Api, operation
from sortie_client._core.retry import RetryPolicy, send
from sortie_client.errors import NotConfiguredError
from sortie_client.workers.models import Claim, Failed, Lease

MAX_WAIT_S: Final = 20
_SLACK_S: Final = 15.0


class WorkersApi[R](Api[R]):
    """Methods about a job raise `NotFoundError` or `ConflictError` once it is lost."""

    def __init__(self, runner: R, retry_policy: RetryPolicy, key: str | None) -> None:
        super().__init__(runner, retry_policy)
        self._key = key

    @operation
    def claim(
        self,
        agents: Sequence[str],
        *,
        max_jobs: int = 1,
        wait_seconds: int = MAX_WAIT_S,
        worker: str | None = None,
    ) -> Flow[Claim]:
        """Claim jobs, or wait for one. Send a heartbeat for each at once."""
        body = without_none(
            agents=[*agents], maxJobs=max_jobs, waitSeconds=wait_seconds, worker=worker
        )
        response = yield from self._post(
            path("workers", "claim"), body, idempotent=False, timeout_s=wait_seconds + _SLACK_S
        )
        return decode(Claim, response.json)

    @operation
    def heartbeat(
        self,
        job_id: str,
        attempt: int,
        *,
        progress: Mapping[str, Any] | None = None,
        number: int | None = None,
        output: str | None = None,
    ) -> Flow[Lease]:
        """Keep a job. `progress`: `percent`, `message`. `output`: the answer's next piece."""
        body = without_none(attempt=attempt, progress=progress, number=number, output=output)
        response = yield from self._post(path("workers", "jobs", job_id, "heartbeat"), body)
        return decode(Lease, response.json)

    @operation
    def complete(
        self, job_id: str, attempt: int, content: str, *, metadata: Mapping[str, Any] | None = None
    ) -> Flow[None]:
        """Answer a job. Raises `BadRequestError` for an answer that the server does not take."""
        body = without_none(attempt=attempt, content=content, metadata=metadata)
        yield from self._post(path("workers", "jobs", job_id, "complete"), body)

    @operation
    def fail(
        self,
        job_id: str,
        attempt: int,
        error: str,
        *,
        retryable: bool = False,
        retry_after_seconds: int | None = None,
    ) -> Flow[Failed]:
        """End a job without an answer, or have it retried by any worker."""
        body = without_none(
            attempt=attempt,
            error=error,
            retryable=retryable,
            retryAfterSeconds=retry_after_seconds,
        )
        response = yield from self._post(path("workers", "jobs", job_id, "fail"), body)
        return decode(Failed, response.json)

    def _post(self, where: str, body: Mapping[str, Any], **options: Any) -> Flow[Response]:
        if self._key is None:
            raise NotConfiguredError("A key of workers is missing: set SORTIE_WORKER_KEY")
        headers = {"Authorization": f"Bearer {self._key}"}
        request = Request(method="POST", path=where, headers=headers, body=body, **options)
        return send(request, self._retry_policy)
