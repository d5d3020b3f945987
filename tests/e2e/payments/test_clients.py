"""Published x402 clients, unmodified, pay for jobs on a deployed stack."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from local.chain.wallet import PRICE
from local.kit.paths import ROOT, TOOLS
from tests.e2e.api import JOBS, USER
from tests.e2e.payers import Payer

NODE = ["x402-fetch", "x402-axios", "@x402/fetch"]
PYTHON = ["httpx", "requests"]
NETWORKS = ["base", "polygon"]


@pytest.fixture
def pay(payer: Payer, node: Callable[..., Any]) -> Callable[..., Any]:
    """Ask for a job with one of the clients; return what it says."""

    def ask(client: str, network: str, content: str = "Hello") -> Any:
        wanted = {
            "client": client,
            "network": network,
            "privateKey": payer.chains.payer.private_key,
            "url": f"{payer.api.base_url}{JOBS}",
            "headers": {"X-API-Key": payer.api.key},
            "body": {"userId": USER, "content": content},
        }
        return node("pay.mjs", wanted) if client in NODE else python(wanted)

    return ask


def python(wanted: Any) -> Any:
    done = subprocess.run(
        [TOOLS / "chain/bin/python", ROOT / "tests/pay.py", json.dumps(wanted)],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("client", [*NODE, *PYTHON])
def test_a_published_client_pays_for_a_job_that_is_then_done(pay, payer, client, network) -> None:
    before = payer.earned(network)

    said = pay(client, network, f"{client} on {network}")

    assert said["status"] == 201, said
    assert payer.earned(network) == before + PRICE
    receipt = said["receipt"]
    assert receipt["success"] is True
    assert receipt["payer"].lower() == payer.address
    mined = payer.node(network).rpc("eth_getTransactionReceipt", receipt["transaction"])
    assert mined["status"] == "0x1"
    job = payer.api.until(said["body"]["jobId"])
    assert job["result"]["message"]["content"] == f"{client} on {network}"


@pytest.mark.parametrize(
    ("client", "header", "network"),
    [
        ("x402-fetch", "x-payment", "base"),
        ("x402-axios", "x-payment", "base"),
        ("@x402/fetch", "payment-signature", "eip155:8453"),
    ],
)
def test_a_client_is_answered_in_the_version_that_it_speaks(pay, client, header, network) -> None:
    said = pay(client, "base")

    assert [header in {name.lower() for name in each} for each in said["sent"]] == [False, True]
    assert said["receipt"]["network"] == network


@pytest.mark.parametrize("client", [*NODE, *PYTHON])
def test_a_client_whose_payment_is_refused_sees_why_and_gets_no_job(pay, payer, client) -> None:
    payer.chains.facilitator.script(verify="refuse:insufficient_funds")
    before = payer.earned()

    said = pay(client, "base", f"{client} is poor")

    assert (said["status"], said["body"]["code"]) == (402, "insufficient_funds")
    assert payer.earned() == before
    assert payer.jobs([f"{client} is poor"]) == []
