"""The workers that watch open payments."""

import json
from types import SimpleNamespace

import pytest

from jobs.payments.adapters.records import to_payment
from jobs.payments.payment import PaymentState
from jobs.payments.wiring import wiring as payments_wiring
from tests.fakes.memory_payments import InMemoryPayments
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
    assert execution.keys() == {"paymentId", "at"}
    assert execution["at"] == "2026-01-01T12:00:40Z"
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


# ── The state machine's worker ────────────────────────────────────────────────────


@pytest.fixture
def open_payment(monkeypatch, event, clock, rewire):
    [record] = event("workers/follow_payments")["Records"]
    payment = to_payment(record["dynamodb"]["NewImage"])
    payments, ledger = InMemoryPayments(clock), Ledger(clock)
    payments.reserve(payment, replacing=None)
    monkeypatch.setenv("PAY_TO", PAY_TO)
    rewire(payments_wiring, payments=payments)
    rewire(payments_wiring, chain=ledger)
    return SimpleNamespace(
        ledger=ledger,
        authorization=an_authorization(payer=payment.payer, nonce=payment.nonce),
        state=lambda: payments.find(payment.id).state,
    )


def test_watch_leased_payment_changes_nothing(invoke, open_payment) -> None:
    answer = invoke("workers/watch_payment")

    assert answer == {"outcome": "open", "again": "2026-01-01T12:00:40Z"}
    assert open_payment.ledger.calls == []


def test_watch_settled_payment_stores_job(invoke, open_payment, clock, world) -> None:
    open_payment.ledger.move(open_payment.authorization)
    clock.advance(HOUR)

    assert invoke("workers/watch_payment") == {"outcome": "over"}
    assert open_payment.state() is PaymentState.SETTLED
    [job] = world.repository.all()
    assert job.id == "019b7963-4a00-7000-8000-000000000001"
    assert (job.created_at, job.deadline) == (clock(), clock() + 30_000)


def test_watch_unknown_payment_is_watched_again(invoke, open_payment, clock) -> None:
    clock.advance(40_000)

    assert invoke("workers/watch_payment") == {"outcome": "open", "again": "2026-01-01T12:01:10Z"}
    assert open_payment.state() is PaymentState.UNKNOWN
    assert "settle" not in open_payment.ledger.calls


def test_watch_expired_payment_releases_it(invoke, open_payment, clock, world) -> None:
    clock.advance(181_000)

    assert invoke("workers/watch_payment") == {"outcome": "over"}
    assert open_payment.state() is PaymentState.RELEASED
    assert world.repository.all() == []


def test_watch_payment_unknown_for_a_day_logs_error(invoke, open_payment, clock, log) -> None:
    open_payment.ledger.faults["time"] = ["unknown"]
    clock.advance(25 * HOUR)

    assert invoke("workers/watch_payment") == {"outcome": "unknown"}
    assert open_payment.state() is PaymentState.UNKNOWN
    assert log()[-1]["level"] == "ERROR"


def test_watch_missing_payment_ends(invoke, open_payment) -> None:
    assert invoke("workers/watch_payment", {"paymentId": "auth#nothing"}) == {"outcome": "over"}
