"""What APIs share that are called with an API key, and whose work are messages to agents."""

from collections.abc import Mapping
from typing import Any, Final

from sortie_client._calls import Retries, call
from sortie_client._decode import decode
from sortie_client._flow import Answer, Flow, Giving, Request
from sortie_client._polling import until
from sortie_client._wire import path
from sortie_client.errors import JobFailedError
from sortie_client.messaging_models import Job, JobStatus

PATIENCE_S: Final = 35.0
"""How long a request may be silent that the server holds, for at most 25 s, until a job is over."""


class KeyedCalls:
    def __init__(self, player: Any, api_key: str | None, retries: Retries) -> None:
        self._player = player
        self._key = {"X-API-Key": api_key} if api_key else {}
        self._retries = retries

    def _job(self, job_id: str) -> Flow[Job]:
        answer = yield from self._call("GET", path("api", "messaging", "jobs", job_id))
        return decode(Job, answer.json)

    def _until_over(
        self, job_id: str, interval: float, max_attempts: int | None
    ) -> Giving[Job, Job]:
        return until(
            lambda: self._job(job_id),
            lambda job: job.status.is_over,
            interval=interval,
            max_attempts=max_attempts,
        )

    def _call(
        self, method: str, where: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Flow[Answer]:
        asked = Request(method=method, path=where, headers={**self._key, **(headers or {})}, **more)
        return call(asked, self._retries)


def succeeded(job: Job) -> Job:
    if job.status is not JobStatus.COMPLETED:
        raise JobFailedError(job.error or f"The job has ended as {job.status}", job)
    return job
