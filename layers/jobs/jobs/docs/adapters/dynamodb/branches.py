"""The locks on branches in the job table, and the queue of each branch."""

from typing import TYPE_CHECKING

from jobs.core.adapters.dynamodb.items import ref_of
from jobs.core.job import JobRef
from jobs.docs.adapters.dynamodb.storage import branch_queue_key
from jobs.docs.docs_job import KIND
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Item, attributes
from jobs.kit.clock import Clock, Millis

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoBranches:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def acquire(self, tenant: str, branch: str, job_id: str, *, until: Millis) -> bool:
        with convert_aws_errors():
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(tenant, branch),
                    UpdateExpression="SET job_id = :job, lease_until = :until, expires_at = :gone",
                    ConditionExpression=(
                        "attribute_not_exists(PK) OR lease_until <= :now OR job_id = :job"
                    ),
                    ExpressionAttributeValues=attributes({
                        ":job": job_id,
                        ":until": until,
                        ":gone": until // 1000 + 1,
                        ":now": self._clock(),
                    }),
                )  # fmt: skip
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def release(self, tenant: str, branch: str, job_id: str) -> None:
        with convert_aws_errors():
            try:
                self._client.delete_item(
                    TableName=self._table,
                    Key=_key(tenant, branch),
                    ConditionExpression="job_id = :job",
                    ExpressionAttributeValues=attributes({":job": job_id}),
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return

    def next(self, tenant: str, branch: str) -> JobRef | None:
        with convert_aws_errors():
            found = self._client.query(
                TableName=self._table,
                IndexName="waiting",
                KeyConditionExpression="waiting = :branch",
                ExpressionAttributeValues=attributes({":branch": branch_queue_key(tenant, branch)}),
                Limit=1,
            )["Items"]
        return ref_of(found[0]) if found else None


def _key(tenant: str, branch: str) -> Item:
    return attributes({"PK": f"{tenant}#{KIND}#branches", "SK": branch})
