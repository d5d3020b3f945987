"""The state of each device: one item of the mission table, written with every reading.

PK              SK      attributes
DEVICE#<id>     STATE   seen_at, in_reach, sequence, reading; lease_job, fence, lease_until
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from jobs.core.adapters.messages import from_text, to_text
from jobs.core.job import JobRef
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Item, Stored, attributes, plain
from jobs.kit.aws.dynamodb.batch import get_all
from jobs.kit.clock import Clock, Millis
from jobs.missions.device import ONLINE_TIMEOUT_MS, DeviceState, Lease, Reading
from jobs.missions.mission import parse_job_id

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_MAX_BATCH: Final = 100
_IS_NEWER: Final = (
    "attribute_not_exists(#sequence) OR #sequence < :sequence"
    " OR (seen_at <= :silent AND #sequence <> :sequence)"
)


class DynamoFleet:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def states(self, device_ids: Sequence[str]) -> Mapping[str, DeviceState]:
        known = {device_id: DeviceState(device=device_id) for device_id in device_ids}
        for start in range(0, len(device_ids), _MAX_BATCH):
            keys = [_key(each) for each in device_ids[start : start + _MAX_BATCH]]
            with convert_aws_errors():
                for item in get_all(self._client, self._table, keys):
                    state = _to_state(item)
                    known[state.device] = state
        return known

    def lease(self, device_id: str, ref: JobRef, *, until: Millis) -> int | None:
        with convert_aws_errors():
            try:
                found = self._client.update_item(
                    TableName=self._table,
                    Key=_key(device_id),
                    UpdateExpression="SET lease_job = :job, lease_until = :until ADD fence :one",
                    ConditionExpression="attribute_not_exists(lease_job) OR lease_until <= :now",
                    ExpressionAttributeValues=attributes({
                        ":job": to_text(ref), ":until": until, ":one": 1, ":now": self._clock(),
                    }),
                    ReturnValues="UPDATED_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )  # fmt: skip
            except self._client.exceptions.ConditionalCheckFailedException as error:
                return _own_fence(error.response, ref, until)
        return int(found["Attributes"]["fence"]["N"])

    def release(self, device_id: str, *, fence: int) -> None:
        with convert_aws_errors():
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(device_id),
                    UpdateExpression="REMOVE lease_job, lease_until",
                    ConditionExpression="fence = :fence",
                    ExpressionAttributeValues=attributes({":fence": fence}),
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return

    def store_reading(
        self, reading: Reading, *, hold: Millis
    ) -> tuple[DeviceState, DeviceState] | None:
        now = self._clock()
        values: dict[str, str | int] = {
            ":now": now,
            ":online": int(reading.online),
            ":sequence": reading.sequence,
            ":silent": now - ONLINE_TIMEOUT_MS,
            ":reading": _dump(reading),
        }
        update = "SET seen_at = :now, in_reach = :online, #sequence = :sequence, reading = :reading"
        if reading.order is not None:
            own: dict[str, str | int] = {
                ":order": parse_job_id(reading.order),
                ":until": now + hold,
            }
            kept = self._update(
                reading.device,
                f"{update}, lease_until = :until",
                f"contains(lease_job, :order) AND ({_IS_NEWER})",
                values | own,
            )
            if kept is not None:
                return _before_and_after(kept, reading, now, until=now + hold)
        kept = self._update(
            reading.device,
            update,
            _IS_NEWER,
            values,
        )
        return None if kept is None else _before_and_after(kept, reading, now)

    def mark_disconnected(self, device_id: str) -> None:
        with convert_aws_errors():
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(device_id),
                    UpdateExpression="SET in_reach = :no",
                    ConditionExpression="attribute_exists(PK)",
                    ExpressionAttributeValues=attributes({":no": 0}),
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return

    def _update(
        self, device_id: str, update: str, condition: str, values: Mapping[str, str | int]
    ) -> Stored | None:
        """Return the item before the update, or None if the condition failed."""
        with convert_aws_errors():
            try:
                return self._client.update_item(
                    TableName=self._table,
                    Key=_key(device_id),
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeNames={"#sequence": "sequence"},
                    ExpressionAttributeValues=attributes(values),
                    ReturnValues="ALL_OLD",
                ).get("Attributes") or _key(device_id)
            except self._client.exceptions.ConditionalCheckFailedException:
                return None


def _key(device_id: str) -> Item:
    return attributes({"PK": f"DEVICE#{device_id}", "SK": "STATE"})


def _own_fence(response: Any, ref: JobRef, until: Millis) -> int | None:
    """Return the fence if the conflicting lease is our own: the SDK has retried the call."""
    row = plain(response.get("Item", {}))
    if (row.get("lease_job"), row.get("lease_until")) == (to_text(ref), until):
        return int(row["fence"])
    return None


def _before_and_after(
    item: Stored, reading: Reading, now: Millis, *, until: Millis | None = None
) -> tuple[DeviceState, DeviceState]:
    before = _to_state(item)
    lease = before.lease
    if lease is not None and until is not None:
        lease = replace(lease, until=until)
    return before, replace(before, seen_at=now, reading=reading, lease=lease)


def _dump(reading: Reading) -> str:
    return json.dumps(
        {"order": reading.order, "timestamp": reading.timestamp, "values": dict(reading.values)},
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _to_state(item: Stored) -> DeviceState:
    row = plain(item)
    device = row["PK"].removeprefix("DEVICE#")
    reading = lease = None
    if "reading" in row:
        stored = json.loads(row["reading"])
        reading = Reading(
            device=device, sequence=row["sequence"], online=bool(row["in_reach"]), **stored
        )
    if "lease_job" in row:
        job = from_text(row["lease_job"])
        lease = Lease(job=job, fence=row["fence"], until=row["lease_until"])
    return DeviceState(device=device, seen_at=row.get("seen_at", 0), reading=reading, lease=lease)
