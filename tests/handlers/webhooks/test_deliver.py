"""The worker that delivers webhooks."""

import json
from typing import Any

import pytest

from jobs.kit.errors import UnavailableError
from jobs.webhooks.deliver_webhook import MAX_ATTEMPTS
from jobs.webhooks.errors import NotDeliveredError
from jobs.webhooks.signature import sign
from jobs.webhooks.webhook import DeliveryState
from tests.handlers.conftest import TENANT
from tests.handlers.webhooks.conftest import DELIVERY, JOB, SECRET, URL
from tests.support import NOON


def test_delivery_succeeds_signed_and_stores_attempt(invoke, world, planned, internet) -> None:
    planned()

    made = invoke("workers/deliver_webhook")

    [(url, headers, body)] = internet.posted
    assert made == {"batchItemFailures": []}
    assert (url, body) == (URL, b'{"type":"job.completed"}')
    signature = sign([SECRET], id=DELIVERY, timestamp_s=NOON // 1000, body=body.decode())
    assert headers == {"Content-Type": "application/json", **signature}
    [delivery] = world.deliveries.list_by_job(TENANT, JOB)
    assert (delivery.state, [each.status for each in delivery.attempts]) == (
        DeliveryState.DELIVERED,
        [204],
    )


@pytest.mark.parametrize("answer", [500, 302, NotDeliveredError("timeout")])
def test_failed_attempt_returns_message_with_delay(
    invoke, world, planned, internet, answer
) -> None:
    planned()
    internet.answer = answer

    made = invoke("workers/deliver_webhook")

    [failed] = made["batchItemFailures"]
    [(receipt, seconds)] = world.queues.held
    assert failed == {"itemIdentifier": "059f36b4-87a3-44ab-83d2-661975830a7d"}
    assert receipt == "EXAMPLE-receipt-handle"
    assert seconds in range(5, 7)


def test_failed_attempt_logs_no_error(invoke, planned, internet, log) -> None:
    planned()
    internet.answer = 500

    invoke("workers/deliver_webhook")

    assert {line["level"] for line in log()} == {"INFO"}


def test_last_failed_attempt_becomes_dead_letter_at_once(
    invoke, event, world, planned, internet
) -> None:
    planned()
    internet.answer = 500
    last = event("workers/deliver_webhook")
    last["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(MAX_ATTEMPTS)

    made = invoke("workers/deliver_webhook", last)

    [delivery] = world.deliveries.list_by_job(TENANT, JOB)
    assert len(made["batchItemFailures"]) == 1
    assert world.queues.held == [("EXAMPLE-receipt-handle", 0)]
    assert delivery.state is DeliveryState.FAILED


def test_delivery_log_has_no_url_or_secret(invoke, planned, internet, log) -> None:
    planned()

    invoke("workers/deliver_webhook")

    [line] = log()
    assert (line["message"], line["tenant"], line["job_id"], line["delivery_id"]) == (
        "webhook sent", TENANT, JOB, DELIVERY
    )  # fmt: skip
    assert (line["status"], line.get("error"), line.get("retry_in_s")) == (204, None, None)
    assert "hooks.example.com" not in json.dumps(line)
    assert SECRET not in json.dumps(line)


def test_delivery_not_found_drops_message(invoke, internet) -> None:
    assert invoke("workers/deliver_webhook") == {"batchItemFailures": []}
    assert internet.posted == []


def test_internal_failure_returns_message_and_logs_error(
    invoke, planned, internet, monkeypatch, log
) -> None:
    planned()
    internet.answer = UnavailableError("SlowDown")

    made = invoke("workers/deliver_webhook")

    assert len(made["batchItemFailures"]) == 1
    assert [line["level"] for line in log()] == ["ERROR"]


@pytest.fixture
def deliver(invoke, event, planned):
    """Deliver a webhook whose message has this receive count."""

    def run(receive_count: int) -> Any:
        planned()
        message = event("workers/deliver_webhook")
        message["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(receive_count)
        return invoke("workers/deliver_webhook", message)

    return run


@pytest.mark.parametrize(
    ("receive_count", "delays"),
    [(1, range(5, 7)), (5, range(405, 447)), (12, range(17_500, 19_251))],
)
def test_internal_failure_uses_same_backoff_as_receiver_failure(
    deliver, world, monkeypatch, receive_count, delays
) -> None:
    monkeypatch.setattr(world.deliveries, "get", unavailable)

    made = deliver(receive_count)

    [(_, seconds)] = world.queues.held
    assert len(made["batchItemFailures"]) == 1
    assert seconds in delays


def unavailable(*_: Any) -> None:
    raise UnavailableError


@pytest.mark.parametrize("case", [
    (204, 1, "delivered"), (500, 1, "failed"), (500, MAX_ATTEMPTS, "given_up"),
    (410, 1, "given_up"),
], ids=str)  # fmt: skip
def test_attempt_metric_has_outcome_and_no_tenant(deliver, internet, capsys, case) -> None:
    internet.answer, receive_count, outcome = case

    deliver(receive_count)

    printed = json.loads(capsys.readouterr().out)
    [metrics] = printed.pop("_aws")["CloudWatchMetrics"]
    [dimensions] = metrics.pop("Dimensions")
    assert metrics == {
        "Namespace": "sortie-test", "Metrics": [{"Name": "Webhooks", "Unit": "Count"}]
    }  # fmt: skip
    assert {*dimensions} == {"service", "outcome"}
    assert printed == {"service": "sortie", "outcome": outcome, "Webhooks": [1.0]}
