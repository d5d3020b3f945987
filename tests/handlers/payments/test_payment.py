"""POST /api/messaging/jobs with x402 payments."""

import pytest

from jobs.core.webhook import Webhook
from jobs.payments.payment import PaymentState
from tests.payments import (
    NONCE,
    PAYER,
    a_header,
    decoded,
    encoded,
    transaction_of,
)
from tests.support import NOON

WEBHOOK = "https://hooks.example.com/in"


@pytest.mark.parametrize("case", [
    (1, "X-PAYMENT", "X-PAYMENT-RESPONSE", "base"),
    (2, "PAYMENT-SIGNATURE", "PAYMENT-RESPONSE", "eip155:8453"),
])  # fmt: skip
def test_create_with_payment_returns_job_and_receipt(create, world, checkout, case) -> None:
    version, sent, receipt, network = case

    answer = create(headers={sent: a_header(version)})

    assert answer.status == 201
    assert answer.body.keys() == {"jobId", "status", "createdAt", "expiresAt"}
    assert decoded(answer.headers[receipt]) == {
        "success": True,
        "payer": PAYER,
        "transaction": transaction_of(NONCE),
        "network": network,
    }
    [job] = world.repository.all()
    assert (job.id, job.tenant) == (answer.body["jobId"], "demo")
    [payment] = checkout.payments.all()
    assert (payment.state, payment.job_id) == (PaymentState.SETTLED, job.id)
    assert payment.job == {}


@pytest.mark.parametrize("events", [["completed", "failed"], None])
def test_create_with_payment_keeps_webhook(create, world, events) -> None:
    webhook = {"url": WEBHOOK, "events": events} if events else {"url": WEBHOOK}

    answer = create(headers={"X-PAYMENT": a_header()}, webhook=webhook)

    [job] = world.repository.all()
    assert answer.status == 201
    assert job.webhook == Webhook(url=WEBHOOK, events=frozenset(events or ()))


def test_create_with_used_payment_and_other_webhook_is_402(create, world) -> None:
    create(headers={"X-PAYMENT": a_header()}, webhook={"url": WEBHOOK})

    again = create(headers={"X-PAYMENT": a_header()}, webhook={"url": f"{WEBHOOK}2"})

    assert (again.status, again.body["code"]) == (402, "payment_already_used")
    assert [job.webhook for job in world.repository.all()] == [Webhook(url=WEBHOOK)]


@pytest.mark.parametrize("version", [1, 2])
def test_create_sends_offered_requirements_to_facilitator(create, checkout, version) -> None:
    name = "X-PAYMENT" if version == 1 else "PAYMENT-SIGNATURE"
    rejected = create()
    offered = rejected.body if version == 1 else decoded(rejected.headers["PAYMENT-REQUIRED"])

    create(headers={name: a_header(version)})

    assert checkout.ledger.requirements == [offered["accepts"][0]] * 2  # to verify and to settle


def test_create_again_with_same_payment_returns_first_job(create, world) -> None:
    first = create(headers={"X-PAYMENT": a_header()})
    again = create(headers={"X-PAYMENT": a_header()})

    assert (again.status, again.body) == (201, first.body)
    assert again.headers["X-PAYMENT-RESPONSE"] == first.headers["X-PAYMENT-RESPONSE"]
    assert len(world.repository.all()) == 1
    assert [sent["jobId"] for sent in world.queues.sent] == [first.body["jobId"]]


def test_create_with_used_payment_is_402(create, world) -> None:
    create(headers={"X-PAYMENT": a_header()})
    again = create(headers={"X-PAYMENT": a_header()}, content="Another")

    assert (again.status, again.body["code"]) == (402, "payment_already_used")
    assert len(world.repository.all()) == 1


def test_create_with_payment_and_wait_returns_ended_job(create, world, stored) -> None:
    def end() -> None:
        for job in world.repository.all():
            if not job.status.is_terminal:
                ended = job.claim(now=world.clock(), lease=1000).succeed(
                    {"id": "m", "content": "Fine"}, now=world.clock()
                )
                world.repository.save(job.claim(now=world.clock(), lease=1000), replacing=job)
                world.repository.save(ended, replacing=job.claim(now=world.clock(), lease=1000))

    world.meanwhile = end

    answer = create(headers={"X-PAYMENT": a_header(), "Prefer": "wait=20"})

    assert (answer.status, answer.body["status"]) == (200, "completed")
    assert "X-PAYMENT-RESPONSE" in answer.headers


def test_create_with_wait_counts_time_of_settling(create, world, checkout) -> None:
    checkout.ledger.meanwhile["settle"] = lambda: world.clock.advance(17_000)

    answer = create(headers={"X-PAYMENT": a_header(), "Prefer": "wait=25"}, timeoutMs=300_000)

    assert answer.status == 201
    assert world.clock() <= NOON + 25_000


def test_create_over_rate_limit_charges_nothing(create, checkout, monkeypatch) -> None:
    monkeypatch.setenv("MESSAGES_PER_MINUTE", "1")
    create(headers={"X-PAYMENT": a_header()})
    calls = [*checkout.ledger.calls]

    answer = create(headers={"X-PAYMENT": a_header(nonce="0x" + "77" * 32)})

    assert answer.status == 429
    assert checkout.ledger.calls == calls


