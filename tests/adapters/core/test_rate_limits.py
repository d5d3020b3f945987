"""Rate limits count exactly, from the first request of a window."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from jobs.core.adapters.dynamodb.rate_limits import DynamoRateLimits
from jobs.core.rate_limit import Allowance, Limit
from jobs.kit.errors import UnavailableError
from tests.support import NOON

MINUTE = 60_000
THREE = Limit("create", 3, MINUTE)
CALLERS = 8


@pytest.fixture
def limit_table(engine, clock) -> DynamoRateLimits:
    return DynamoRateLimits(engine.client, engine.missions, clock)


def left(remaining: int, *, since: int = NOON, granted: bool = True) -> Allowance:
    return Allowance(limit=3, remaining=remaining, resets_at=since + MINUTE, granted=granted)


def test_full_window_refuses_requests(rate_limits, clock, tenant) -> None:
    allowances = []
    for _ in range(5):
        allowances.append(rate_limits.take(tenant, THREE))
        clock.advance(1000)

    rejected = left(0, granted=False)
    assert allowances == [left(2), left(1), left(0), rejected, rejected]


def test_window_lasts_from_first_request_to_the_millisecond(rate_limits, clock, tenant) -> None:
    clock.advance(12_345)
    began = clock()
    for _ in range(3):
        rate_limits.take(tenant, THREE)

    clock.advance(MINUTE - 1)
    assert not rate_limits.take(tenant, THREE).granted
    clock.advance(1)
    assert rate_limits.take(tenant, THREE) == left(2, since=began + MINUTE)


def test_refused_request_does_not_count_or_extend_window(rate_limits, clock, tenant) -> None:
    for _ in range(20):
        rate_limits.take(tenant, THREE)

    clock.advance(MINUTE)

    assert rate_limits.take(tenant, THREE) == left(2, since=NOON + MINUTE)


def test_each_owner_and_limit_has_its_own_window(rate_limits, tenant) -> None:
    other = Limit("share", 3, MINUTE)
    for _ in range(4):
        rate_limits.take(tenant, THREE)

    assert rate_limits.take(f"{tenant}-rival", THREE) == left(2)
    assert rate_limits.take(tenant, other) == left(2)


def test_lowered_limit_applies_to_open_window(rate_limits, tenant) -> None:
    for _ in range(3):
        rate_limits.take(tenant, THREE)

    assert not rate_limits.take(tenant, Limit("create", 2, MINUTE)).granted


@pytest.mark.parametrize("any_engine", ["sqlite", "ministack"], indirect=True)  # moto has no locks
@pytest.mark.parametrize("past", [0, 1])
def test_racing_requests_are_granted_up_to_limit(rate_limits, clock, tenant, past) -> None:
    for _ in range(past):  # the window has ended: each thread tries to begin a new one
        rate_limits.take(tenant, Limit("create", 30, MINUTE))
        clock.advance(MINUTE)

    with ThreadPoolExecutor(CALLERS) as callers:
        limits = [Limit("create", 30, MINUTE)] * 50
        allowances = [*callers.map(lambda limit: rate_limits.take(tenant, limit), limits)]

    assert Counter(each.granted for each in allowances) == {True: 30, False: 20}
    assert sorted(each.remaining for each in allowances if each.granted) == [*range(30)]
    assert {each.resets_at for each in allowances} == {clock() + MINUTE}


FAST = Limit("messages", 21, 20)
"""1,050 requests a second: five items share it."""


@pytest.mark.parametrize("shift", [0, 19])
def test_high_limit_is_exact_over_its_items(limit_table, engine, clock, tenant, shift) -> None:
    limit_table.take(tenant, FAST)
    clock.advance(shift)

    allowances = [limit_table.take(tenant, FAST) for _ in range(22)]

    assert [each.granted for each in allowances] == [True] * 20 + [False] * 2
    assert {(each.limit, each.resets_at) for each in allowances} == {(21, NOON + 20)}
    assert allowances[19].remaining == allowances[21].remaining == 0
    clock.advance(20 - shift)
    assert limit_table.take(tenant, FAST).granted
    keys = [f"LIMIT#{tenant}#messages{part}" for part in ("", "#1", "#2", "#3", "#4")]
    found = [
        engine.client.get_item(
            TableName=engine.missions, Key={"PK": {"S": key}, "SK": {"S": "WINDOW"}}
        )
        for key in keys
    ]
    assert all("Item" in each for each in found)


def test_request_of_high_limit_takes_one_call(limit_table, engine, tenant) -> None:
    limit = Limit("messages", 1000 * 60, MINUTE)
    for _ in range(40):  # each item has begun its window
        limit_table.take(tenant, limit)

    with engine.calls() as calls:
        limit_table.take(tenant, limit)

    assert calls == ["UpdateItem"]


def test_request_in_open_window_takes_one_call(limit_table, engine, tenant) -> None:
    limit_table.take(tenant, THREE)

    for _ in range(3):
        with engine.calls() as calls:
            limit_table.take(tenant, THREE)
        assert calls == ["UpdateItem"]


def test_lost_response_never_grants_more_than_limit(limit_table, engine, tenant) -> None:
    limit_table.take(tenant, THREE)

    with engine.losing_answer("UpdateItem") as lost:
        assert limit_table.take(tenant, THREE) == left(0)

    assert lost
    assert not limit_table.take(tenant, THREE).granted


def test_throttled_table_raises_unavailable(limit_table, engine, tenant) -> None:
    with engine.failing("ThrottlingException"), pytest.raises(UnavailableError):
        limit_table.take(tenant, THREE)


def test_window_ttl_is_after_its_end(limit_table, engine, tenant) -> None:
    limit_table.take(tenant, THREE)

    key = {"PK": {"S": f"LIMIT#{tenant}#create"}, "SK": {"S": "WINDOW"}}
    item = engine.client.get_item(TableName=engine.missions, Key=key)["Item"]
    assert int(item["expires_at"]["N"]) * 1000 >= NOON + MINUTE
