"""The endpoints that list deliveries and redeliver them."""

import pytest

from jobs.core.job import JobRef
from jobs.kit.errors import UnavailableError
from jobs.webhooks.webhook import Attempt, DeliveryState
from jobs.webhooks.wiring import wiring as webhooks
from tests.handlers.webhooks.conftest import DELIVERY, JOB, URL
from tests.support import NOON, Broken


def test_list_deliveries_returns_deliveries_with_attempts(ask, world, planned) -> None:
    first = planned()
    world.deliveries.add_attempt(
        first, Attempt(at=NOON + 100, ms=10_000, error="timeout"), DeliveryState.PENDING
    )
    world.deliveries.add_attempt(
        first, Attempt(at=NOON + 15_100, ms=25, status=200), DeliveryState.DELIVERED
    )
    planned(id=JOB, sequence=1, event="created", subscription="crm")

    answer = ask("list_deliveries")

    assert answer.status == 200
    assert answer.body == {"deliveries": [
        {
            "deliveryId": JOB,
            "jobId": JOB,
            "dialect": "messaging",
            "subscription": "crm",
            "url": URL,
            "event": "created",
            "sequence": 1,
            "status": "pending",
            "createdAt": "2026-01-01T12:00:00.000Z",
            "attempts": [],
        },
        {
            "deliveryId": DELIVERY,
            "jobId": JOB,
            "dialect": "messaging",
            "url": URL,
            "event": "completed",
            "sequence": 3,
            "status": "delivered",
            "createdAt": "2026-01-01T12:00:00.000Z",
            "attempts": [
                {
                    "at": "2026-01-01T12:00:00.100Z", "durationMs": 10_000, "error": "timeout",
                    "errorClass": "timeout",
                },
                {"at": "2026-01-01T12:00:15.100Z", "durationMs": 25, "status": 200},
            ],
        },
    ]}  # fmt: skip


def test_deliveries_of_other_tenant_are_not_found(ask, planned) -> None:
    planned(ref=JobRef(tenant="rival", kind="messaging", id=JOB))

    assert ask("list_deliveries").body == {"deliveries": []}
    again = ask("redeliver")
    assert (again.status, again.body["code"]) == (404, "DELIVERY_NOT_FOUND")


@pytest.mark.parametrize("query", [None, {}, {"jobId": ""}, {"jobId": "x"}, {"jobId": f"{JOB}#"}])
def test_list_deliveries_without_valid_job_id_returns_400(ask, query) -> None:
    answer = ask("list_deliveries", queryStringParameters=query)

    assert (answer.status, answer.body) == (400, {
        "success": False,
        "error": "jobId must be a job's id",
        "code": "INVALID_REQUEST",
    })  # fmt: skip


def test_redeliver_queues_failed_delivery(ask, world, planned) -> None:
    delivery = planned()
    world.deliveries.add_attempt(delivery, Attempt(at=NOON, ms=5, status=500), DeliveryState.FAILED)

    answer = ask("redeliver")

    assert (answer.status, answer.body["status"]) == (202, "pending")
    assert len(answer.body["attempts"]) == 1
    [queued] = world.queues.sent
    assert (queued["deliveryId"], queued["number"], queued["index"]) == (DELIVERY, 1, 1)


@pytest.mark.parametrize("wrong", ["x", f"{DELIVERY}x", "019b7963-4a00-7000-8000-00000000000f"])
def test_redeliver_unknown_delivery_returns_404(ask, wrong) -> None:
    answer = ask("redeliver", pathParameters={"deliveryId": wrong})

    assert (answer.status, answer.body["code"]) == (404, "DELIVERY_NOT_FOUND")


def test_redeliver_after_max_attempts_returns_409(ask, world, planned) -> None:
    planned(attempts=(Attempt(at=NOON, ms=1, status=500),) * 200)

    answer = ask("redeliver")

    assert (answer.status, answer.body["code"]) == (409, "DELIVERY_EXHAUSTED")


@pytest.mark.parametrize("name", ["list_deliveries", "redeliver"])
def test_endpoint_with_log_unavailable_returns_503_retry_after(ask, rewire, name) -> None:
    rewire(webhooks, delivery_log=Broken(UnavailableError()))

    answer = ask(name)

    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


@pytest.mark.parametrize("name", ["list_deliveries", "redeliver"])
def test_endpoint_with_unexpected_error_returns_500_no_details(ask, rewire, name) -> None:
    rewire(webhooks, delivery_log=None)

    answer = ask(name)

    assert (answer.status, answer.body["error"]) == (500, "Internal server error")
