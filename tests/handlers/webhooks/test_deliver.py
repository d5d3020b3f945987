"""The worker that delivers webhooks."""

import json
from typing import Any

import pytest

from jobs.kit.errors import UnavailableError
from jobs.webhooks.deliver_webhook import MAX_ATTEMPTS
from jobs.webhooks.errors import NotDeliveredError
from jobs.webhooks.signature import sign
from jobs.webhooks.webhook import DeliveryState
from jobs.webhooks.wiring import wiring as webhooks
from tests.handlers.conftest import TENANT
from tests.handlers.webhooks.conftest import DELIVERY, JOB, SECRET, URL
from tests.support import HOUR, NOON, Broken


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
def test_failed_attempt_queues_the_next_one_with_delay(
    invoke, world, planned, internet, answer
) -> None:
    planned()
    internet.answer = answer

    made = invoke("workers/deliver_webhook")

    [queued] = world.queues.sent
    assert made == {"batchItemFailures": []}  # SQS deletes the message
    assert (queued["deliveryId"], queued["number"], queued["index"]) == (DELIVERY, 2, 1)
    assert queued["due"] in range(NOON + 5000, NOON + 7000)


def test_failed_attempt_logs_no_error(invoke, planned, internet, log) -> None:
    planned()
    internet.answer = 500

    invoke("workers/deliver_webhook")

    assert {line["level"] for line in log()} == {"INFO"}


def test_last_failed_attempt_becomes_dead_letter_at_once(deliver, world, internet) -> None:
    internet.answer = 500

    made = deliver(MAX_ATTEMPTS)

    [delivery] = world.deliveries.list_by_job(TENANT, JOB)
    [letter] = world.queues.sent
    assert made == {"batchItemFailures": []}
    assert delivery.state is DeliveryState.FAILED
    assert (letter["deliveryId"], letter["number"], letter["index"]) == (DELIVERY, 1, 1)


def test_attempt_of_a_paused_receiver_is_logged_as_such(invoke, world, planned, log) -> None:
    webhooks.receivers.pause(planned().receiver, until=NOON + HOUR)

    invoke("workers/deliver_webhook")

    [line] = log()
    [delivery] = world.deliveries.list_by_job(TENANT, JOB)
    assert (line["message"], line["error"], line["tenant"]) == ("webhook paused", "paused", TENANT)
    assert [each.error for each in delivery.attempts] == ["paused"]
    assert world.queues.sent[0]["number"] == 2


def test_attempt_without_a_free_place_is_put_off(invoke, world, planned, internet, log) -> None:
    planned()
    world.places.take(TENANT)

    made = invoke("workers/deliver_webhook")

    [queued] = world.queues.sent
    assert made == {"batchItemFailures": []}
    assert (queued["number"], queued["index"], queued["deferrals"]) == (1, 0, 1)
    assert (internet.posted, log()) == ([], [])


def test_message_of_an_earlier_version_goes_on(invoke, event, world, planned, internet) -> None:
    planned()
    internet.answer = 500
    old = event("workers/deliver_webhook")
    ref = {"tenant": TENANT, "jobId": JOB, "deliveryId": DELIVERY}
    old["Records"][0]["body"] = json.dumps(ref)
    old["Records"][0]["attributes"]["ApproximateReceiveCount"] = "7"

    invoke("workers/deliver_webhook", old)

    assert world.queues.sent[0]["number"] == 8


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


def test_internal_failure_puts_the_attempt_off_and_logs_error(
    invoke, world, planned, internet, log
) -> None:
    planned()
    internet.answer = UnavailableError("SlowDown")

    made = invoke("workers/deliver_webhook")

    [queued] = world.queues.sent
    assert made == {"batchItemFailures": []}
    assert (queued["number"], queued["deferrals"]) == (1, 1)
    assert queued["due"] > NOON
    assert [line["level"] for line in log()] == ["ERROR"]


def test_internal_failure_with_queue_unavailable_returns_message(
    invoke, planned, world, rewire, monkeypatch
) -> None:
    planned()
    monkeypatch.setattr(world.deliveries, "get", unavailable)
    rewire(webhooks, delivery_queue=Broken(UnavailableError()))

    made = invoke("workers/deliver_webhook")

    assert len(made["batchItemFailures"]) == 1


@pytest.fixture
def deliver(invoke, event, planned):
    """Make a webhook's attempt of this number."""

    def run(number: int) -> Any:
        planned()
        message = event("workers/deliver_webhook")
        body = json.loads(message["Records"][0]["body"])
        message["Records"][0]["body"] = json.dumps({**body, "number": number})
        return invoke("workers/deliver_webhook", message)

    return run


def unavailable(*_: Any) -> None:
    raise UnavailableError


@pytest.mark.parametrize("case", [
    (204, 1, "delivered"), (500, 1, "failed"), (500, MAX_ATTEMPTS, "given_up"),
    (410, 1, "given_up"), (NotDeliveredError("paused"), 1, "paused"),
], ids=str)  # fmt: skip
def test_attempt_metric_has_outcome_and_no_tenant(deliver, internet, capsys, case) -> None:
    internet.answer, number, outcome = case

    deliver(number)

    printed = json.loads(capsys.readouterr().out)
    [metrics] = printed.pop("_aws")["CloudWatchMetrics"]
    [dimensions] = metrics.pop("Dimensions")
    assert metrics == {
        "Namespace": "sortie-test", "Metrics": [{"Name": "Webhooks", "Unit": "Count"}]
    }  # fmt: skip
    assert {*dimensions} == {"service", "outcome"}
    assert printed == {"service": "sortie", "outcome": outcome, "Webhooks": [1.0]}
