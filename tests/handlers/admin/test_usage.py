"""GET /admin/usage."""

from datetime import date
from typing import Any

import pytest

from jobs.admin.wiring import wiring as admin_wiring
from jobs.core.adapters.sqlite.usage import SqliteUsage
from jobs.core.usage import Usage, UsageLog

TODAY = date(2026, 1, 1)
KEY = "0123456789ab"
NOTHING = {"jobs": [], "webhookAttempts": 0, "payments": []}


@pytest.fixture
def usage(rewire, admin, clock) -> SqliteUsage:
    made = SqliteUsage(admin.registry.database, clock)
    rewire(admin_wiring, usage=made)
    return made


@pytest.fixture
def use(usage):
    """Add what one source counted on a day."""

    def add(source: str, day: date = TODAY, key_id: str | None = None, **counts: int) -> None:
        named = {name.replace("__", "."): count for name, count in counts.items()}
        entry = Usage(tenant="acme", day=day, source=source, counts=named, key_id=key_id)
        usage.count([UsageLog(id=f"{source} {day} {key_id}", entries=[entry])])

    return add


@pytest.fixture
def read(ask, usage):
    def answer(**query: str) -> Any:
        return ask("get_usage", queryStringParameters={"tenant": "acme"} | query)

    return answer


def test_usage_has_all_sources_by_day_and_a_total(read, use) -> None:
    yesterday = date(2025, 12, 31)
    use("messaging", SUCCEEDED=2, FAILED=1, run_ms=1500, tokens_in=10, tokens_out=3)
    use("messaging", yesterday, SUCCEEDED=1, CANCELLED=1, TIMED_OUT=1, run_ms=500)
    use("webhooks", attempts=4)
    use("payments", count__base=2, amount__base=40_000, count__polygon=1, amount__polygon=20_000)

    answer = read()

    jobs = {
        "dialect": "messaging", "succeeded": 2, "failed": 1, "cancelled": 0, "timedOut": 0,
        "runSeconds": 1.5, "inputTokens": 10, "outputTokens": 3,
    }  # fmt: skip
    more = {"succeeded": 1, "failed": 0, "cancelled": 1, "timedOut": 1, "runSeconds": 0.5}
    today = {
        "jobs": [jobs],
        "webhookAttempts": 4,
        "payments": [
            {"network": "base", "asset": "USDC", "count": 2, "amount": "40000"},
            {"network": "polygon", "asset": "USDC", "count": 1, "amount": "20000"},
        ],
    }
    earlier = NOTHING | {"jobs": [jobs | more | {"inputTokens": 0, "outputTokens": 0}]}
    total = {"succeeded": 3, "cancelled": 1, "timedOut": 1, "runSeconds": 2.0}
    assert (answer.status, answer.body) == (200, {
        "tenant": "acme",
        "firstDay": "2025-12-03",
        "lastDay": "2026-01-01",
        "total": today | {"jobs": [jobs | total]},
        "days": [{"day": "2025-12-31", **earlier}, {"day": "2026-01-01", **today}],
    })  # fmt: skip


def test_usage_of_a_key_is_only_its_own(read, use) -> None:
    use("docs", SUCCEEDED=1)
    use("docs", key_id=KEY, FAILED=1)

    body = read(key=KEY).body

    assert body["key"] == KEY
    assert (body["total"]["jobs"][0]["succeeded"], body["total"]["jobs"][0]["failed"]) == (0, 1)


def test_usage_outside_the_days_is_left_out(read, use) -> None:
    for day in (1, 2, 3, 4):
        use("missions", date(2026, 2, day), SUCCEEDED=1)

    body = read(**{"from": "2026-02-02", "to": "2026-02-03"}).body

    assert [each["day"] for each in body["days"]] == ["2026-02-02", "2026-02-03"]
    assert body["total"]["jobs"][0]["succeeded"] == 2


def test_unknown_tenant_has_no_usage(read) -> None:
    body = read(tenant="nobody").body

    assert (body["total"], body["days"]) == (NOTHING, [])


@pytest.mark.parametrize("query", [
    {"from": "2025-10-02", "to": "2026-01-01"},
    {"from": "2026-01-01", "to": "2026-01-01"},
    {"key": "EXAMPLECLIENTOFNOBODY0000000"},
])  # fmt: skip
def test_usage_of_allowed_days_and_keys_is_read(read, query) -> None:
    assert read(**query).status == 200


@pytest.mark.parametrize(("query", "named"), [
    ({"tenant": ""}, "tenant"),
    ({"tenant": "a#b"}, "tenant"),
    ({"key": ""}, "key"),
    ({"key": "a#b"}, "key"),
    ({"key": "k" * 129}, "key"),
    ({"from": "2025-10-01", "to": "2026-01-01"}, "from"),
    ({"from": "2026-01-02", "to": "2026-01-01"}, "from"),
    ({"to": "0001-01-01"}, "to"),
    ({"from": "20260101"}, "from"),
    ({"from": "2026-02-30"}, "from"),
    ({"to": "2026-1-1"}, "to"),
    ({"to": "2026-01-0\u0661"}, "to"),
    ({"to": "2999-12-32"}, "to"),
    ({"to": ""}, "to"),
])  # fmt: skip
def test_invalid_query_is_refused_by_its_name(read, query, named) -> None:
    answer = read(**query)

    assert (answer.status, answer.body["code"]) == (400, "INVALID_REQUEST")
    assert answer.body["error"].startswith(named)


def test_query_without_tenant_is_refused(ask, usage) -> None:
    assert ask("get_usage", queryStringParameters=None).status == 400
