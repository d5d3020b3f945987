"""What is due is sent, noted, and sent again."""

import json
from typing import Any

import pytest

from jobs.kit.errors import UnavailableError
from jobs.webhooks.deliver_webhook import ATTEMPTS
from jobs.webhooks.errors import NotDeliveredError
from jobs.webhooks.signature import signed
from jobs.webhooks.webhook import DeliveryState
from tests.handlers.conftest import TENANT
from tests.handlers.webhooks.conftest import DELIVERY, JOB, SECRET, URL
from tests.support import NOON


def test_what_is_due_is_sent_signed_and_noted(invoke, world, planned, internet) -> None:
    planned()

    made = invoke("workers/deliver_webhook")

    [(url, headers, body)] = internet.posted
    assert made == {"batchItemFailures": []}
    assert (url, body) == (URL, b'{"type":"job.completed"}')
    proof = signed([SECRET], id=DELIVERY, seconds=NOON // 1000, body=body.decode())
    assert headers == {"Content-Type": "application/json", **proof}
    [told] = world.deliveries.of_job(TENANT, JOB)
    assert (told.state, [each.status for each in told.attempts]) == (DeliveryState.DELIVERED, [204])


@pytest.mark.parametrize("answer", [500, 302, NotDeliveredError("timeout")])
def test_what_is_not_taken_comes_back_later(invoke, world, planned, internet, answer) -> None:
    planned()
    internet.answer = answer

    made = invoke("workers/deliver_webhook")

    [failed] = made["batchItemFailures"]
    [(receipt, seconds)] = world.queues.held
    assert failed == {"itemIdentifier": "059f36b4-87a3-44ab-83d2-661975830a7d"}
    assert receipt == "EXAMPLE-receipt-handle"
    assert seconds in range(5, 7)


def test_a_receiver_that_fails_is_nothing_to_be_alarmed_about(
    invoke, planned, internet, log
) -> None:
    planned()
    internet.answer = 500

    invoke("workers/deliver_webhook")

    assert {line["level"] for line in log()} == {"INFO"}


def test_its_last_attempt_leaves_it_to_the_dead_letters_at_once(
    invoke, event, world, planned, internet
) -> None:
    planned()
    internet.answer = 500
    last = event("workers/deliver_webhook")
    last["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(ATTEMPTS)

    made = invoke("workers/deliver_webhook", last)

    [told] = world.deliveries.of_job(TENANT, JOB)
    assert len(made["batchItemFailures"]) == 1
    assert world.queues.held == [("EXAMPLE-receipt-handle", 0)]
    assert told.state is DeliveryState.FAILED


def test_of_what_is_sent_the_log_says_neither_where_to_nor_what(
    invoke, planned, internet, log
) -> None:
    planned()

    invoke("workers/deliver_webhook")

    [line] = log()
    assert (line["message"], line["tenant"], line["job_id"], line["delivery_id"]) == (
        "webhook sent", TENANT, JOB, DELIVERY
    )  # fmt: skip
    assert (line["status"], line.get("error"), line.get("again_in")) == (204, None, None)
    assert "hooks.example.com" not in json.dumps(line)
    assert SECRET not in json.dumps(line)


def test_what_nobody_knows_any_more_is_dropped(invoke, internet) -> None:
    assert invoke("workers/deliver_webhook") == {"batchItemFailures": []}
    assert internet.posted == []


def test_what_fails_on_our_side_is_sent_again_by_the_queue(
    invoke, planned, internet, monkeypatch, log
) -> None:
    planned()
    internet.answer = UnavailableError("SlowDown")

    made = invoke("workers/deliver_webhook")

    assert len(made["batchItemFailures"]) == 1
    assert [line["level"] for line in log()] == ["ERROR"]


@pytest.fixture
def deliver(invoke, event, planned):
    """Have a delivery sent whose message has come so often by now."""

    def run(received: int) -> Any:
        planned()
        message = event("workers/deliver_webhook")
        message["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(received)
        return invoke("workers/deliver_webhook", message)

    return run


@pytest.mark.parametrize(
    ("received", "pauses"), [(1, range(5, 7)), (5, range(405, 447)), (12, range(17_500, 19_251))]
)
def test_what_fails_on_our_side_uses_up_no_more_of_a_day_than_what_fails_on_theirs(
    deliver, world, monkeypatch, received, pauses
) -> None:
    monkeypatch.setattr(world.deliveries, "get", unavailable)

    made = deliver(received)

    [(_, seconds)] = world.queues.held
    assert len(made["batchItemFailures"]) == 1
    assert seconds in pauses


def unavailable(*_: Any) -> None:
    raise UnavailableError


@pytest.mark.parametrize("case", [
    (204, 1, "delivered"), (500, 1, "failed"), (500, ATTEMPTS, "given_up"), (410, 1, "given_up"),
], ids=str)  # fmt: skip
def test_how_webhooks_fare_is_printed_as_a_metric_of_the_stack_that_names_nobody(
    deliver, internet, capsys, case
) -> None:
    internet.answer, received, outcome = case

    deliver(received)

    printed = json.loads(capsys.readouterr().out)
    [about] = printed.pop("_aws")["CloudWatchMetrics"]
    [dimensions] = about.pop("Dimensions")
    assert about == {
        "Namespace": "sortie-test", "Metrics": [{"Name": "Webhooks", "Unit": "Count"}]
    }  # fmt: skip
    assert {*dimensions} == {"service", "outcome"}
    assert printed == {"service": "sortie", "outcome": outcome, "Webhooks": [1.0]}
