"""A mission's attributes in its job's header, and the index of waiting missions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from jobs.core.adapters.dynamodb.items import ref_of
from jobs.core.job import Job
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import plain
from jobs.missions.mission import KIND, Mission, Order, WaitingMission, mission_of, waits_for_device

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoWaitingMissions:
    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def list_waiting(self, tenant: str, group_id: str, *, limit: int) -> Sequence[WaitingMission]:
        with convert_aws_errors():
            found = self._client.query(
                TableName=self._table,
                IndexName="waiting",
                KeyConditionExpression="waiting = :group",
                ExpressionAttributeValues={":group": {"S": _group_key(tenant, group_id)}},
                Limit=limit,
            )["Items"]
        return [_to_waiting_mission(item) for item in found]


class MissionStorage:
    """A mission as JSON text, and its key in the index of waiting missions."""

    attributes = frozenset({"mission", "waiting", "rank"})

    def dump(self, job: Job) -> Mapping[str, str | int | None]:
        mission = mission_of(job)
        known = {name: value for name, value in asdict(mission).items() if value is not None}
        text = json.dumps(known, ensure_ascii=False, separators=(",", ":"))
        if not waits_for_device(job):
            return {"mission": text}
        rank = f"{10 - mission.priority:02d}#{job.id}"  # highest priority first, then oldest
        return {"mission": text, "waiting": _group_key(job.tenant, mission.group), "rank": rank}

    def load(self, header: Mapping[str, Any]) -> Mission:
        values = json.loads(header["mission"])
        order = values.pop("order", None)
        for name in ("declined", "start"):
            if name in values:
                values[name] = tuple(values[name])
        return Mission(**values, order=order and Order(**order))


def _group_key(tenant: str, group_id: str) -> str:
    return f"{tenant}#{KIND}#{group_id}"


def _to_waiting_mission(item: Any) -> WaitingMission:
    return WaitingMission(ref=ref_of(item), mission=MissionStorage().load(plain(item)))
