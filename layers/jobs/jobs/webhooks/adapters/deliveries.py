"""The webhook table: the deliveries of each job, with their attempts."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from jobs.core.job import JobRef
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Item, Stored, Values, attributes, plain
from jobs.kit.clock import Clock, Millis
from jobs.kit.parallel import map_parallel
from jobs.webhooks.errors import DeliveryNotFoundError
from jobs.webhooks.webhook import Attempt, DeliveryRef, DeliveryState, WebhookDelivery

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

RETENTION_MS: Final[Millis] = 14 * 24 * 3600_000
"""As long as SQS keeps the delivery's dead letter, which refers to this item."""

_MAX_THREADS: Final = 4


class DynamoDeliveryLog:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def plan_all(self, deliveries: Sequence[WebhookDelivery]) -> None:
        map_parallel(self.plan, deliveries, threads=_MAX_THREADS)

    def plan(self, delivery: WebhookDelivery) -> None:
        try:
            with convert_aws_errors():
                self._client.put_item(
                    TableName=self._table,
                    Item=_to_item(delivery),
                    ConditionExpression="attribute_not_exists(PK)",
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return  # already planned, and possibly delivered

    def get(self, ref: DeliveryRef) -> WebhookDelivery:
        with convert_aws_errors():
            item = self._client.get_item(
                TableName=self._table, Key=_key(ref), ConsistentRead=True
            ).get("Item")
        if not item or not self._is_live(item):
            raise DeliveryNotFoundError(ref.id)
        return _from_item(item)

    def find(self, tenant: str, delivery_id: str) -> WebhookDelivery:
        with convert_aws_errors():
            items = self._client.query(
                TableName=self._table,
                IndexName="by_id",
                KeyConditionExpression="SK = :id",
                ExpressionAttributeValues=attributes({":id": delivery_id}),
            )["Items"]
        for item in items:
            owner, job_id = item["PK"]["S"].split("#")
            if owner == tenant:
                return self.get(DeliveryRef(tenant=tenant, job_id=job_id, id=delivery_id))
        raise DeliveryNotFoundError(delivery_id)

    def list_by_job(self, tenant: str, job_id: str) -> Sequence[WebhookDelivery]:
        with convert_aws_errors():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="PK = :pk",
                ExpressionAttributeValues=attributes({":pk": f"{tenant}#{job_id}"}),
                ConsistentRead=True,
            )
            items = [item for page in pages for item in page["Items"] if self._is_live(item)]
        return sorted(map(_from_item, items), key=lambda each: (each.sequence, each.id))

    def add_attempt(
        self, delivery: WebhookDelivery, attempt: Attempt, state: DeliveryState
    ) -> bool:
        expression = (
            "SET attempts = list_append(attempts, :added), #state = :state,"
            f" {_message_key(len(delivery.attempts))} = :message"
        )
        added: Item = {":added": {"L": [_dump_attempt(attempt)]}}
        if self._update(
            delivery, expression, state, added | attributes({":message": attempt.message})
        ):
            return True
        try:
            current = self.get(_ref(delivery))
        except DeliveryNotFoundError:
            return False  # it has expired
        if attempt in current.attempts:  # the SDK has repeated the request
            return True
        return attempt.succeeded and self.add_attempt(current, attempt, state)

    def reopen(self, delivery: WebhookDelivery) -> None:
        if not self._update(delivery, "SET #state = :state", DeliveryState.PENDING):
            self.get(_ref(delivery))  # raises if it has expired

    def _update(
        self,
        delivery: WebhookDelivery,
        expression: str,
        state: DeliveryState,
        values: Item | None = None,
    ) -> bool:
        """Return False, without effect, if an attempt has been added, or the delivery is gone."""
        known = attributes({":state": state.value, ":index": len(delivery.attempts)})
        try:
            with convert_aws_errors():
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(_ref(delivery)),
                    UpdateExpression=expression,
                    ConditionExpression="attribute_exists(PK) AND size(attempts) = :index",
                    ExpressionAttributeNames={"#state": "state"},
                    ExpressionAttributeValues={**known, **(values or {})},
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _is_live(self, item: Stored) -> bool:
        return int(item["expires_at"]["N"]) * 1000 > self._clock()


def parse_deliveries(records: Iterable[Any]) -> Sequence[WebhookDelivery]:
    """Return the deliveries in the table's stream; ignore deletions and other items."""
    images = (record["dynamodb"].get("NewImage") or {} for record in records)
    return [_from_item(image) for image in images if "attempts" in image]


def _ref(delivery: WebhookDelivery) -> DeliveryRef:
    return DeliveryRef(tenant=delivery.ref.tenant, job_id=delivery.ref.id, id=delivery.id)


def _key(ref: DeliveryRef) -> Item:
    return attributes({"PK": f"{ref.tenant}#{ref.job_id}", "SK": ref.id})


def _to_item(delivery: WebhookDelivery) -> Item:
    values: Values = {
        "dialect": delivery.ref.kind,
        "sequence": delivery.sequence,
        "event": delivery.event,
        "url": delivery.url,
        "body": delivery.body,
        "planned_at": delivery.planned_at,
        "subscription": delivery.subscription,
        "key_id": delivery.key_id,
        "state": delivery.state.value,
        "expires_at": (delivery.planned_at + RETENTION_MS) // 1000,
    }
    messages: Values = {_message_key(n): each.message for n, each in enumerate(delivery.attempts)}
    attempts: Item = {"attempts": {"L": [_dump_attempt(each) for each in delivery.attempts]}}
    return _key(_ref(delivery)) | attributes(values) | attributes(messages) | attempts


def _dump_attempt(attempt: Attempt) -> Any:
    """Leave out the message: earlier versions, which may still run, know no such field."""
    fields = {name: value for name, value in asdict(attempt).items() if name != "message"}
    return {"S": json.dumps(fields, separators=(",", ":"))}


def _message_key(index: int) -> str:
    """Return the name of the attribute with the message of the attempt at this index."""
    return f"m{index}"


def _from_item(item: Stored) -> WebhookDelivery:
    row = plain(item)
    tenant, job_id = row["PK"].split("#")
    return WebhookDelivery(
        id=row["SK"],
        ref=JobRef(tenant=tenant, kind=row["dialect"], id=job_id),
        sequence=row["sequence"],
        event=row["event"],
        url=row["url"],
        body=row["body"],
        planned_at=row["planned_at"],
        subscription=row.get("subscription"),
        key_id=row.get("key_id"),
        state=DeliveryState(row["state"]),
        attempts=tuple(
            Attempt(**json.loads(each["S"]), message=row.get(_message_key(n), ""))
            for n, each in enumerate(item["attempts"]["L"])
        ),
    )
