"""The local chains and their facilitator, used as x402 specifies."""

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
def no_faults(chains: Chains) -> None:
    chains.facilitator.script()


@pytest.fixture(params=["base", "polygon"])
def authorization(chains: Chains, request) -> Authorization:
    return Authorization(
        node=chains.nodes[request.param], payer=chains.payer.address, pay_to=chains.pay_to
    )


@pytest.fixture
def call(chains: Chains, authorization: Authorization) -> Any:
    """Call the facilitator, in either version of x402."""

    def call(operation: str, version: int = 2, of: Authorization = authorization) -> Any:
        body = {
            "x402Version": version,
            "paymentPayload": of.v1() if version == 1 else of.v2(),
            "paymentRequirements": of.requirements(version),
        }
        request = urllib.request.Request(
            f"{chains.facilitator.url}/{operation}", json.dumps(body).encode()
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    return call


@pytest.mark.parametrize("version", VERSIONS)
def test_settled_payment_moves_the_amount(call, authorization, chains, version) -> None:
    node = authorization.node
    before = node.balance(chains.pay_to)

    verified, settled = call("verify", version), call("settle", version)

    assert verified == {"isValid": True, "payer": verified["payer"]}
    assert settled["success"] is True
    assert node.balance(chains.pay_to) == before + authorization.amount
    receipt = node.rpc("eth_getTransactionReceipt", settled["transaction"])
    assert receipt["status"] == "0x1"
    assert [log["address"] for log in receipt["logs"]] == [node.asset] * 2


@pytest.mark.parametrize("version", VERSIONS)
def test_authorization_cannot_be_settled_twice(call, version) -> None:
    call("settle", version)

    again = call("settle", version)

    assert again["success"] is False


@pytest.mark.parametrize("version", VERSIONS)
def test_payer_without_funds_is_refused(call, authorization, version) -> None:
    poor = replace(authorization, payer=authorization.node.accounts[9].address)

    rejected = call("verify", version, poor)

    assert rejected["isValid"] is False
    assert "insufficient" in rejected["invalidReason"]


def test_cancelled_authorization_cannot_be_settled(call, authorization) -> None:
    authorization.cancel()

    assert call("settle")["success"] is False


def test_authorization_can_be_settled_without_the_facilitator(call, authorization, chains) -> None:
    before = authorization.node.balance(chains.pay_to)

    authorization.submit()

    assert authorization.node.balance(chains.pay_to) == before + authorization.amount
    assert call("settle")["success"] is False


@pytest.mark.parametrize("fault", ["lost", "pending"])
def test_fault_after_settlement_has_moved_the_amount(call, authorization, chains, fault) -> None:
    before = authorization.node.balance(chains.pay_to)
    chains.facilitator.script(settle=[fault])

    with pytest.raises((HTTPError, http.client.RemoteDisconnected)) as caught:
        call("settle")

    assert authorization.node.balance(chains.pay_to) == before + authorization.amount
    if isinstance(caught.value, HTTPError):
        with caught.value as response:
            assert json.load(response)["errorReason"] == "settlement_pending"


@pytest.mark.parametrize("fault", ["500", "html", "drop"])
def test_fault_before_settlement_moves_nothing(call, authorization, chains, fault) -> None:
    before = authorization.node.balance(chains.pay_to)
    chains.facilitator.script(settle=[fault])

    with pytest.raises((HTTPError, http.client.RemoteDisconnected)) as caught:
        call("settle")

    if isinstance(caught.value, HTTPError):
        caught.value.close()
    assert authorization.node.balance(chains.pay_to) == before
    assert call("settle")["success"] is True


def test_scripted_refusal_has_its_reason_and_is_recorded(call, chains) -> None:
    chains.facilitator.script(verify="refuse:a", settle="refuse:b")

    assert call("verify")["invalidReason"] == "a"
    assert call("settle")["errorReason"] == "b"
    assert [each["operation"] for each in chains.facilitator.calls()] == ["verify", "settle"]


def test_one_transaction_can_pay_two_recipients(chains) -> None:
    node, payer = chains.nodes["base"], chains.payer.address
    router = node.deploy(payer, "Router")
    node.send(payer, node.asset, "Token", "approve(address,uint256)", router, 30_000)
    pay = "pay(address,address,uint256,address,uint256)"

    paid = node.send(
        payer, router, "Router", pay, node.asset, chains.pay_to, 20_000, chains.pay_to, 10_000
    )

    receipt = node.rpc("eth_getTransactionReceipt", paid)
    assert [int(log["data"], 16) for log in receipt["logs"]] == [20_000, 10_000]


def test_unknown_method_is_refused_with_the_nodes_text(chains) -> None:
    with pytest.raises(ChainError, match="not found"):
        chains.nodes["base"].rpc("eth_doMagic")


@pytest.mark.parametrize("header", [
    {"Origin": "https://evil.example"}, {"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"},
])  # fmt: skip
@pytest.mark.parametrize("path", ["calls", "settle"])
def test_facilitator_refuses_foreign_web_page(chains, header, path) -> None:
    body = b"{}" if path == "settle" else None
    request = urllib.request.Request(f"{chains.facilitator.url}/{path}", body, headers=header)

    with pytest.raises(HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    with refused.value as answer:
        assert answer.code == 403


def test_node_lets_no_web_page_read_or_ask(chains) -> None:
    """It still acts on a page's text/plain: anvil has no check of Origin or Host."""
    url, page = chains.nodes["base"].rpc_url, {"Origin": "https://evil.example"}
    call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}).encode()

    with urllib.request.urlopen(urllib.request.Request(url, call, page), timeout=10) as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers
    asked = page | {"Access-Control-Request-Method": "POST"}
    preflight = urllib.request.Request(url, headers=asked, method="OPTIONS")
    with pytest.raises(HTTPError) as unanswered:
        urllib.request.urlopen(preflight, timeout=10)
    with unanswered.value as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers
