"""Pay for a job with the PyPI x402 client, and print the result.

usage: .tools/chain/bin/python tests/pay.py '{"client": "httpx", "network": "base", "privateKey": …,
"url": …, "headers": {…}, "body": {…}}'
"""

import asyncio
import json
import sys
from typing import Any

from eth_account import Account
from x402 import prefer_network, x402Client, x402ClientSync
from x402.http import decode_payment_response_header
from x402.http.clients import x402_requests, x402HttpxClient
from x402.mechanisms.evm.exact import register_exact_evm_client
from x402.mechanisms.evm.signers import EthAccountSigner

NETWORKS = {"base": "eip155:8453", "polygon": "eip155:137"}
SECONDS = 60


async def httpx(wanted: Any) -> Any:
    async with x402HttpxClient(paying(x402Client(), wanted), timeout=SECONDS) as http:
        return await http.post(wanted["url"], json=wanted["body"], headers=wanted["headers"])


def requests(wanted: Any) -> Any:
    http = x402_requests(paying(x402ClientSync(), wanted))
    return http.post(wanted["url"], json=wanted["body"], headers=wanted["headers"], timeout=SECONDS)


def paying(client: Any, wanted: Any) -> Any:
    signer = EthAccountSigner(Account.from_key(wanted["privateKey"]))
    prefer = prefer_network(NETWORKS[wanted["network"]])
    register_exact_evm_client(client, signer, policies=[prefer])
    return client


def main(wanted: Any) -> None:
    answer = asyncio.run(httpx(wanted)) if wanted["client"] == "httpx" else requests(wanted)
    header = answer.headers.get("PAYMENT-RESPONSE") or answer.headers.get("X-PAYMENT-RESPONSE")
    receipt = decode_payment_response_header(header) if header else None
    result = {
        "status": answer.status_code,
        "body": answer.json(),
        "receipt": receipt.model_dump(by_alias=True, exclude_none=True) if receipt else None,
    }
    print(json.dumps(result))  # noqa: T201 - who started it reads that


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
