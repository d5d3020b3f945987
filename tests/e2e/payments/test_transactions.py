"""Jobs that a transaction of the payer's own has paid for."""

from uuid import uuid4

import pytest

from local.chain.wallet import PRICE
from tests.e2e.payers import Payer

PAY = "pay(address,address,uint256,address,uint256)"


@pytest.fixture
def content() -> str:
    """A message that nobody else sends."""
    return f"Hello {uuid4()}"


@pytest.fixture
def stranger(payer: Payer) -> str:
    return payer.node().accounts[7].address


def routed(payer: Payer, *amounts: int, token: str | None = None) -> str:
    """Pay us once or twice, in one transaction, to a contract that is not USDC."""
    node, us = payer.node(), payer.chains.pay_to
    router = node.deploy(payer.address, "Router")
    approve = "approve(address,uint256)"
    node.send(payer.address, node.asset, "Token", approve, router, sum(amounts))
    first, second = (*amounts, 0)[:2]
    paid = (token or node.asset, us, first, us, second)
    return node.send(payer.address, router, "Router", PAY, *paid)


def test_a_transfer_pays_for_a_job_and_for_one_only(payer, content) -> None:
    transaction = payer.transfer()

    first, again = payer.show(transaction, content), payer.show(transaction, content)
    other = payer.show(transaction, f"{content}!")

    assert (first.status, again.status) == (201, 201), first
    assert first.json["jobId"] == again.json["jobId"]
    assert (other.status, other.json["code"]) == (402, "payment_already_used")
    assert payer.jobs([content, f"{content}!"]) == [content]


def test_how_a_hash_is_spelled_makes_no_other_payment(payer, content) -> None:
    transaction = payer.transfer()
    first = payer.show(transaction, content)

    shouted = {"X-PAYMENT": f"0x{transaction[2:].upper()}"}
    other = payer.show(transaction, f"{content}!", **shouted)

    assert first.status == 201
    assert (other.status, other.json["code"]) == (402, "payment_already_used")


def test_a_router_may_have_paid(payer, content) -> None:
    assert payer.show(routed(payer, PRICE), content).status == 201


def test_two_payments_in_one_transaction_are_good_for_two_jobs(payer, content) -> None:
    transaction = routed(payer, PRICE, PRICE)

    answers = [payer.show(transaction, f"{content} {number}") for number in range(3)]

    assert [each.status for each in answers] == [201, 201, 402]


def test_two_halves_in_one_transaction_are_not_enough(payer, content) -> None:
    refused = payer.show(routed(payer, PRICE // 2, PRICE // 2), content)

    assert (refused.status, refused.json["code"]) == (402, "payment_not_received")


def test_more_than_was_asked_for_is_enough(payer, content) -> None:
    assert payer.show(payer.transfer(PRICE + 1), content).status == 201


@pytest.mark.parametrize("amount", [0, PRICE - 1])
def test_less_than_was_asked_for_is_refused(payer, content, amount) -> None:
    refused = payer.show(payer.transfer(amount), content)

    assert (refused.status, refused.json["code"]) == (402, "payment_not_received")


def test_money_for_somebody_else_is_refused(payer, content, stranger) -> None:
    refused = payer.show(payer.transfer(to=stranger), content)

    assert (refused.status, refused.json["code"]) == (402, "payment_not_received")


def test_a_token_that_looks_like_usdc_is_refused(payer, content) -> None:
    node = payer.node()
    forgery = node.deploy(payer.address, "Forgery")
    method = "transfer(address,uint256)"
    paid = node.send(payer.address, forgery, "Forgery", method, payer.chains.pay_to, PRICE)

    refused = payer.show(paid, content)

    assert (refused.status, refused.json["code"]) == (402, "payment_not_received")


def test_a_transaction_that_failed_is_refused(payer, content) -> None:
    refused = payer.show(payer.transfer(10**15), content)

    assert (refused.status, refused.json["code"]) == (402, "transaction_failed")


def test_a_transaction_that_nobody_knows_may_still_come(payer, content) -> None:
    unknown = payer.show(f"0x{'12' * 32}", content)

    assert (unknown.status, unknown.json["code"]) == (503, "settlement_unknown")


def test_who_sees_a_transaction_cannot_use_it(payer, content, stranger) -> None:
    transaction = payer.transfer()

    refused = payer.show(transaction, content, signer=stranger)

    assert (refused.status, refused.json["code"]) == (402, "invalid_signature")
    assert payer.show(transaction, content).status == 201


def test_without_a_signature_a_transaction_is_a_bad_request(payer, content) -> None:
    transaction = payer.transfer()
    headers = {"X-PAYMENT": transaction, "X-PAYMENT-NETWORK": "base"}

    assert payer.api.ask(content, headers=headers).status == 400


def test_the_settlement_of_an_authorization_is_not_paid_once_more(payer, content) -> None:
    authorization = payer.authorization()
    payer.ask(authorization, content)
    wanted = {"fromBlock": "0x0", "topics": [None, None, authorization.nonce]}
    [used] = payer.node().rpc("eth_getLogs", wanted)

    refused = payer.show(used["transactionHash"], f"{content}!")

    assert (refused.status, refused.json["code"]) == (402, "payment_already_used")


@pytest.mark.parametrize("network", ["base-sepolia", "ethereum", ""])
def test_a_network_that_is_not_on_offer_is_a_bad_request(payer, content, network) -> None:
    transaction = payer.transfer()

    answer = payer.show(transaction, content, **{"X-PAYMENT-NETWORK": network})

    assert answer.status == 400
