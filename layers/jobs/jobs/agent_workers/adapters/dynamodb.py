"""The index of the job table that is the queue of each agent's jobs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobs.core.adapters.dynamodb.items import ref_of, shard_key
from jobs.core.ids import earliest_id
from jobs.core.job import JobRef
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import attributes
from jobs.kit.clock import Clock, Millis
from jobs.messaging.adapters.storage import rank, worker_queue_key
from jobs.messaging.message import KIND

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoClaimableJobs:
    """`shards`: of each tenant's jobs."""

    def __init__(
        self, client: "DynamoDBClient", table: str, clock: Clock, *, shards: int = 1
    ) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._shards = shards

    def find(self, tenant: str, agent_id: str, *, limit: int) -> Sequence[JobRef]:
        with convert_aws_errors():
            found = self._client.query(
                TableName=self._table,
                IndexName="waiting",
                KeyConditionExpression="waiting = :agent AND #rank < :now",
                ExpressionAttributeNames={"#rank": "rank"},
                ExpressionAttributeValues=attributes(
                    {":agent": worker_queue_key(tenant, agent_id), ":now": rank(self._clock() + 1)}
                ),
                Limit=limit,
            )["Items"]
        return [ref_of(item) for item in found]

    def any_since(self, tenant: str, since: Millis) -> bool:
        return any(self._is_any_in(tenant, shard, since) for shard in range(self._shards))

    def _is_any_in(self, tenant: str, shard: int, since: Millis) -> bool:
        """Read the first item since then: a header, which is small, as bodies come after it."""
        with convert_aws_errors():
            found = self._client.query(
                TableName=self._table,
                KeyConditionExpression="PK = :pk AND SK >= :first",
                ExpressionAttributeValues=attributes(
                    {":pk": shard_key(tenant, KIND, shard), ":first": earliest_id(since)}
                ),
                ProjectionExpression="SK",
                Limit=1,
            )["Items"]
        return bool(found)