def test_create_with_invalid_body_charges_nothing(create, checkout) -> None:
    answer = create(headers={"X-PAYMENT": a_header()}, content="")

    assert (answer.status, answer.body["error"]) == (400, "content cannot be empty")
    assert checkout.ledger.calls == []


def test_create_with_unknown_agent_charges_nothing(create, checkout) -> None:
    agent = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"

    assert create(headers={"X-PAYMENT": a_header()}, agentId=agent).status == 404
    assert checkout.ledger.calls == []


def test_create_with_refused_payment_is_402_with_reason(create, world, checkout) -> None:
    checkout.ledger.faults["settle"] = ["refused insufficient_funds"]

    answer = create(headers={"X-PAYMENT": a_header()})

    assert (answer.status, answer.body["code"]) == (402, "insufficient_funds")
    assert answer.body["errorClass"] == "refused"
    assert len(answer.body["accepts"]) == 2
    assert decoded(answer.headers["PAYMENT-REQUIRED"])["error"] == answer.body["error"]
    assert world.repository.all() == []


def test_create_with_unknown_settlement_is_503(create, world, checkout) -> None:
    checkout.ledger.faults["settle"] = ["lost"]

    answer = create(headers={"X-PAYMENT": a_header()})

    assert (answer.status, answer.body["code"]) == (503, "settlement_unknown")
    assert answer.body["errorClass"] == "unavailable"
    assert int(answer.headers["Retry-After"]) > 0
    assert world.repository.all() == []

    again = create(headers={"X-PAYMENT": a_header()})

    assert again.status == 201
    assert checkout.ledger.calls.count("settle") == 1
    assert len(world.repository.all()) == 1


@pytest.mark.parametrize("header", [
    "x", "e30=", encoded([]), encoded("x"), encoded(None), a_header(2), a_header()[:-4],
    a_header(value="-1"), a_header(value="0x1"), a_header(value=20000), a_header(value="\u0661"),
    a_header(value="9" * 79), a_header(nonce="0x12"), a_header(to="0x" + "g" * 40),
    a_header(validBefore=str(2**60)), a_header(**{"from": None}),
    encoded({"x402Version": 1, "scheme": "exact", "network": "base", "payload": {}}),
    encoded({"x402Version": True, **decoded(a_header())} | {"x402Version": True}),
    encoded(decoded(a_header()) | {"network": "solana"}),
    encoded(decoded(a_header()) | {"network": "base-sepolia"}),
    encoded(decoded(a_header()) | {"scheme": "upto"}),
    encoded(decoded(a_header()) | {"payload": []}),
    encoded(decoded(a_header()) | {"more": [[[[[[[[[[[[[1]]]]]]]]]]]]]}),
])  # fmt: skip
def test_create_with_malformed_payment_is_400(create, checkout, header) -> None:
    answer = create(headers={"X-PAYMENT": header})

    assert (answer.status, answer.body["code"]) == (400, "INVALID_REQUEST")
    assert checkout.payments.all() == []


@pytest.mark.parametrize(("first", "second", "receipt"), [
    (a_header(2), a_header(2), "PAYMENT-RESPONSE"),
    (a_header(1), a_header(1), "X-PAYMENT-RESPONSE"),
    (a_header(1), a_header(2), "PAYMENT-RESPONSE"),
    (a_header(1, nonce=NONCE.upper().replace("X", "x")), a_header(2), "PAYMENT-RESPONSE"),
])  # fmt: skip
def test_create_with_one_payment_in_both_headers_takes_the_fitting_one(
    create, checkout, first, second, receipt
) -> None:
    answer = create(headers={"X-PAYMENT": first, "PAYMENT-SIGNATURE": second})

    assert (answer.status, receipt in answer.headers) == (201, True)
    assert len(checkout.payments.all()) == 1


@pytest.mark.parametrize(("first", "second"), [
    (a_header(1, nonce="0x" + "77" * 32), a_header(2)),
    (a_header(2, nonce="0x" + "77" * 32), a_header(2)),
    ("0x" + "77" * 32, a_header(2)),
    ("x", a_header(2)), (a_header(), "x"), (a_header(2), a_header(1)),
])  # fmt: skip
def test_create_with_two_payments_or_none_that_fits_is_400(create, checkout, first, second) -> None:
    answer = create(headers={"X-PAYMENT": first, "PAYMENT-SIGNATURE": second})

    assert (answer.status, answer.body["code"]) == (400, "INVALID_REQUEST")
    assert checkout.payments.all() == []


def test_create_with_other_asset_is_402(create, checkout) -> None:
    other = decoded(a_header(2))
    other["accepted"]["asset"] = "0x" + "99" * 20

    answer = create(headers={"PAYMENT-SIGNATURE": encoded(other)})

    assert (answer.status, answer.body["code"]) == (402, "invalid_payment_requirements")
    assert checkout.ledger.calls == []
