"""The project's own client pays for jobs by its hook, with the PyPI package `x402`: once."""

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

WAYS = [("blocking", "base"), ("awaiting", "polygon")]


@pytest.fixture
def ask(payer: Payer) -> Callable[..., Any]:
    """Create jobs with one client; return what it got, and what it sent for that."""

    def run(way: str, network: str, *calls: dict[str, str], lose: int = 0) -> Any:
        wanted = {
            "awaiting": way == "awaiting",
            "network": network,
            "privateKey": payer.chains.payer.private_key,
            "baseUrl": payer.api.base_url,
            "apiKey": payer.api.key,
            "lose": lose,
            "calls": [{"user_id": USER, **call} for call in calls],
        }
        done = subprocess.run(
            [TOOLS / "chain/bin/python", ROOT / "tests/pay_with_client.py", json.dumps(wanted)],
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
    """A message that nobody else sends."""
    return f"Hello {uuid4()}"


@pytest.mark.parametrize(("way", "network"), WAYS)
def test_a_job_is_paid_for_and_done(ask, payer, content, way, network) -> None:
    before = payer.earned(network)

    said = ask(way, network, {"content": content})

    assert said["error"] is None
    assert (said["signed"], len(said["sent"])) == (1, 2)
    assert payer.earned(network) == before + PRICE
    [job] = said["jobs"]
    assert payer.api.until(job["jobId"])["result"]["message"]["content"] == content


@pytest.mark.parametrize(("way", "network"), WAYS)
def test_one_whose_answer_is_lost_again_and_again_is_paid_for_once(
    ask, payer, content, way, network
) -> None:
    before = payer.earned(network)

    said = ask(way, network, {"content": content}, lose=2)

    assert said["error"] is None
    unpaid, *paid = said["sent"]
    assert (unpaid["payment"], said["signed"]) == (None, 1)
    assert len(paid) >= 3
    assert all(each == paid[0] for each in paid)
    assert payer.earned(network) == before + PRICE
    assert payer.jobs([content]) == [content]
    assert payer.api.job(said["jobs"][0]["jobId"])["prompt"] == content


@pytest.mark.parametrize(("way", "network"), WAYS)
def test_a_settlement_that_nobody_saw_is_asked_about_until_it_is_known(
    ask, payer, content, way, network
) -> None:
    payer.chains.facilitator.script(settle=["lost"])
    before = payer.earned(network)

    said = ask(way, network, {"content": content})

    assert said["error"] is None
    assert said["signed"] == 1
    assert payer.earned(network) == before + PRICE
    assert payer.jobs([content]) == [content]


def test_the_same_call_under_the_same_key_is_not_charged_twice(ask, payer, content) -> None:
    """So does whoever has lost all of a call, its answers and its payment."""
    before = payer.earned()
    call = {"content": content, "idempotency_key": str(uuid4())}

    first = ask("blocking", "base", call)
    second = ask("blocking", "base", call)

    assert first["jobs"][0]["jobId"] == second["jobs"][0]["jobId"]
    assert payer.earned() == before + PRICE
    assert payer.jobs([content]) == [content]


@pytest.mark.parametrize("way", ["blocking", "awaiting"])
def test_a_payment_that_is_refused_is_an_error_and_no_other_one_is_made(
    ask, payer, content, way
) -> None:
    payer.chains.facilitator.script(verify="refuse:insufficient_funds")
    before = payer.earned()

    said = ask(way, "base", {"content": content})

    assert said["error"]["kind"] == "PaymentRequiredError"
    assert "insufficient_funds" in said["error"]["text"]
    assert said["signed"] == 1
    assert payer.earned() == before
    assert payer.jobs([content]) == []
