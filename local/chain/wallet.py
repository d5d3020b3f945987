"""A wallet that pays by x402 on a local chain, also in ways that no honest one would."""

import json
import secrets
import time
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, Final

from local.chain.node import Node

PRICE: Final = 20_000
FIELDS: Final = {
    "EIP712Domain": {
        "name": "string",
        "version": "string",
        "chainId": "uint256",
        "verifyingContract": "address",
    },
    "TransferWithAuthorization": {
        "from": "address",
        "to": "address",
        "value": "uint256",
        "validAfter": "uint256",
        "validBefore": "uint256",
        "nonce": "bytes32",
    },
    "CancelAuthorization": {"authorizer": "address", "nonce": "bytes32"},
}


@dataclass(frozen=True, kw_only=True)
class Authorization:
    """An EIP-3009 authorization, with the spelling that x402 has for it."""

    node: Node
    payer: str
    pay_to: str
    amount: int = PRICE
    valid_after: int = field(default_factory=lambda: int(time.time()) - 600)
    valid_before: int = field(default_factory=lambda: int(time.time()) + 600)
    nonce: str = field(default_factory=lambda: f"0x{secrets.token_hex(32)}")

    def payload(self) -> dict[str, Any]:
        message = {
            "from": self.payer,
            "to": self.pay_to,
            "value": str(self.amount),
            "validAfter": str(self.valid_after),
            "validBefore": str(self.valid_before),
            "nonce": self.nonce,
        }
        signature = signed(self.node, self.payer, "TransferWithAuthorization", message)
        return {"signature": signature, "authorization": message}

    def v1(self) -> dict[str, Any]:
        network = self.node.name
        return {
            "x402Version": 1,
            "scheme": "exact",
            "network": network,
            "payload": self.payload(),
        }

    def v2(self) -> dict[str, Any]:
        accepted = {
            "scheme": "exact",
            "network": f"eip155:{self.node.chain_id}",
            "asset": self.node.asset,
            "amount": str(self.amount),
            "payTo": self.pay_to,
            "maxTimeoutSeconds": 120,
            "extra": domain(self.node),
        }
        return {"x402Version": 2, "accepted": accepted, "payload": self.payload()}

    def headers(self, version: int = 2) -> dict[str, str]:
        if version == 1:
            return {"X-PAYMENT": encoded(self.v1())}
        return {"PAYMENT-SIGNATURE": encoded(self.v2())}

    def requirements(self, version: int) -> dict[str, Any]:
        """What a server would tell a facilitator about it."""
        accepted = self.v2()["accepted"]
        if version != 1:
            return dict(accepted)
        del accepted["amount"]
        more = {"resource": "http://127.0.0.1/", "description": "", "mimeType": ""}
        amount = str(self.amount)
        return {**accepted, **more, "network": self.node.name, "maxAmountRequired": amount}

    def cancel(self) -> None:
        """Take it back, on the chain, so that nobody can use it any more."""
        message = {"authorizer": self.payer, "nonce": self.nonce}
        signature = signed(self.node, self.payer, "CancelAuthorization", message)
        r, s, v = (f"0x{each}" for each in (signature[2:66], signature[66:130], signature[130:]))
        method = "cancelAuthorization(address,bytes32,uint8,bytes32,bytes32)"
        self.node.send(
            self.payer, self.node.asset, "Token", method, self.payer, self.nonce, v, r, s
        )

    def submit(self) -> str:
        """Use it without any facilitator, as whoever sees it can; return the transaction."""
        signature = self.payload()["signature"]
        r, s, v = (f"0x{each}" for each in (signature[2:66], signature[66:130], signature[130:]))
        times = (self.valid_after, self.valid_before)
        method = (
            "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,"
            "uint8,bytes32,bytes32)"
        )
        arguments = (self.payer, self.pay_to, self.amount, *times, self.nonce, v, r, s)
        return self.node.send(self.payer, self.node.asset, "Token", method, *arguments)


def signed(node: Node, signer: str, what: str, message: dict[str, Any]) -> str:
    """The node holds the key, as a wallet would."""
    types = {
        name: [{"name": key, "type": kind} for key, kind in fields.items()]
        for name, fields in FIELDS.items()
        if name in {"EIP712Domain", what}
    }
    typed = {
        "types": types,
        "primaryType": what,
        "domain": {**domain(node), "chainId": node.chain_id, "verifyingContract": node.asset},
        "message": message,
    }
    return str(node.rpc("eth_signTypedData_v4", signer, typed))


def domain(node: Node) -> dict[str, str]:
    return {"name": "USDC" if node.name == "base-sepolia" else "USD Coin", "version": "2"}


def encoded(content: Any) -> str:
    return b64encode(json.dumps(content).encode()).decode()


def personally_signed(node: Node, signer: str, text: str) -> str:
    """By `personal_sign`."""
    return str(node.rpc("personal_sign", f"0x{text.encode().hex()}", signer))
