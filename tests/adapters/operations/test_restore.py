"""`make restore`, on moto."""

import re
import sys
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from moto import mock_aws

from scripts import restore
from tests.adapters.engines import DynamoDb, client

KEYS = ["PK", "SK"]


@pytest.fixture
def dynamodb():
    with mock_aws():
        yield client("dynamodb")


@pytest.fixture
def table(dynamodb) -> str:
    return DynamoDb(dynamodb, remote=False).registry


def an_item(key: str, **attributes: str) -> dict:
    return {"PK": {"S": "acme"}, "SK": {"S": key}, "note": {"S": "old"}} | {
        name: {"N": value} for name, value in attributes.items()
    }


def notes(dynamodb, table: str) -> dict[str, str]:
    items = dynamodb.scan(TableName=table)["Items"]
    return {item["SK"]["S"]: item["note"]["S"] for item in items}


@pytest.fixture
def run(dynamodb, table, monkeypatch):
    """Run the command on a stack with this table."""
    session = SimpleNamespace(client=lambda name: dynamodb)
    stack = SimpleNamespace(
        session=session, region="eu-central-1", outputs={"RegistryTableName": table, "ApiUrl": "x"}
    )
    monkeypatch.setattr(restore, "connect", lambda options: stack)
    monkeypatch.setattr(restore, "_WAIT_S", 0)

    def run(name: str = "Registry", at: str = "2026-11-30T12:00:00Z") -> int:
        monkeypatch.setattr(sys, "argv", ["restore", "--table", name, "--at", at])
        return restore.main()

    return run


def test_restore_copies_lost_items_only(dynamodb, table, run, capsys) -> None:
    hour = 3600
    expired, lasting = str(int(time.time()) - hour), str(int(time.time()) + hour)
    for item in (
        an_item("lost"), an_item("changed"),
        an_item("expired", expires_at=expired), an_item("lasting", expires_at=lasting),
    ):  # fmt: skip
        dynamodb.put_item(TableName=table, Item=item)
    copy = restore.restore_table(dynamodb, table, datetime(2026, 11, 30, 12, tzinfo=UTC))
    for key in ("lost", "expired", "lasting"):
        dynamodb.delete_item(TableName=table, Key={"PK": {"S": "acme"}, "SK": {"S": key}})
    dynamodb.put_item(TableName=table, Item=an_item("changed") | {"note": {"S": "new"}})

    assert run() == 0  # goes on with the copy that is there

    assert notes(dynamodb, table) == {"lost": "old", "lasting": "old", "changed": "new"}
    assert f"2 of 4 items were missing from {table}" in capsys.readouterr().out
    assert copy in dynamodb.list_tables()["TableNames"]


@pytest.mark.parametrize(("options", "error"), [
    ({"name": "Jobs"}, "TABLE is one of Registry"),
    ({"at": "yesterday"}, "AT is no time"), ({"at": "2026-11-30T12:00:00"}, "needs a time zone"),
])  # fmt: skip
def test_restore_with_bad_option_does_nothing(dynamodb, run, capsys, options, error) -> None:
    assert run(**options) == 1

    assert re.search(error, capsys.readouterr().err)
    assert len(dynamodb.list_tables()["TableNames"]) == 1
