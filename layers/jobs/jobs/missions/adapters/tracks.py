"""Tracks: one item of the mission table for each point.

PK              SK             attributes
TRACK#<job id>  <epoch ms>     place: longitude, latitude and altitude as JSON; expires_at
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Stored, attributes, plain
from jobs.kit.clock import Millis
from jobs.missions.device import TrackPoint

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoTracks:
    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def add(self, point: TrackPoint, *, until: Millis) -> None:
        place = json.dumps([point.lon, point.lat, point.alt], separators=(",", ":"))
        key = {"PK": _partition(point.job), "SK": f"{point.at:015d}"}
        item = attributes({**key, "place": place, "expires_at": -(-until // 1000)})
        with convert_aws_errors():
            self._client.put_item(TableName=self._table, Item=item)

    def of(self, job_id: str, *, limit: int) -> Sequence[TrackPoint]:
        with convert_aws_errors():
            found = self._client.query(
                TableName=self._table,
                KeyConditionExpression="PK = :track",
                ExpressionAttributeValues=attributes({":track": _partition(job_id)}),
                Limit=limit,
            )["Items"]
        return [_to_point(job_id, item) for item in found]


def _partition(job_id: str) -> str:
    return f"TRACK#{job_id}"


def _to_point(job_id: str, item: Stored) -> TrackPoint:
    row = plain(item)
    lon, lat, alt = json.loads(row["place"])
    return TrackPoint(job=job_id, at=int(row["SK"]), lon=lon, lat=lat, alt=alt)
