"""Claim the tags of tenants: no two tenants of a stack share MQTT topics (ADR 14)."""

from typing import TYPE_CHECKING

from jobs.core.ids import tenant_tag
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import attributes
from jobs.missions.errors import TopicsTakenError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class TopicClaims:
    """One item of the registry for each tag. Its attribute is not `tenant`, as no index has it."""

    def __init__(self, client: "DynamoDBClient", table: str, *, stack: str) -> None:
        self._client = client
        self._table = table
        self._stack = stack

    def __call__(self, tenant: str) -> None:
        """Claim the tenant's tag, for ever. Idempotent.

        Raises `TopicsTakenError` if another tenant has the same tag.
        """
        tag = tenant_tag(tenant, stack=self._stack)
        with convert_aws_errors():
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=attributes({"PK": f"TOPICS#{tag}", "SK": "TOPICS", "claimed_by": tenant}),
                    ConditionExpression="attribute_not_exists(PK) OR claimed_by = :tenant",
                    ExpressionAttributeValues=attributes({":tenant": tenant}),
                )
            except self._client.exceptions.ConditionalCheckFailedException as error:
                raise TopicsTakenError(tenant) from error
