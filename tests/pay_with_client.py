"""Pay for jobs with Sortie's client, and print the results.

usage: .tools/chain/bin/python tests/pay_with_client.py '{"asynchronous": false, "network": "base",
"privateKey": …, "baseUrl": …, "apiKey": …, "lose": 1, "calls": [{"user_id": …, "content": …}]}'

`lose`: the number of lost responses to paid requests. One client makes all calls.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

import httpx
from eth_account import Account
from x402 import prefer_network, x402ClientSync
from x402.http import x402HTTPClientSync
from x402.mechanisms.evm.exact import register_exact_evm_client
from x402.mechanisms.evm.signers import EthAccountSigner

from sortie_client import AsyncSortie, Offer, Settings, Sortie, SortieError

NETWORKS = {"base": "eip155:8453", "polygon": "eip155:137"}


class Wallet:
    """The payment hook of the client's README; it counts its calls."""

    def __init__(self, private_key: str, network: str) -> None:
        client = x402ClientSync()
        signer = EthAccountSigner(Account.from_key(private_key))
        prefer = prefer_network(NETWORKS[network])
        register_exact_evm_client(client, signer, policies=[prefer])
        self._http = x402HTTPClientSync(client)
        self.signed = 0

    def pay(self, offer: Offer) -> Mapping[str, str]:
        self.signed += 1
        headers, _ = self._http.handle_402_response(dict(offer.headers), offer.body, offer.url)
        return headers

    async def pay_asynchronously(self, offer: Offer) -> Mapping[str, str]:
        return self.pay(offer)


class Losses:
    """Records requests, and decides which responses are lost."""

    def __init__(self, lose: int) -> None:
        self._left = lose
        self.sent: list[dict[str, str | None]] = []

    def record(self, request: httpx.Request) -> bool:
        """Record a request; return whether its response is lost."""
        payment = request.headers.get("PAYMENT-SIGNATURE") or request.headers.get("X-PAYMENT")
        key = request.headers.get("Idempotency-Key")
        self.sent.append({"payment": payment, "key": key})
        losing = payment is not None and self._left > 0
        self._left -= losing
        return losing


class Losing(httpx.HTTPTransport):
    def __init__(self, losses: Losses) -> None:
        super().__init__()
        self._losses = losses

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        losing, response = self._losses.record(request), super().handle_request(request)
        if losing:
            response.read()
            raise httpx.ReadError("the response is lost")
        return response


class AsyncLosing(httpx.AsyncHTTPTransport):
    def __init__(self, losses: Losses) -> None:
        super().__init__()
        self._losses = losses

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        losing, response = self._losses.record(request), await super().handle_async_request(request)
        if losing:
            await response.aread()
            raise httpx.ReadError("the response is lost")
        return response


def run_synchronous(settings: Settings, wallet: Wallet, losses: Losses, calls: Any) -> list[Any]:
    with Sortie(settings, payment=wallet.pay, transport=Losing(losses)) as sortie:
        return [dict(sortie.messaging.create_job(**call).raw) for call in calls]


async def run_asynchronous(
    settings: Settings, wallet: Wallet, losses: Losses, calls: Any
) -> list[Any]:
    transport = AsyncLosing(losses)
    async with AsyncSortie(
        settings, payment=wallet.pay_asynchronously, transport=transport
    ) as sortie:
        return [dict((await sortie.messaging.create_job(**call)).raw) for call in calls]


def main(wanted: Any) -> None:
    settings = Settings(wanted["baseUrl"], api_key=wanted["apiKey"], timeout=60)
    wallet, losses = Wallet(wanted["privateKey"], wanted["network"]), Losses(wanted["lose"])
    result: dict[str, Any] = {"jobs": [], "error": None}
    try:
        if wanted["asynchronous"]:
            result["jobs"] = asyncio.run(
                run_asynchronous(settings, wallet, losses, wanted["calls"])
            )
        else:
            result["jobs"] = run_synchronous(settings, wallet, losses, wanted["calls"])
    except SortieError as error:
        result["error"] = {"kind": type(error).__name__, "text": str(error)}
    print(json.dumps({**result, "signed": wallet.signed, "sent": losses.sent}))  # noqa: T201 - read by its parent


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
