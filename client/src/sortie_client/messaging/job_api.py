"""Reading and polling of message jobs, for all APIs that create them."""

from typing import Final

from sortie_client._core.flow import Flow, StreamFlow
from sortie_client._core.http import path
from sortie_client._core.key_api import KeyApi
from sortie_client._core.models import decode
from sortie_client._core.polling import poll
from sortie_client.errors import JobFailedError
from sortie_client.messaging.models import Job, JobStatus

HOLD_TIMEOUT_S: Final = 35.0
"""Timeout of a request that the server holds, for at most 25 s, until a job has ended."""

STREAM_TIMEOUT_S: Final = 20.0
"""Timeout of a stream's silence: the server sends something every 5 s."""


class JobApi[R](KeyApi[R]):
    def _get_job(self, job_id: str) -> Flow[Job]:
        response = yield from self._call("GET", path("api", "messaging", "jobs", job_id))
        return decode(Job, response.json)

    def _poll_job(
        self, job_id: str, interval: float, max_attempts: int | None
    ) -> StreamFlow[Job, Job]:
        return poll(
            lambda: self._get_job(job_id),
            lambda job: job.status.is_terminal,
            interval=interval,
            max_attempts=max_attempts,
        )


def require_success(job: Job) -> Job:
    """Return the job. Raises `JobFailedError` unless it is completed."""
    if job.status is not JobStatus.COMPLETED:
        raise JobFailedError(job.error or f"The job ended with status {job.status}", job)
    return job
