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

BOTH_WAYS = True

NODE = ["x402-fetch", "x402-axios", "@x402/fetch"]
# The header that carries the payment, and the receipt's name for each network.
VERSION_1 = ("x-payment", {"base": "base", "polygon": "polygon"})
VERSION_2 = ("payment-signature", {"base": "eip155:8453", "polygon": "eip155:137"})


@pytest.fixture
def pay(payer: Payer, node: Callable[..., Any]) -> Callable[..., Any]:
    """Request a job with one of the clients; return its report."""

    def ask(client: str, network: str, content: str) -> Any:
        request = {
            "client": client,
            "network": network,
            "privateKey": payer.chains.payer.private_key,
            "url": f"{payer.api.base_url}{JOBS}",
            "headers": {"X-API-Key": payer.api.key},
            "body": {"userId": USER, "content": content},
        }
        return node("pay.mjs", request) if client in NODE else python(request)

    return ask


def python(request: Any) -> Any:
    done = subprocess.run(
        [TOOLS / "chain/bin/python", ROOT / "tests/pay.py", json.dumps(request)],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(("client", "network", "version"), [
    ("x402-fetch", "base", VERSION_1),
    ("x402-axios", "polygon", VERSION_1),
    ("@x402/fetch", "base", VERSION_2),
    ("@x402/fetch", "polygon", VERSION_2),
    ("httpx", "base", None),
    ("requests", "polygon", None),
])  # fmt: skip
def test_published_client_pays_for_a_job_in_its_version(
    pay, payer, client, network, version
) -> None:
    before = payer.service_balance(network)

    report = pay(client, network, f"{client} on {network}")

    assert report["status"] == 201, report
    assert payer.service_balance(network) == before + PRICE
    receipt = report["receipt"]
    assert receipt["success"] is True
    assert receipt["payer"].lower() == payer.address
    mined = payer.node(network).rpc("eth_getTransactionReceipt", receipt["transaction"])
    assert mined["status"] == "0x1"
    job = payer.api.until(report["body"]["jobId"])
    assert job["result"]["message"]["content"] == f"{client} on {network}"
    if version:
        header, receipts = version
        sent = [{name.lower() for name in each} for each in report["sent"]]
        assert [header in each for each in sent] == [False, True]
        assert receipt["network"] == receipts[network]


@pytest.mark.parametrize("client", ["@x402/fetch", "httpx"])
def test_published_client_with_refused_payment_reports_402(pay, payer, client) -> None:
    payer.chains.facilitator.script(verify="refuse:insufficient_funds")
    before = payer.service_balance()

    report = pay(client, "base", f"{client} is poor")

    assert (report["status"], report["body"]["code"]) == (402, "insufficient_funds")
    assert payer.service_balance() == before
    assert payer.jobs([f"{client} is poor"]) == []
