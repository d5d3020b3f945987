"""x402 payments: one payment per call, sent with every retry."""

import pytest

from client.tests.conftest import Caller
from client.tests.responses import USER, created, ok, unavailable
from sortie_client import PaymentRequiredError

OFFER = {"x402Version": 1, "error": "payment required", "code": "payment_required", "accepts": []}


def offer(**fields):
    return ok(OFFER | fields, 402, **{"PAYMENT-REQUIRED": "b2ZmZXI="})


@pytest.fixture
def create(server):
    def create(**options):
        caller = Caller(server, is_async=False)
        return caller.call(lambda s: s.messaging.create_job(USER, "Hi"), **options)

    return create


def test_payment_hook_receives_the_offer(create, server) -> None:
    offers = []

    def pay(offer):
        offers.append(offer)
        return {"PAYMENT-SIGNATURE": "signed"}

    server.will(offer(), created())
    create(payment=pay)

    [given] = offers
    assert given.headers["payment-required"] == "b2ZmZXI="
    assert b"accepts" in given.body
    assert given.url.endswith("/api/messaging/jobs")


def test_paid_request_keeps_its_idempotency_key(create, server) -> None:
    server.will(offer(), created())

    create(payment=lambda _: {"PAYMENT-SIGNATURE": "signed"})

    assert len(set(server.headers("Idempotency-Key"))) == 1


def test_paid_request_retry_reuses_the_payment(create, server) -> None:
    payments = iter(["first", "second"])
    server.will(offer(), unavailable(**{"Retry-After": "0"}), created())

    create(payment=lambda _: {"X-PAYMENT": next(payments)})

    assert server.headers("X-PAYMENT") == [None, "first", "first"]


def test_refused_payment_is_raised_without_a_second_one(create, server) -> None:
    server.will(offer(), offer(error="insufficient_funds"))

    with pytest.raises(PaymentRequiredError, match="insufficient_funds"):
        create(payment=lambda _: {"X-PAYMENT": "signed"})


def test_offer_without_a_payment_hook_is_raised(create, server) -> None:
    server.will(offer())

    with pytest.raises(PaymentRequiredError) as raised:
        create()

    assert raised.value.code == "payment_required"
