"""Pay by x402 on a local chain, also in ways that only a dishonest wallet would."""

import json
import secrets
import time
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, Final

from local.chain.node import Node

PRICE: Final = 20_000  # in atomic units of USDC
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
    """An EIP-3009 authorization, and its x402 payloads."""

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
        signature = sign_typed_data(self.node, self.payer, "TransferWithAuthorization", message)
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
            "extra": get_domain(self.node),
        }
        return {"x402Version": 2, "accepted": accepted, "payload": self.payload()}

    def headers(self, version: int = 2) -> dict[str, str]:
        if version == 1:
            return {"X-PAYMENT": to_header(self.v1())}
        return {"PAYMENT-SIGNATURE": to_header(self.v2())}

    def requirements(self, version: int) -> dict[str, Any]:
        """Return the payment requirements that a server would send to a facilitator."""
        accepted = self.v2()["accepted"]
        if version != 1:
            return dict(accepted)
        del accepted["amount"]
        added = {"resource": "http://127.0.0.1/", "description": "", "mimeType": ""}
        amount = str(self.amount)
        return {**accepted, **added, "network": self.node.name, "maxAmountRequired": amount}

    def cancel(self) -> None:
        """Cancel it on the chain, so that it can no longer be used."""
        message = {"authorizer": self.payer, "nonce": self.nonce}
        signature = sign_typed_data(self.node, self.payer, "CancelAuthorization", message)
        v, r, s = split_signature(signature)
        method = "cancelAuthorization(address,bytes32,uint8,bytes32,bytes32)"
        self.node.send(
            self.payer, self.node.asset, "Token", method, self.payer, self.nonce, v, r, s
        )

    def submit(self) -> str:
        """Settle it without a facilitator, as anyone who sees it can; return the transaction."""
        v, r, s = split_signature(self.payload()["signature"])
        times = (self.valid_after, self.valid_before)
        method = (
            "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,"
            "uint8,bytes32,bytes32)"
        )
        arguments = (self.payer, self.pay_to, self.amount, *times, self.nonce, v, r, s)
        return self.node.send(self.payer, self.node.asset, "Token", method, *arguments)


def split_signature(signature: str) -> tuple[str, str, str]:
    """Return v, r and s in hex."""
    r, s, v = (f"0x{each}" for each in (signature[2:66], signature[66:130], signature[130:]))
    return v, r, s


def sign_typed_data(node: Node, signer: str, primary_type: str, message: dict[str, Any]) -> str:
    """Sign by EIP-712; the node has the key, as a wallet would."""
    types = {
        name: [{"name": key, "type": kind} for key, kind in fields.items()]
        for name, fields in FIELDS.items()
        if name in {"EIP712Domain", primary_type}
    }
    typed = {
        "types": types,
        "primaryType": primary_type,
        "domain": {**get_domain(node), "chainId": node.chain_id, "verifyingContract": node.asset},
        "message": message,
    }
    return str(node.rpc("eth_signTypedData_v4", signer, typed))


def get_domain(node: Node) -> dict[str, str]:
    return {"name": "USDC" if node.name == "base-sepolia" else "USD Coin", "version": "2"}


def to_header(content: Any) -> str:
    return b64encode(json.dumps(content).encode()).decode()


def sign_personal_message(node: Node, signer: str, text: str) -> str:
    """Sign by `personal_sign` (EIP-191)."""
    return str(node.rpc("personal_sign", f"0x{text.encode().hex()}", signer))
