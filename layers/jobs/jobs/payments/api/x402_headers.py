"""x402's headers: what a client pays with, read strictly, and what it is told afterwards."""

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from jobs.kit import strict_json
from jobs.kit.http import BadRequestError
from jobs.payments.errors import PaymentRefusedError
from jobs.payments.payment import NETWORKS, Authorization, Network, Payment

V1: Final = "X-PAYMENT"
V2: Final = "PAYMENT-SIGNATURE"
NETWORK: Final = "X-PAYMENT-NETWORK"
SIGNATURE: Final = "X-PAYMENT-SIGNATURE"

_DEEPEST: Final = 12
_HASH: Final = re.compile(r"0x[0-9a-fA-F]{64}")
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_BYTES: Final = re.compile(r"0x(?:[0-9a-fA-F]{2}){1,4096}")
_NUMBER: Final = re.compile(r"[0-9]{1,78}")
_MOST_SECONDS: Final = 2**53


def is_transaction(header: str) -> bool:
    """Whether an `X-PAYMENT` is a transaction's hash, and not an authorization."""
    return _HASH.fullmatch(header) is not None


def transaction(header: str) -> str:
    return header.lower()


def named(name: str | None, networks: Sequence[Network]) -> Network:
    """Return the network that a header names. Raises `BadRequestError`."""
    for each in networks:
        if name == each.name:
            return each
    raise BadRequestError(f"{NETWORK} must be one of {', '.join(n.name for n in networks)}")


def signature(header: str | None) -> str:
    """Return a payer's signature of a transaction. Raises `BadRequestError`."""
    if header is None or not _BYTES.fullmatch(header):
        raise BadRequestError(f"{SIGNATURE} must be the payer's signature, in hex with 0x")
    return header


def authorization(header: str, *, version: int, networks: Sequence[Network]) -> Authorization:
    """Read a payment header of x402's version 1 or 2.

    Raises `BadRequestError`, or `PaymentRefusedError` where it is for another asset than asked for.
    """
    name = V1 if version == 1 else V2
    payload = _decoded(header, name)
    try:
        if payload["x402Version"] is not version:
            raise BadRequestError(f"{name} must be of x402Version {version}")
        accepted = payload if version == 1 else payload["accepted"]
        network = _network(accepted, version, networks)
        signed = payload["payload"]["authorization"]
        _matching(_BYTES, payload["payload"]["signature"])
        read = Authorization(
            version=version,
            network=network,
            payer=_matching(_ADDRESS, signed["from"]).lower(),
            nonce=_matching(_HASH, signed["nonce"]).lower(),
            amount=_number(signed["value"]),
            pay_to=_matching(_ADDRESS, signed["to"]),
            valid_after=_number(signed["validAfter"]),
            valid_before=_number(signed["validBefore"]),
            payload=payload,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadRequestError(f"{name} is not a payment of x402's exact scheme") from error
    if max(read.valid_after, read.valid_before) > _MOST_SECONDS:
        raise BadRequestError(f"{name} is valid at no time that we know")
    if version != 1 and str(accepted.get("asset")).lower() != network.asset.lower():
        raise PaymentRefusedError("invalid_payment_requirements")
    return read


def _decoded(header: str, name: str) -> Mapping[str, Any]:
    try:
        payload = strict_json.loads(base64.b64decode(header, validate=True).decode())
    except ValueError as error:
        raise BadRequestError(f"{name} must be JSON in base64") from error
    if not isinstance(payload, dict) or _depth(payload) > _DEEPEST:
        raise BadRequestError(f"{name} is not a payment")
    return payload


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)


def _network(accepted: Mapping[str, Any], version: int, networks: Sequence[Network]) -> Network:
    if accepted["scheme"] != "exact":
        raise BadRequestError("Payments are of the scheme exact")
    for each in networks:
        if accepted["network"] == (each.name if version == 1 else each.caip2):
            return each
    raise BadRequestError("The payment's network is not one of those on offer")


def _matching(pattern: re.Pattern[str], value: Any) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(pattern.pattern)
    return value


def _number(value: Any) -> int:
    return int(_matching(_NUMBER, value))


def settled(payment: Payment) -> Mapping[str, str]:
    """Tell a client by which transaction it has paid, in the header of the version that it uses."""
    network = NETWORKS[payment.network]
    spelled = {
        "success": True,
        "payer": payment.payer,
        "transaction": payment.transaction,
        "network": network.caip2 if payment.version == 2 else network.name,  # noqa: PLR2004
    }
    name = "PAYMENT-RESPONSE" if payment.version == 2 else "X-PAYMENT-RESPONSE"  # noqa: PLR2004
    return {name: encoded(spelled)}


def encoded(value: Mapping[str, Any]) -> str:
    return base64.b64encode(strict_json.dumps(value).encode()).decode()
