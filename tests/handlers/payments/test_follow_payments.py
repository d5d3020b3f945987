"""The workers that watch open payments."""

import json
from types import SimpleNamespace

import pytest

from jobs.kit.aws.stepfunctions import timestamp
from jobs.payments.adapters.records import to_payment
from jobs.payments.payment import PaymentState
from jobs.payments.wiring import wiring as payments_wiring
from tests.databases import Payments
from tests.payments import PAY_TO, Ledger, an_authorization
from tests.support import HOUR, NOON


class Executions:
    """The part of Step Functions that handlers use."""

    def __init__(self) -> None:
        self.started: dict[str, dict[str, str]] = {}
        self.exceptions = SimpleNamespace(ExecutionAlreadyExists=FileExistsError)

    def start_execution(self, **request: str) -> None:
        if request["name"] in self.started:
            raise FileExistsError
        self.started[request["name"]] = request


@pytest.fixture
def machine(monkeypatch, rewire) -> Executions:
    made = Executions()
    monkeypatch.setenv("PAYMENT_ARN", "arn:machine")
    rewire(payments_wiring.core, aws=SimpleNamespace(step_functions=made))
    return made


def later(record, **image):
    changed = {"dynamodb": {"NewImage": record["dynamodb"]["NewImage"] | image}}
    return record | changed


def test_follow_open_payment_starts_timer_at_lease_end(invoke, machine) -> None:
    invoke("workers/follow_payments")

    [started] = machine.started.values()
    execution = json.loads(started["input"])
    assert execution.keys() == {"paymentId", "tenant", "at"}
    assert execution["at"] == timestamp(NOON + 40_000)
    assert len(started["name"]) <= 80


def test_follow_closed_payment_starts_no_timer(invoke, event, machine) -> None:
    [record] = event("workers/follow_payments")["Records"]
    closed = later(record, state={"S": "settled"}, transaction={"S": "0x"})

    invoke("workers/follow_payments", {"Records": [record, closed]})

    assert machine.started == {}


def test_follow_same_batch_twice_starts_one_timer(invoke, machine) -> None:
    invoke("workers/follow_payments")
    invoke("workers/follow_payments")

    assert len(machine.started) == 1


def test_follow_payment_reserved_again_starts_new_timer(invoke, event, machine) -> None:
    [record] = event("workers/follow_payments")["Records"]
    anew = later(record, created_at={"N": str(NOON + HOUR)}, attempt={"N": "2"})

    invoke("workers/follow_payments")
    invoke("workers/follow_payments", {"Records": [anew]})

    assert len(machine.started) == 2


# ── The worker of checks ──────────────────────────────────────────────────────────

DONE = {"batchItemFailures": []}


@pytest.fixture
def open_payment(monkeypatch, event, clock, rewire):
    [record] = event("workers/follow_payments")["Records"]
    payment = to_payment(record["dynamodb"]["NewImage"])
    payments, ledger = Payments(clock), Ledger(clock)
    payments.reserve(payment, replacing=None)
    monkeypatch.setenv("PAY_TO", PAY_TO)
    rewire(payments_wiring, payments=payments)
    rewire(payments_wiring, chain=ledger)
    return SimpleNamespace(
        id=payment.id,
        ledger=ledger,
        authorization=an_authorization(payer=payment.payer, nonce=payment.nonce),
        state=lambda: payments.find(payment.id).state,
    )


def test_check_of_leased_payment_comes_again_after_the_lease(
    invoke, event, open_payment, world
) -> None:
    [record] = event("workers/watch_payment")["Records"]

    assert invoke("workers/watch_payment") == DONE

    assert world.queues.sent == [json.loads(record["body"])]
    assert (world.queues.delays, world.queues.groups) == ([40], ["demo"])
    assert open_payment.ledger.calls == []


def test_check_of_settled_payment_stores_job_and_is_the_last(
    invoke, open_payment, clock, world
) -> None:
    open_payment.ledger.move(open_payment.authorization)
    clock.advance(HOUR)

    for _ in range(2):  # delivered again
        assert invoke("workers/watch_payment") == DONE

    assert open_payment.state() is PaymentState.SETTLED
    [job] = world.repository.all()
    assert job.id == "019b7963-4a00-7000-8000-000000000001"
    assert (job.created_at, job.deadline) == (clock(), clock() + 30_000)
    assert world.queues.sent == []


def test_check_of_unknown_payment_comes_again(invoke, open_payment, clock, world) -> None:
    clock.advance(40_000)

    assert invoke("workers/watch_payment") == DONE

    assert world.queues.delays == [30]
    assert open_payment.state() is PaymentState.UNKNOWN
    assert "settle" not in open_payment.ledger.calls


def test_late_check_of_old_payment_comes_again_within_sqs_longest_delay(
    invoke, open_payment, clock, world
) -> None:
    open_payment.ledger.faults["time"] = ["unknown"]
    clock.advance(20 * HOUR)

    assert invoke("workers/watch_payment") == DONE

    assert world.queues.delays == [900]


def test_check_of_expired_payment_releases_it(invoke, open_payment, clock, world) -> None:
    clock.advance(181_000)

    assert invoke("workers/watch_payment") == DONE

    assert open_payment.state() is PaymentState.RELEASED
    assert world.repository.all() == []
    assert world.queues.sent == []


def test_payment_unknown_for_a_day_becomes_a_dead_letter(
    invoke, event, open_payment, world, log
) -> None:
    open_payment.ledger.faults["time"] = ["unknown"]
    world.clock.advance(25 * HOUR)
    [record] = event("workers/watch_payment")["Records"]

    answer = invoke("workers/watch_payment")

    assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    assert open_payment.state() is PaymentState.UNKNOWN
    assert world.queues.sent == []
    assert log()[-1]["level"] == "ERROR"


def test_check_that_cannot_read_is_delivered_again(invoke, event, open_payment, rewire) -> None:
    rewire(payments_wiring, payments=None)
    [record] = event("workers/watch_payment")["Records"]

    answer = invoke("workers/watch_payment")

    assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}


@pytest.mark.parametrize(("hours", "answer"), [
    (0, {"outcome": "open", "again": "2026-01-01T12:00:40Z"}),
    (1, {"outcome": "over"}),
    (25, {"outcome": "unknown"}),
])  # fmt: skip
def test_execution_of_previous_version_gets_the_outcome(
    invoke, open_payment, world, hours, answer
) -> None:
    open_payment.ledger.faults["time"] = ["unknown"] * (hours == 25)
    world.clock.advance(hours * HOUR)

    given = invoke("workers/watch_payment", {"paymentId": open_payment.id})

    assert given == answer
    assert world.queues.sent == []


def test_check_of_missing_payment_is_the_last(invoke, open_payment, event, world) -> None:
    [record] = event("workers/watch_payment")["Records"]
    body = json.dumps({"paymentId": "auth#nothing", "tenant": "demo"})

    assert invoke("workers/watch_payment", {"Records": [record | {"body": body}]}) == DONE
    assert world.queues.sent == []
