"""The latest job of each chat, in the job table."""

import hashlib
from typing import TYPE_CHECKING

from jobs.core.adapters.dynamodb.latest_jobs import DynamoLatestJobs
from jobs.core.job import Job, JobRef
from jobs.docs.docs_job import KIND, docs_job_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoChats:
    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._jobs = DynamoLatestJobs(client, table)

    def put(self, chat: str, job: Job) -> None:
        self._jobs.put(_name(docs_job_of(job).project, chat), job)

    def latest(self, tenant: str, project: str, chat: str) -> JobRef | None:
        return self._jobs.latest(tenant, KIND, _name(project, chat))


def _name(project: str, chat: str) -> str:
    """Return the name of a chat in its tenant; the hash bounds its length."""
    return f"{project}#{hashlib.sha256(chat.encode()).hexdigest()}"
