"""The latest job of each chat or other group that clients name, in the job table."""

from contextlib import suppress
from typing import TYPE_CHECKING

from jobs.core.job import Job, JobRef
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Values, attributes

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoLatestJobs:
    """A group's `name` has 1,024 bytes at most, as it is a sort key."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def put(self, name: str, job: Job) -> None:
        """Make a job its group's latest, unless the group has a later one. Idempotent."""
        key = _key(job.tenant, job.kind, name)
        row: Values = {**key, "job_id": job.id, "expires_at": job.gone_at // 1000}
        refused = self._client.exceptions.ConditionalCheckFailedException
        with convert_aws_errors(), suppress(refused):
            self._client.put_item(
                TableName=self._table,
                Item=attributes(row),
                ConditionExpression="attribute_not_exists(PK) OR job_id <= :job",
                ExpressionAttributeValues=attributes({":job": job.id}),
            )

    def latest(self, tenant: str, kind: str, name: str) -> JobRef | None:
        """Return the group's latest job, which may be gone."""
        with convert_aws_errors():
            found = self._client.get_item(
                TableName=self._table,
                Key=attributes(_key(tenant, kind, name)),
                ConsistentRead=True,
            ).get("Item")
        return JobRef(tenant=tenant, kind=kind, id=found["job_id"]["S"]) if found else None


def _key(tenant: str, kind: str, name: str) -> Values:
    return {"PK": f"{tenant}#{kind}#chats", "SK": name}
