"""POST /api/messaging/jobs with a transaction hash."""

import pytest

from tests.payments import (
    PAYER,
    a_receipt,
    a_transfer,
    decoded,
)

HASH = "0x" + "Fa" * 32


def test_create_with_transaction_when_disabled_is_400(create) -> None:
    answer = create(headers={"X-PAYMENT": HASH, "X-PAYMENT-NETWORK": "base"})

    assert answer.status == 400


@pytest.fixture
def hashes(monkeypatch, checkout) -> None:
    monkeypatch.setenv("ALLOW_TRANSACTION_HASH", "true")
    checkout.ledger.receipts[HASH.lower()] = a_receipt(a_transfer())


def test_create_with_signed_transaction_makes_one_job(create, world, hashes) -> None:
    headers = {"X-PAYMENT": HASH, "X-PAYMENT-NETWORK": "base", "X-PAYMENT-SIGNATURE": PAYER}

    first, again = create(headers=headers), create(headers=headers)

    assert first.status == again.status == 201
    assert first.body == again.body
    assert decoded(first.headers["X-PAYMENT-RESPONSE"])["transaction"] == HASH.lower()
    assert len(world.repository.all()) == 1
    assert create(headers=headers, content="Another").body["code"] == "payment_already_used"


@pytest.mark.parametrize("network", [None, "", "solana", "base-sepolia", "eip155:8453"])
def test_create_with_transaction_of_unknown_network_is_400(create, hashes, network) -> None:
    headers = {"X-PAYMENT": HASH, "X-PAYMENT-SIGNATURE": PAYER}
    named = {} if network is None else {"X-PAYMENT-NETWORK": network}

    assert create(headers=headers | named).status == 400


@pytest.mark.parametrize("signature", [None, "", "0x", "0x1", "yes"])
def test_create_with_unsigned_transaction_is_400(create, hashes, signature) -> None:
    headers = {"X-PAYMENT": HASH, "X-PAYMENT-NETWORK": "base"}
    signed = {} if signature is None else {"X-PAYMENT-SIGNATURE": signature}

    assert create(headers=headers | signed).status == 400


def test_create_with_signature_of_other_payer_is_402(create, hashes) -> None:
    headers = {"X-PAYMENT": HASH, "X-PAYMENT-NETWORK": "base", "X-PAYMENT-SIGNATURE": "0x" + "77"}

    answer = create(headers=headers)

    assert (answer.status, answer.body["code"]) == (402, "invalid_signature")


def test_create_with_unsigned_transaction_when_allowed_makes_job(
    create, hashes, monkeypatch
) -> None:
    monkeypatch.setenv("ALLOW_UNSIGNED_TRANSACTION_HASH", "true")

    assert create(headers={"X-PAYMENT": HASH, "X-PAYMENT-NETWORK": "base"}).status == 201
