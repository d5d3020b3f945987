"""What a mission adds to its job's header, and the index of those that wait for a device."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from jobs.core.job import Job, JobRef
from jobs.kit.aws.client import passing_failures
from jobs.missions.mission import DIALECT, Mission, Order, Waiting, waits_for_device

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoWaitingMissions:
    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def waiting(self, tenant: str, group_id: str, *, limit: int) -> Sequence[Waiting]:
        with passing_failures():
            found = self._client.query(
                TableName=self._table,
                IndexName="waiting",
                KeyConditionExpression="waiting = :group",
                ExpressionAttributeValues={":group": {"S": _group(tenant, group_id)}},
                Limit=limit,
            )["Items"]
        return [_waiting(item) for item in found]


def mission_text(job: Job) -> str | None:
    if job.mission is None:
        return None
    known = {name: value for name, value in asdict(job.mission).items() if value is not None}
    return json.dumps(known, ensure_ascii=False, separators=(",", ":"))


def mission_from(text: str | None) -> Mission | None:
    if text is None:
        return None
    values = json.loads(text)
    order = values.pop("order", None)
    declined = tuple(values.pop("declined", ()))
    return Mission(**values, order=order and Order(**order), declined=declined)


def place_in_queue(job: Job) -> dict[str, str]:
    """Its place among those of its group: highest priority first, then oldest."""
    if job.mission is None or not waits_for_device(job):
        return {}
    rank = f"{10 - job.mission.priority:02d}#{job.id}"
    return {"waiting": _group(job.tenant, job.mission.group), "rank": rank}


def _group(tenant: str, group_id: str) -> str:
    return f"{tenant}#{DIALECT}#{group_id}"


def _waiting(item: Any) -> Waiting:
    tenant, dialect = item["PK"]["S"].split("#")
    mission = mission_from(item["mission"]["S"])
    assert mission is not None  # noqa: S101 - only missions are in this index
    return Waiting(ref=JobRef(tenant=tenant, dialect=dialect, id=item["SK"]["S"]), mission=mission)
