"""The latest job of each chat, in the job table."""

from typing import TYPE_CHECKING

from jobs.core.adapters.dynamodb.latest_jobs import DynamoLatestJobs
from jobs.core.job import Job, JobRef
from jobs.messaging.message import KIND

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoChats:
    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._jobs = DynamoLatestJobs(client, table)

    def put(self, chat: str, job: Job) -> None:
        self._jobs.put(chat, job)

    def latest(self, tenant: str, chat: str) -> JobRef | None:
        return self._jobs.latest(tenant, KIND, chat)
