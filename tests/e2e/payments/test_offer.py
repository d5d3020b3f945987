"""The 402 answer to a request without a payment, as it arrives over HTTP."""

import json
from base64 import b64decode

from tests.e2e.api import JOBS
from tests.e2e.payers import Payer

BOTH_WAYS = True

USDC = {
    "base": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
    "polygon": "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359",
}
EXPOSED = {"payment-required", "payment-response", "x-payment-response"}
MAX_HEADER_BYTES = 8_000


def test_request_without_payment_returns_402_with_the_offer(payer: Payer) -> None:
    offer = payer.api.send("POST", JOBS, b"no JSON at all")

    url = f"{payer.api.base_url}{JOBS}"
    assert offer.status == 402
    assert offer.headers["cache-control"] == "no-store"
    exposed = offer.headers["access-control-expose-headers"].lower().split(",")
    assert {name.strip() for name in exposed} >= EXPOSED
    assert sum(len(name) + len(value) for name, value in offer.headers.items()) < MAX_HEADER_BYTES
    v1, v2 = offer.json, json.loads(b64decode(offer.headers["payment-required"]))
    assert (v1["x402Version"], v1["code"]) == (1, "payment_required")
    assert {each["network"]: each["asset"] for each in v1["accepts"]} == USDC
    assert {each["payTo"].lower() for each in v1["accepts"]} == {payer.chains.pay_to}
    assert {each["resource"] for each in v1["accepts"]} == {url}
    assert [each["network"] for each in v2["accepts"]] == ["eip155:8453", "eip155:137"]
    assert {each["amount"] for each in v2["accepts"]} == {"20000"}
    assert v2["resource"]["url"] == url
    assert v1["payment"] == v1["paymentInfo"]["payment"]
    assert {each["amount"] for each in v1["payment"]} == {"0.02"}


def test_read_requests_on_a_paid_stack_cost_nothing(payer: Payer) -> None:
    assert payer.api.get(JOBS).status == 200
    assert payer.api.get("/api/agents").status == 200
