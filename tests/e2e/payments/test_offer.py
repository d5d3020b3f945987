"""What somebody is told who has not paid, as it arrives over HTTP."""

import json
from base64 import b64decode

import pytest

from tests.e2e.api import JOBS, Api
from tests.e2e.payers import Payer

USDC = {
    "base": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
    "polygon": "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359",
}
ASKED_BY_BROWSERS = {
    *("x-payment", "payment-signature", "x-payment-network", "x-payment-signature"),
    "access-control-expose-headers",
}
TOLD_TO_BROWSERS = {"payment-required", "payment-response", "x-payment-response"}


def names(header: str) -> set[str]:
    return {name.strip().lower() for name in header.split(",")}


@pytest.mark.parametrize("body", [None, b"", b"{}", b"no JSON at all"])
def test_a_bare_probe_is_told_what_it_costs(payer: Payer, body) -> None:
    asked = payer.api.send("POST", JOBS, body)

    assert asked.status == 402
    assert asked.headers["cache-control"] == "no-store"
    assert sum(len(name) + len(value) for name, value in asked.headers.items()) < 8_000
    v1, v2 = asked.json, json.loads(b64decode(asked.headers["payment-required"]))
    assert (v1["x402Version"], v1["code"]) == (1, "payment_required")
    assert {each["network"]: each["asset"] for each in v1["accepts"]} == USDC
    assert {each["payTo"].lower() for each in v1["accepts"]} == {payer.chains.pay_to}
    assert [each["network"] for each in v2["accepts"]] == ["eip155:8453", "eip155:137"]
    assert {each["amount"] for each in v2["accepts"]} == {"20000"}
    assert v1["payment"] == v1["paymentInfo"]["payment"]
    assert {each["amount"] for each in v1["payment"]} == {"0.02"}


def test_the_resource_is_the_address_that_was_asked(payer: Payer) -> None:
    asked = payer.api.send("POST", JOBS)

    url = f"{payer.api.base_url}{JOBS}"
    assert {each["resource"] for each in asked.json["accepts"]} == {url}
    assert json.loads(b64decode(asked.headers["payment-required"]))["resource"]["url"] == url


def test_who_shows_no_key_is_not_asked_for_money(payer: Payer) -> None:
    stranger = Api(payer.api.base_url, None, "nobody")

    assert stranger.send("POST", JOBS).status == 401


def test_reading_costs_nothing(payer: Payer) -> None:
    assert payer.api.get(JOBS).status == 200
    assert payer.api.get("/api/agents").status == 200


def test_browsers_may_send_and_see_what_paying_needs(payer: Payer) -> None:
    preflight = payer.api.send("OPTIONS", JOBS)
    asked = payer.api.send("POST", JOBS)

    assert names(preflight.headers["access-control-allow-headers"]) >= ASKED_BY_BROWSERS
    assert names(asked.headers["access-control-expose-headers"]) >= TOLD_TO_BROWSERS
