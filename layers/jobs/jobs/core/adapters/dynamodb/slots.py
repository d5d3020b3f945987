"""Slots in the job table. All items of a tenant and kind share a partition, up to 99 slots.

More slots are in groups of 50 or more, each with a partition of its own: an item takes 1,000 writes
a second, and a message two or three. The id of a job tells its group.

SK            attributes
slots         s0, s1, …: the token of each taken slot; latest: the job that began to wait last
job#<id>      deadline: of a job that waits

A token is the time at which the slot expires, followed by twelve digits of the job's id. So a job
that is sent twice finds its own slot, no other job takes it for its own, and a write takes or frees
one.

`latest` is there only while jobs wait. The table's stream then reports each free slot.
"""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from jobs.core.ids import created_at, earliest_id
from jobs.core.job import JobRef
from jobs.core.slots import Release, Slot
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Item, Stored, Values, attributes
from jobs.kit.clock import Clock, Millis

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_SLOTS: Final = "slots"
_WAITING: Final = "job#"
_PAGE_SIZE: Final = 100
_IDS: Final = 10**12
"""Twelve digits: with fewer, two of a tenant's jobs would soon have the same token."""
_MAX_TTL_S: Final = 24 * 3600
"""Longer than any job lasts."""
_GROUP_SIZE: Final = 50
"""An item of so many slots has one write unit."""
_MAX_GROUPS: Final = 16
_NUMBERS: Final = 10**6
"""A slot's number is its group's, followed by six digits: its number in the group."""


