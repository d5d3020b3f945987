"""Usage: of jobs with their counts, of webhooks and payments by a worker of its own."""

import json
from datetime import date
from typing import Any

import pytest

TODAY = date(2026, 1, 1)
KEY = "0123456789ab"


@pytest.fixture
def used(world):
    """Return the counts of the events' tenant, or of a key, by source."""

    def read(key_id: str | None = None) -> Any:
        found = world.usage.read("demo", first=TODAY, last=TODAY, key_id=key_id)
        return {each.source: each.counts for each in found}

    return read


def test_attempts_of_delivery_are_counted_once(invoke, used) -> None:
    invoke("workers/count_usage")
    invoke("workers/count_usage")

    assert used() == used(KEY) == {"webhooks": {"attempts": 2}}


@pytest.mark.parametrize("error", ["paused", "no_secret"])
def test_attempt_that_was_not_made_is_not_counted(invoke, event, used, error) -> None:
    changed = event("workers/count_usage")
    image = changed["Records"][0]["dynamodb"]["NewImage"]
    attempt = {"at": 1767268800100, "ms": 0, "status": None, "error": error}
    image["attempts"]["L"].insert(0, {"S": json.dumps(attempt)})

    invoke("workers/count_usage", changed)

    assert used() == {"webhooks": {"attempts": 2}}


def test_settled_payment_is_counted_with_its_amount(invoke, event, used) -> None:
    changed = event("workers/follow_payments")
    image = changed["Records"][0]["dynamodb"]["NewImage"]
    image |= {"state": {"S": "settled"}, "key_id": {"S": KEY}}

    invoke("workers/count_usage", changed)
    invoke("workers/count_usage", changed)

    assert used() == used(KEY) == {"payments": {"count.base": 1, "amount.base": 20_000}}


@pytest.mark.parametrize("state", ["claimed", "unknown", "refused", "released"])
def test_payment_that_is_not_settled_is_not_counted(invoke, event, used, state) -> None:
    changed = event("workers/follow_payments")
    changed["Records"][0]["dynamodb"]["NewImage"]["state"] = {"S": state}

    invoke("workers/count_usage", changed)

    assert used() == {}


def test_published_changes_count_the_usage_of_their_job(invoke, event, used) -> None:
    changed = event("workers/publish_events")
    for record in changed["Records"]:
        record["dynamodb"]["NewImage"] |= {
            "key_id": {"S": KEY}, "tokens_in": {"N": "7"}, "tokens_out": {"N": "3"},
        }  # fmt: skip

    invoke("workers/publish_events", changed)
    invoke("workers/publish_events", changed)

    assert used(KEY)["messaging"].keys() == {"SUCCEEDED", "run_ms", "tokens_in", "tokens_out"}
    assert used()["messaging"]["SUCCEEDED"] == 1
