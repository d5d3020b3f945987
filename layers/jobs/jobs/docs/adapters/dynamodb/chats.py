"""The latest job of each chat, in the job table."""

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

from jobs.core.job import Job, JobRef
from jobs.docs.docs_job import KIND, docs_job_of
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Values, attributes

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoChats:
    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def put(self, chat: str, job: Job) -> None:
        key = _key(job.tenant, docs_job_of(job).project, chat)
        row: Values = {**key, "job_id": job.id, "expires_at": job.gone_at // 1000}
        refused = self._client.exceptions.ConditionalCheckFailedException
        with convert_aws_errors(), suppress(refused):
            self._client.put_item(
                TableName=self._table,
                Item=attributes(row),
                ConditionExpression="attribute_not_exists(PK) OR job_id <= :job",
                ExpressionAttributeValues=attributes({":job": job.id}),
            )

    def latest(self, tenant: str, project: str, chat: str) -> JobRef | None:
        with convert_aws_errors():
            found = self._client.get_item(
                TableName=self._table,
                Key=attributes(_key(tenant, project, chat)),
                ConsistentRead=True,
            ).get("Item")
        return JobRef(tenant=tenant, kind=KIND, id=found["job_id"]["S"]) if found else None


def _key(tenant: str, project: str, chat: str) -> Values:
    """Return the key of a chat; the hash bounds its length."""
    digest = hashlib.sha256(chat.encode()).hexdigest()
    return {"PK": f"{tenant}#{KIND}#chats", "SK": f"{project}#{digest}"}
