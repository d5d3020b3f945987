"""The project's own client pays for jobs by its hook and the PyPI package `x402`."""

import json
import subprocess
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from local.chain.wallet import PRICE
from local.kit.paths import ROOT, TOOLS
from tests.e2e.api import USER
from tests.e2e.payers import Payer

BOTH_WAYS = True

MODES = [("synchronous", "base"), ("asynchronous", "polygon")]


@pytest.fixture
def ask(payer: Payer) -> Callable[..., Any]:
    """Create jobs with one client; return its answers and requests."""

    def run(mode: str, network: str, *calls: dict[str, str], lose: int = 0) -> Any:
        request = {
            "asynchronous": mode == "asynchronous",
            "network": network,
            "privateKey": payer.chains.payer.private_key,
            "baseUrl": payer.api.base_url,
            "apiKey": payer.api.key,
            "lose": lose,
            "calls": [{"user_id": USER, **call} for call in calls],
        }
        done = subprocess.run(
            [TOOLS / "chain/bin/python", ROOT / "tests/pay_with_client.py", json.dumps(request)],
            capture_output=True,
            check=False,
            env={"PYTHONPATH": str(ROOT / "client/src")},
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture
def content() -> str:
    """Return a message that no other test sends."""
    return f"Hello {uuid4()}"


@pytest.mark.parametrize(("mode", "network"), MODES)
def test_call_with_lost_answers_pays_once(ask, payer, content, mode, network) -> None:
    before = payer.service_balance(network)

    report = ask(mode, network, {"content": content}, lose=2)

    assert report["error"] is None
    unpaid, *paid = report["sent"]
    assert (unpaid["payment"], report["signed"]) == (None, 1)
    assert len(paid) >= 3
    assert all(each == paid[0] for each in paid)
    assert payer.service_balance(network) == before + PRICE
    assert payer.jobs([content]) == [content]
    job = payer.api.until(report["jobs"][0]["jobId"])
    assert job["result"]["message"]["content"] == content


def test_call_with_unknown_settlement_retries_with_one_payment(ask, payer, content) -> None:
    payer.chains.facilitator.script(settle=["lost"])
    before = payer.service_balance()

    report = ask("synchronous", "base", {"content": content})

    assert report["error"] is None
    assert report["signed"] == 1
    assert payer.service_balance() == before + PRICE
    assert payer.jobs([content]) == [content]


def test_call_repeated_with_its_idempotency_key_pays_once(ask, payer, content) -> None:
    """A client that lost the payment too repeats the call this way."""
    before = payer.service_balance()
    call = {"content": content, "idempotency_key": str(uuid4())}

    first = ask("synchronous", "base", call)
    second = ask("synchronous", "base", call)

    assert first["jobs"][0]["jobId"] == second["jobs"][0]["jobId"]
    assert payer.service_balance() == before + PRICE
    assert payer.jobs([content]) == [content]


def test_call_with_refused_payment_raises_without_a_second_one(ask, payer, content) -> None:
    payer.chains.facilitator.script(verify="refuse:insufficient_funds")
    before = payer.service_balance()

    report = ask("asynchronous", "base", {"content": content})

    assert report["error"]["kind"] == "PaymentRequiredError"
    assert "insufficient_funds" in report["error"]["text"]
    assert report["signed"] == 1
    assert payer.service_balance() == before
    assert payer.jobs([content]) == []