class DynamoSlots:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def group_of(self, ref: JobRef, *, limit: int) -> int:
        return UUID(ref.id).int // _IDS % _groups(limit)

    def take(self, ref: JobRef, *, limit: int, until: Millis) -> Slot | None:
        spread, groups, group = UUID(ref.id).int, _groups(limit), self.group_of(ref, limit=limit)
        token, size = _token(ref, until), _size(group, limit)
        number: int | None = spread // _IDS // groups % size
        while number is not None:
            slot = Slot(group * _NUMBERS + number, token)
            try:
                before = self._take(ref, slot)
            except self._client.exceptions.ConditionalCheckFailedException as error:
                response: Any = error.response
                number = self._find(response.get("Item", {}), token, size)
            else:
                own = {"N": str(token)}
                return replace(slot, again=before.get(f"s{number}") == own)
        return None

    def release(self, ref: JobRef, slot: Slot) -> None:
        group, number = divmod(slot.number, _NUMBERS)
        try:
            self._update(
                ref,
                group,
                update="REMOVE #slot",
                condition="#slot = :token",
                names={"#slot": f"s{number}"},
                values={":token": slot.token},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return  # already released, or expired and taken again

    def wait(self, ref: JobRef, *, until: Millis, limit: int) -> bool:
        group = self.group_of(ref, limit=limit)
        with convert_aws_errors():
            self._client.update_item(
                TableName=self._table,
                Key=_key(ref, group, _WAITING + ref.id),
                UpdateExpression="SET deadline = :until, expires_at = :expiry",
                ExpressionAttributeValues=attributes(
                    {":until": until, ":expiry": until // 1000 + 1}
                ),
            )
        stored = self._update(
            ref,
            group,
            update="SET latest = :job, expires_at = :expiry",
            values={":job": ref.id, ":expiry": self._expiry()},
        )
        return self._find(stored, 0, _size(group, limit)) is not None

    def leave(self, ref: JobRef, *, group: int) -> None:
        with convert_aws_errors():
            self._client.delete_item(TableName=self._table, Key=_key(ref, group, _WAITING + ref.id))

    def oldest(self, release: Release, *, max_age: Millis) -> JobRef | None:
        now = self._clock()
        query = self._query_waiting(release, now - max_age)
        query["FilterExpression"] = "deadline > :now"
        query["ExpressionAttributeValues"] |= attributes({":now": now})
        with convert_aws_errors():
            answer = self._client.query(**query)
            while not answer["Items"] and "LastEvaluatedKey" in answer:
                answer = self._client.query(**query, ExclusiveStartKey=answer["LastEvaluatedKey"])
        return next(map(partial(_parse_waiting, release), answer["Items"]), None)

    def stranded(self, release: Release, *, max_age: Millis) -> JobRef | None:
        now = self._clock()
        partition = _partition(release.tenant, release.kind, release.group)
        with convert_aws_errors():
            waiting = self._client.query(**self._query_waiting(release, now - max_age))["Items"]
            stored = self._client.get_item(
                TableName=self._table,
                Key=attributes({"PK": partition, "SK": _SLOTS}),
                ConsistentRead=True,
            ).get("Item", {})
        tokens = {int(value["N"]) for name, value in stored.items() if _is_slot(name)}
        refs = map(partial(_parse_waiting, release), waiting)
        return next(
            (ref for ref in refs if _token(ref, created_at(ref.id) + max_age) in tokens), None
        )

    def close(self, release: Release) -> None:
        try:
            self._update(
                JobRef(tenant=release.tenant, kind=release.kind, id=release.latest),
                release.group,
                update="REMOVE latest",
                condition="latest = :latest",
                values={":latest": release.latest},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return  # another job has begun to wait since: the next release is reported

    def _query_waiting(self, release: Release, created_since: Millis) -> dict[str, Any]:
        values = {
            ":pk": _partition(release.tenant, release.kind, release.group),
            ":first": _WAITING + earliest_id(created_since),
            ":last": _WAITING + "~",
        }
        return {
            "TableName": self._table,
            "KeyConditionExpression": "PK = :pk AND SK BETWEEN :first AND :last",
            "ExpressionAttributeValues": attributes(values),
            "ConsistentRead": True,
            "Limit": _PAGE_SIZE,
        }

    def _take(self, ref: JobRef, slot: Slot) -> Stored:
        """Take a slot, or raise if another job has it. Return what was stored before."""
        group, number = divmod(slot.number, _NUMBERS)
        return self._update(
            ref,
            group,
            update="SET #slot = :token, expires_at = :expiry",
            condition="attribute_not_exists(#slot) OR #slot <= :now OR #slot = :token",
            names={"#slot": f"s{number}"},
            values={
                ":token": slot.token,
                ":now": (self._clock() + 1) * _IDS - 1,
                ":expiry": self._expiry(),
            },
        )

    def _find(self, stored: Stored, token: int, size: int) -> int | None:
        """Return the slot with this token, or else a free one, or None."""
        tokens = {name: int(value["N"]) for name, value in stored.items() if _is_slot(name)}
        own = next((name for name, each in tokens.items() if each == token), None)
        if own is not None:
            return int(own[1:])
        now = (self._clock() + 1) * _IDS - 1
        return next((n for n in range(size) if tokens.get(f"s{n}", 0) <= now), None)

    def _update(  # noqa: PLR0913 - an update has so many parts
        self,
        ref: JobRef,
        group: int,
        *,
        update: str,
        values: Values,
        condition: str | None = None,
        names: dict[str, str] | None = None,
    ) -> Stored:
        """Update a group of slots, and return what was stored before."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": _key(ref, group, _SLOTS),
            "UpdateExpression": update,
            "ExpressionAttributeValues": attributes(values),
            "ReturnValues": "ALL_OLD",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if condition:
            request["ConditionExpression"] = condition
        if names:
            request["ExpressionAttributeNames"] = names
        with convert_aws_errors():
            return self._client.update_item(**request).get("Attributes", {})

    def _expiry(self) -> int:
        return self._clock() // 1000 + _MAX_TTL_S


def parse_release(record: Any) -> Release | None:
    """Return the release that a record of the table's stream reports, if it reports one."""
    new, old = (record["dynamodb"].get(image) or {} for image in ("NewImage", "OldImage"))
    if new.get("SK") != {"S": _SLOTS} or "latest" not in new:
        return None
    if not any(_is_slot(name) and name not in new for name in old):
        return None
    tenant, kind, _, *group = new["PK"]["S"].split("#")
    return Release(
        tenant=tenant, kind=kind, latest=new["latest"]["S"], group=int(group[0]) if group else 0
    )


def _parse_waiting(release: Release, item: Stored) -> JobRef:
    job_id = item["SK"]["S"].removeprefix(_WAITING)
    return JobRef(tenant=release.tenant, kind=release.kind, id=job_id)


def _token(ref: JobRef, until: Millis) -> int:
    return until * _IDS + UUID(ref.id).int % _IDS


def _is_slot(name: str) -> bool:
    return name[0] == "s" and name[1:].isdecimal()


def _groups(limit: int) -> int:
    return max(1, min(limit // _GROUP_SIZE, _MAX_GROUPS))


def _size(group: int, limit: int) -> int:
    """Return the number of slots in a group; all groups together have `limit`."""
    return (limit + group) // _groups(limit)


def _partition(tenant: str, kind: str, group: int) -> str:
    return f"{tenant}#{kind}#slots" + (f"#{group}" if group else "")


def _key(ref: JobRef, group: int, sort_key: str) -> Item:
    return attributes({"PK": _partition(ref.tenant, ref.kind, group), "SK": sort_key})
