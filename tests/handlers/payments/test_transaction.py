"""POST /api/messaging/jobs paid for by a transaction of the payer's own."""

import pytest

from tests.payments import (
    PAYER,
    a_receipt,
    a_transfer,
    decoded,
)

HASH = "0x" + "Fa" * 32


def test_a_transactions_hash_is_not_taken_unless_that_is_wished(create) -> None:
    answer = create(headers={"X-PAYMENT": HASH, "X-PAYMENT-NETWORK": "base"})

    assert answer.status == 400


@pytest.fixture
def hashes(monkeypatch, checkout) -> None:
    monkeypatch.setenv("ALLOW_TRANSACTION_HASH", "true")
    checkout.ledger.receipts[HASH.lower()] = a_receipt(a_transfer())


def test_a_signed_transaction_pays_for_one_job(create, world, hashes) -> None:
    headers = {"X-PAYMENT": HASH, "X-PAYMENT-NETWORK": "base", "X-PAYMENT-SIGNATURE": PAYER}

    first, again = create(headers=headers), create(headers=headers)

    assert first.status == again.status == 201
    assert first.body == again.body
    assert decoded(first.headers["X-PAYMENT-RESPONSE"])["transaction"] == HASH.lower()
    assert len(world.repository.all()) == 1
    assert create(headers=headers, content="Another").body["code"] == "payment_already_used"


@pytest.mark.parametrize("network", [None, "", "solana", "base-sepolia", "eip155:8453"])
def test_the_transactions_network_must_be_one_of_ours(create, hashes, network) -> None:
    headers = {"X-PAYMENT": HASH, "X-PAYMENT-SIGNATURE": PAYER}
    named = {} if network is None else {"X-PAYMENT-NETWORK": network}

    assert create(headers=headers | named).status == 400


@pytest.mark.parametrize("signature", [None, "", "0x", "0x1", "yes"])
def test_without_a_signature_a_transaction_is_anybodys(create, hashes, signature) -> None:
    headers = {"X-PAYMENT": HASH, "X-PAYMENT-NETWORK": "base"}
    signed = {} if signature is None else {"X-PAYMENT-SIGNATURE": signature}

    assert create(headers=headers | signed).status == 400


def test_somebody_elses_signature_does_not_do(create, hashes) -> None:
    headers = {"X-PAYMENT": HASH, "X-PAYMENT-NETWORK": "base", "X-PAYMENT-SIGNATURE": "0x" + "77"}

    answer = create(headers=headers)

    assert (answer.status, answer.body["code"]) == (402, "invalid_signature")


def test_signatures_can_be_done_without(create, hashes, monkeypatch) -> None:
    monkeypatch.setenv("ALLOW_UNSIGNED_TRANSACTION_HASH", "true")

    assert create(headers={"X-PAYMENT": HASH, "X-PAYMENT-NETWORK": "base"}).status == 201
