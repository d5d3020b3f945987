"""The rate limit of a tenant's messages."""

import pytest

from jobs.core.tenant_limits import TenantLimits
from tests.handlers.conftest import TENANT
from tests.support import NOON

RESETS_AT = str(NOON // 1000 + 60)


@pytest.fixture(autouse=True)
def _two(monkeypatch) -> None:
    monkeypatch.setenv("MESSAGES_PER_MINUTE", "2")


def test_create_within_limit_sends_rate_headers(create) -> None:
    headers = create().headers

    assert {name: text for name, text in headers.items() if name.startswith("X-RateLimit")} == {
        "X-RateLimit-Limit": "2",
        "X-RateLimit-Remaining": "1",
        "X-RateLimit-Reset": RESETS_AT,
    }
    assert "X-RateLimit-Reset" in headers["Access-Control-Expose-Headers"]


def test_create_over_limit_is_429_and_stores_nothing(create, clock, world) -> None:
    create()
    clock.advance(15_500)
    create()

    answer = create()

    assert answer.status == 429
    assert answer.body == {
        "success": False,
        "error": "Too many messages, try again after the time in Retry-After",
        "code": "TOO_MANY_REQUESTS",
    }
    assert (answer.headers["Retry-After"], answer.headers["X-RateLimit-Reset"]) == ("45", RESETS_AT)
    assert len(world.repository.all()) == 2


def test_create_after_window_is_accepted_again(create, clock) -> None:
    for _ in range(3):
        create()
    clock.advance(60_000)

    assert create().status == 201


def test_invalid_create_does_not_count(create) -> None:
    for _ in range(5):
        assert create(content="").status == 400

    assert create().headers["X-RateLimit-Remaining"] == "1"


def test_repeated_create_over_limit_returns_first_job(create) -> None:
    first = create(headers={"Idempotency-Key": "k"})
    create()

    again = create(headers={"Idempotency-Key": "k"})

    assert (again.status, again.text) == (201, first.text)
    assert create(headers={"Idempotency-Key": "new"}).status == 429


def test_own_limit_of_tenant_replaces_parameter(create, world) -> None:
    world.tenant_limits.put_limits(TENANT, TenantLimits(messages_per_minute=3))

    assert [create().status for _ in range(4)] == [201, 201, 201, 429]
