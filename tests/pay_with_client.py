"""Pay for jobs with Sortie's client, and print the results.

usage: .tools/chain/bin/python tests/pay_with_client.py '{"awaiting": false, "network": "base",
"privateKey": …, "baseUrl": …, "apiKey": …, "lose": 1, "calls": [{"user_id": …, "content": …}]}'

`lose`: so many answers to paid requests never arrive. All calls are made by one client.
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
    """The hook, as the client's README has it; it counts how often it is asked."""

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

    async def pay_awaited(self, offer: Offer) -> Mapping[str, str]:
        return self.pay(offer)


class Losses:
    """What was sent, and which answers to it never arrive."""

    def __init__(self, lose: int) -> None:
        self._left = lose
        self.sent: list[dict[str, str | None]] = []

    def look(self, request: httpx.Request) -> bool:
        """Whether this one's answer is to be lost."""
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
        losing, response = self._losses.look(request), super().handle_request(request)
        if losing:
            response.read()
            raise httpx.ReadError("the answer is lost")
        return response


class AsyncLosing(httpx.AsyncHTTPTransport):
    def __init__(self, losses: Losses) -> None:
        super().__init__()
        self._losses = losses

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        losing, response = self._losses.look(request), await super().handle_async_request(request)
        if losing:
            await response.aread()
            raise httpx.ReadError("the answer is lost")
        return response


def blocking(settings: Settings, wallet: Wallet, losses: Losses, calls: Any) -> list[Any]:
    with Sortie(settings, payment=wallet.pay, transport=Losing(losses)) as sortie:
        return [dict(sortie.messaging.create_job(**call).raw) for call in calls]


async def awaiting(settings: Settings, wallet: Wallet, losses: Losses, calls: Any) -> list[Any]:
    transport = AsyncLosing(losses)
    async with AsyncSortie(settings, payment=wallet.pay_awaited, transport=transport) as sortie:
        return [dict((await sortie.messaging.create_job(**call)).raw) for call in calls]


def main(wanted: Any) -> None:
    settings = Settings(wanted["baseUrl"], api_key=wanted["apiKey"], timeout=60)
    wallet, losses = Wallet(wanted["privateKey"], wanted["network"]), Losses(wanted["lose"])
    said: dict[str, Any] = {"jobs": [], "error": None}
    try:
        if wanted["awaiting"]:
            said["jobs"] = asyncio.run(awaiting(settings, wallet, losses, wanted["calls"]))
        else:
            said["jobs"] = blocking(settings, wallet, losses, wanted["calls"])
    except SortieError as error:
        said["error"] = {"kind": type(error).__name__, "text": str(error)}
    print(json.dumps({**said, "signed": wallet.signed, "sent": losses.sent}))  # noqa: T201 - read by its parent


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
