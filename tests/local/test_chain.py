"""The local chains and their facilitator, paid on as x402 says."""

import http.client
import json
import urllib.request
from dataclasses import replace
from typing import Any
from urllib.error import HTTPError

import pytest

from local.chain.chains import Chains
from local.chain.node import ChainError
from local.chain.wallet import Authorization

VERSIONS = [1, 2]


@pytest.fixture(autouse=True)
def behaving(chains: Chains) -> None:
    chains.facilitator.script()


@pytest.fixture(params=["base", "polygon"])
def authorization(chains: Chains, request) -> Authorization:
    return Authorization(
        node=chains.nodes[request.param], payer=chains.payer.address, pay_to=chains.pay_to
    )


@pytest.fixture
def ask(chains: Chains, authorization: Authorization) -> Any:
    """Ask the facilitator, in one version of x402 or the other."""

    def ask(operation: str, version: int = 2, of: Authorization = authorization) -> Any:
        body = {
            "x402Version": version,
            "paymentPayload": of.v1() if version == 1 else of.v2(),
            "paymentRequirements": of.requirements(version),
        }
        request = urllib.request.Request(
            f"{chains.facilitator.url}/{operation}", json.dumps(body).encode()
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    return ask


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_verified_and_settled_has_moved(ask, authorization, chains, version) -> None:
    node = authorization.node
    before = node.balance(chains.pay_to)

    verified, settled = ask("verify", version), ask("settle", version)

    assert verified == {"isValid": True, "payer": verified["payer"]}
    assert settled["success"] is True
    assert node.balance(chains.pay_to) == before + authorization.amount
    receipt = node.rpc("eth_getTransactionReceipt", settled["transaction"])
    assert receipt["status"] == "0x1"
    assert [log["address"] for log in receipt["logs"]] == [node.asset] * 2


@pytest.mark.parametrize("version", VERSIONS)
def test_an_authorization_is_good_for_one_payment(ask, version) -> None:
    ask("settle", version)

    again = ask("settle", version)

    assert again["success"] is False


@pytest.mark.parametrize("version", VERSIONS)
def test_who_has_no_money_is_refused(ask, authorization, version) -> None:
    poor = replace(authorization, payer=authorization.node.accounts[9].address)

    refused = ask("verify", version, poor)

    assert refused["isValid"] is False
    assert "insufficient" in refused["invalidReason"]


def test_a_cancelled_authorization_moves_nothing(ask, authorization) -> None:
    authorization.cancel()

    assert ask("settle")["success"] is False


def test_an_authorization_can_be_used_without_the_facilitator(ask, authorization, chains) -> None:
    before = authorization.node.balance(chains.pay_to)

    authorization.submit()

    assert authorization.node.balance(chains.pay_to) == before + authorization.amount
    assert ask("settle")["success"] is False


@pytest.mark.parametrize("fault", ["lost", "pending"])
def test_a_lost_answer_is_one_to_a_payment_that_was_made(ask, authorization, chains, fault) -> None:
    before = authorization.node.balance(chains.pay_to)
    chains.facilitator.script(settle=[fault])

    with pytest.raises((HTTPError, http.client.RemoteDisconnected)) as caught:
        ask("settle")

    assert authorization.node.balance(chains.pay_to) == before + authorization.amount
    if isinstance(caught.value, HTTPError):
        with caught.value as said:
            assert json.load(said)["errorReason"] == "settlement_pending"


@pytest.mark.parametrize("fault", ["500", "html", "drop"])
def test_a_fault_before_it_acts_moves_nothing(ask, authorization, chains, fault) -> None:
    before = authorization.node.balance(chains.pay_to)
    chains.facilitator.script(settle=[fault])

    with pytest.raises((HTTPError, http.client.RemoteDisconnected)) as caught:
        ask("settle")

    if isinstance(caught.value, HTTPError):
        caught.value.close()
    assert authorization.node.balance(chains.pay_to) == before
    assert ask("settle")["success"] is True


def test_a_refusal_has_the_reason_that_was_asked_for(ask, chains) -> None:
    chains.facilitator.script(verify="refuse:a", settle="refuse:b")

    assert ask("verify")["invalidReason"] == "a"
    assert ask("settle")["errorReason"] == "b"
    assert [call["operation"] for call in chains.facilitator.calls()] == ["verify", "settle"]


def test_one_transaction_can_pay_several(chains) -> None:
    node, payer = chains.nodes["base"], chains.payer.address
    router = node.deploy(payer, "Router")
    node.send(payer, node.asset, "Token", "approve(address,uint256)", router, 30_000)
    pay = "pay(address,address,uint256,address,uint256)"

    paid = node.send(
        payer, router, "Router", pay, node.asset, chains.pay_to, 20_000, chains.pay_to, 10_000
    )

    receipt = node.rpc("eth_getTransactionReceipt", paid)
    assert [int(log["data"], 16) for log in receipt["logs"]] == [20_000, 10_000]


def test_a_node_says_what_it_will_not_do(chains) -> None:
    with pytest.raises(ChainError, match="not found"):
        chains.nodes["base"].rpc("eth_doMagic")
