"""POST /api/messaging/jobs where it costs something: what is told to those who have not paid."""

import pytest

from jobs.payments.payment import NETWORKS
from tests.payments import (
    BASE,
    PAY_TO,
    decoded,
)

RESOURCE = "https://api.example.com/api/messaging/jobs"


@pytest.mark.parametrize("body", [None, "", "{", "[]"])
def test_without_a_payment_any_request_learns_what_it_costs(call, body) -> None:
    answer = call("create_job", body=body)

    assert answer.status == 402
    assert (answer.body["x402Version"], answer.body["code"]) == (1, "payment_required")


def test_the_body_is_for_clients_of_version_1(create) -> None:
    body = create().body

    assert body.keys() == {"x402Version", "error", "code", "accepts", "paymentInfo", "payment"}
    [entry, _] = body["accepts"]
    assert [each["network"] for each in body["accepts"]] == ["base", "polygon"]
    schema = entry.pop("outputSchema")
    assert entry == {
        "scheme": "exact",
        "network": "base",
        "maxAmountRequired": "20000",
        "resource": RESOURCE,
        "description": entry["description"],
        "mimeType": "application/json",
        "payTo": PAY_TO,
        "maxTimeoutSeconds": 120,
        "asset": BASE.asset,
        "extra": {"name": "USD Coin", "version": "2"},
    }
    assert schema["input"] | {"bodyFields": None} == {
        "type": "http",
        "method": "POST",
        "discoverable": True,
        "bodyType": "json",
        "bodyFields": None,
    }
    assert {*schema["input"]["bodyFields"]} == {
        "userId",
        "content",
        "agentId",
        "metadata",
        "timeoutMs",
    }


def test_the_body_says_plainly_what_to_pay_too(create) -> None:
    body = create().body

    assert body["paymentInfo"]["payment"] == body["payment"]
    assert body["payment"][0] == {
        "recipient": PAY_TO,
        "amount": "0.02",
        "amountAtomic": "20000",
        "currency": "USDC",
        "network": "base",
        "chainId": 8453,
        "asset": BASE.asset,
    }
    assert [each["chainId"] for each in body["payment"]] == [8453, 137]


def test_the_header_is_for_clients_of_version_2(create) -> None:
    offer = decoded(create().headers["PAYMENT-REQUIRED"])

    assert offer.keys() == {"x402Version", "error", "resource", "accepts", "extensions"}
    assert offer["x402Version"] == 2
    assert offer["resource"]["url"] == RESOURCE
    assert offer["accepts"][1] == {
        "scheme": "exact",
        "network": "eip155:137",
        "asset": NETWORKS["polygon"].asset,
        "amount": "20000",
        "payTo": PAY_TO,
        "maxTimeoutSeconds": 120,
        "extra": {"name": "USD Coin", "version": "2"},
    }
    assert offer["extensions"]["bazaar"].keys() == {"info", "schema"}


def test_all_headers_together_stay_small(create, monkeypatch) -> None:
    monkeypatch.setenv("PAYMENT_NETWORKS", "base,polygon,base-sepolia")
    monkeypatch.setenv("BASE_SEPOLIA_RPC_URL", "https://sepolia.example")

    headers = create().headers

    assert sum(len(name) + len(value) + 4 for name, value in headers.items()) < 8192


def test_a_network_that_cannot_be_read_is_not_on_offer(create, monkeypatch) -> None:
    monkeypatch.setenv("BASE_RPC_URL", "")

    assert [each["network"] for each in create().body["accepts"]] == ["polygon"]


@pytest.mark.parametrize(("price", "amount"), [
    ("20000", "0.02"), ("1", "0.000001"), ("1000000", "1"), ("100000000", "100"),
])  # fmt: skip
def test_amounts_are_spelled_in_full(create, monkeypatch, price, amount) -> None:
    monkeypatch.setenv("PAYMENT_PRICE", price)

    assert create().body["payment"][0]["amount"] == amount
