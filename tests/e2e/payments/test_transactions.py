"""Jobs that a transaction of the payer paid for."""

from uuid import uuid4

import pytest

from local.chain.wallet import PRICE
from tests.e2e.payers import Payer

BOTH_WAYS = True

PAY = "pay(address,address,uint256,address,uint256)"


@pytest.fixture
def content() -> str:
    """Return a message that no other test sends."""
    return f"Hello {uuid4()}"


def routed(payer: Payer, *amounts: int) -> str:
    """Pay twice in one transaction, sent to a contract that is not USDC."""
    node, us = payer.node(), payer.chains.pay_to
    router = node.deploy(payer.address, "Router")
    approve = "approve(address,uint256)"
    node.send(payer.address, node.asset, "Token", approve, router, sum(amounts))
    first, second = amounts
    paid = (node.asset, us, first, us, second)
    return node.send(payer.address, router, "Router", PAY, *paid)


def test_transfer_pays_for_one_job_however_its_hash_is_written(payer, content) -> None:
    transaction = payer.transfer()
    shouted = {"X-PAYMENT": f"0x{transaction[2:].upper()}"}

    first, again = payer.show(transaction, content), payer.show(transaction, content)
    other = payer.show(transaction, f"{content}!", **shouted)

    assert (first.status, again.status) == (201, 201), first
    assert first.json["jobId"] == again.json["jobId"]
    assert (other.status, other.json["code"]) == (402, "payment_already_used")
    assert payer.jobs([content, f"{content}!"]) == [content]


def test_two_payments_in_one_transaction_pay_for_two_jobs(payer, content) -> None:
    transaction = routed(payer, PRICE, PRICE)

    answers = [payer.show(transaction, f"{content} {number}") for number in range(3)]

    assert [each.status for each in answers] == [201, 201, 402]


def test_transfers_of_less_than_the_price_are_refused(payer, content) -> None:
    answers = [
        payer.show(transaction, content)
        for transaction in (payer.transfer(PRICE - 1), routed(payer, PRICE // 2, PRICE // 2))
    ]

    for rejected in answers:
        assert (rejected.status, rejected.json["code"]) == (402, "payment_not_received")


def test_transaction_with_another_wallets_signature_is_refused(payer, content) -> None:
    transaction, thief = payer.transfer(), payer.node().accounts[7].address

    rejected = payer.show(transaction, content, signer=thief)

    assert (rejected.status, rejected.json["code"]) == (402, "invalid_signature")
    assert payer.show(transaction, content).status == 201


def test_settlement_of_an_authorization_pays_for_no_second_job(payer, content) -> None:
    authorization = payer.authorization()
    payer.ask(authorization, content)
    wanted = {"fromBlock": "0x0", "topics": [None, None, authorization.nonce]}
    [used] = payer.node().rpc("eth_getLogs", wanted)

    rejected = payer.show(used["transactionHash"], f"{content}!")

    assert (rejected.status, rejected.json["code"]) == (402, "payment_already_used")
