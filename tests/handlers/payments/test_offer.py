"""POST /api/messaging/jobs without a payment: the 402 response."""

import pytest

from jobs.payments.payment import NETWORKS
from tests.payments import (
    BASE,
    PAY_TO,
    decoded,
)

RESOURCE = "https://api.example.com/api/messaging/jobs"


@pytest.mark.parametrize("body", [None, "", "{", "[]"])
def test_create_without_payment_is_402(call, body) -> None:
    answer = call("create_job", body=body)

    assert answer.status == 402
    assert (answer.body["x402Version"], answer.body["code"]) == (1, "payment_required")


def test_offer_body_has_requirements_of_version_1(create) -> None:
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


def test_offer_body_has_plain_payment_info(create) -> None:
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


def test_offer_header_has_requirements_of_version_2(create) -> None:
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


def test_offer_headers_stay_below_8_kb(create, monkeypatch) -> None:
    monkeypatch.setenv("PAYMENT_NETWORKS", "base,polygon,base-sepolia")
    monkeypatch.setenv("BASE_SEPOLIA_RPC_URL", "https://sepolia.example")

    headers = create().headers

    assert sum(len(name) + len(value) + 4 for name, value in headers.items()) < 8192


def test_offer_omits_network_without_rpc_url(create, monkeypatch) -> None:
    monkeypatch.setenv("BASE_RPC_URL", "")

    assert [each["network"] for each in create().body["accepts"]] == ["polygon"]


@pytest.mark.parametrize(("price", "amount"), [
    ("20000", "0.02"), ("1", "0.000001"), ("1000000", "1"), ("100000000", "100"),
])  # fmt: skip
def test_to_usdc_writes_no_exponent(create, monkeypatch, price, amount) -> None:
    monkeypatch.setenv("PAYMENT_PRICE", price)

    assert create().body["payment"][0]["amount"] == amount
