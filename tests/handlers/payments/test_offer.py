"""POST /api/messaging/jobs without a payment: the 402 response."""

import json

import pytest

from jobs.payments.payment import NETWORKS
from tests.payments import (
    BASE,
    PAY_TO,
    a_header,
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


def test_offer_headers_stay_below_8_kb(create, checkout, monkeypatch) -> None:
    monkeypatch.setenv("PAYMENT_NETWORKS", "base,polygon,base-sepolia")
    checkout.secret = json.dumps(dict.fromkeys(NETWORKS, "https://node.example"))

    headers = create().headers

    assert sum(len(name) + len(value) + 4 for name, value in headers.items()) < 8192


@pytest.mark.parametrize("base", [None, "", "junk", "ftp://b.example", "https://", 1, "http://[x"])
def test_offer_omits_network_without_url_of_a_node(create, checkout, base) -> None:
    checkout.secret = json.dumps({"base": base, "polygon": "https://p.example"})

    assert [each["network"] for each in create().body["accepts"]] == ["polygon"]


def test_offer_omits_network_whose_node_does_not_work(create, checkout) -> None:
    checkout.ledger.broken.add("base")

    assert [each["network"] for each in create().body["accepts"]] == ["polygon"]


def test_payment_on_network_whose_node_fails_later_is_still_taken(create, checkout) -> None:
    checkout.ledger.broken.add("base")

    assert create(headers={"X-PAYMENT": a_header()}).status == 201


@pytest.mark.parametrize("secret", [None, "", "[]", "{}", "no JSON", '{"base": "junk"}'])
def test_create_without_a_usable_network_is_503_not_402(create, checkout, log, secret) -> None:
    """A 402 without an offer would look like a price that nobody can pay."""
    checkout.secret = secret

    answer = create()

    assert (answer.status, answer.body["code"]) == (503, "UNAVAILABLE")
    assert any(line["level"] == "ERROR" for line in log())


def test_create_while_no_node_works_is_503(create, checkout) -> None:
    checkout.ledger.broken |= {"base", "polygon"}

    assert create().status == 503


@pytest.mark.parametrize(("price", "amount"), [
    ("20000", "0.02"), ("1", "0.000001"), ("1000000", "1"), ("100000000", "100"),
])  # fmt: skip
def test_to_usdc_writes_no_exponent(create, monkeypatch, price, amount) -> None:
    monkeypatch.setenv("PAYMENT_PRICE", price)

    assert create().body["payment"][0]["amount"] == amount
