"""x402: the hook is asked once, and what it pays with goes with every repetition."""

import pytest

from client.tests.answers import USER, busy, created, ok
from client.tests.conftest import Both
from sortie_client import PaymentRequiredError

OFFER = {"x402Version": 1, "error": "payment required", "code": "payment_required", "accepts": []}


def wanted(**about):
    return ok(OFFER | about, 402, **{"PAYMENT-REQUIRED": "b2ZmZXI="})


def ask(sortie):
    return sortie.messaging.create_job(USER, "Hi")


def test_an_offer_is_paid_and_the_request_repeated_under_its_key(both, server) -> None:
    offers = []

    def pay(offer):
        offers.append(offer)
        return {"PAYMENT-SIGNATURE": "signed"}

    server.will(wanted(), created())
    both.call(ask, payment=pay)

    [offer] = offers
    assert offer.headers["payment-required"] == "b2ZmZXI="
    assert b"accepts" in offer.body
    assert offer.url.endswith("/api/messaging/jobs")
    assert server.headers("PAYMENT-SIGNATURE") == [None, "signed"]
    assert len(set(server.headers("Idempotency-Key"))) == 1


def test_a_settlement_that_is_unknown_is_asked_about_with_the_same_payment(both, server) -> None:
    payments = iter(["first", "second"])
    server.will(wanted(), busy(**{"Retry-After": "0"}), created())

    both.call(ask, payment=lambda _: {"X-PAYMENT": next(payments)})

    assert server.headers("X-PAYMENT") == [None, "first", "first"]


def test_a_payment_that_is_refused_is_not_followed_by_another(both, server) -> None:
    server.will(wanted(), wanted(error="insufficient_funds"))

    with pytest.raises(PaymentRequiredError, match="insufficient_funds"):
        both.call(ask, payment=lambda _: {"X-PAYMENT": "signed"})


def test_without_a_hook_an_offer_is_an_error(both, server) -> None:
    server.will(wanted())

    with pytest.raises(PaymentRequiredError) as raised:
        both.call(ask)

    assert raised.value.code == "payment_required"


def test_a_hook_may_be_awaited(server) -> None:
    async def pay(_):
        return {"X-PAYMENT": "signed"}

    server.will(wanted(), created())
    Both(server, awaiting=True).call(ask, payment=pay)

    assert server.headers("X-PAYMENT") == [None, "signed"]
