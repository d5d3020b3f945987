"""Parse x402's request headers, strictly, and build its response headers."""

import base64
import json
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

_MAX_DEPTH: Final = 12
_HASH: Final = re.compile(r"0x[0-9a-fA-F]{64}")
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_BYTES: Final = re.compile(r"0x(?:[0-9a-fA-F]{2}){1,4096}")
_NUMBER: Final = re.compile(r"[0-9]{1,78}")
_MAX_TIMESTAMP_S: Final = 2**53


def is_transaction(header: str) -> bool:
    """Whether an `X-PAYMENT` header is a transaction hash rather than an authorization."""
    return _HASH.fullmatch(header) is not None


def choose_header(v1: str | None, v2: str | None) -> tuple[int, str]:
    """Return the version and the text of the header to take.

    Some wallets send one payment in both headers, as they do not know the server's version. Then
    the header whose version fits is taken, and version 2 if both fit.

    Raises `BadRequestError` if the headers contain different payments.
    """
    if not (v1 and v2):
        return (1, v1) if v1 else (2, v2 or "")
    if v1 == v2 and is_transaction(v1):
        return 1, v1
    one, two = _decode(v1, V1), _decode(v2, V2)
    if _signed(one) != _signed(two):
        raise BadRequestError(f"{V1} and {V2} contain different payments: send only one of them")
    return (2, v2) if two.get("x402Version") == 2 else (1, v1)  # noqa: PLR2004


def _signed(payload: Mapping[str, Any]) -> str:
    """Return the signature and what it signs; addresses and hashes count in any case."""
    return json.dumps(payload.get("payload"), sort_keys=True).lower()


def parse_transaction(header: str) -> str:
    return header.lower()


def parse_network(name: str | None, networks: Sequence[Network]) -> Network:
    """Return the network of this name. Raises `BadRequestError`."""
    for each in networks:
        if name == each.name:
            return each
    raise BadRequestError(f"{NETWORK} must be one of {', '.join(n.name for n in networks)}")


def parse_signature(header: str | None) -> str:
    """Validate a payer's signature of a transaction. Raises `BadRequestError`."""
    if header is None or not _BYTES.fullmatch(header):
        raise BadRequestError(f"{SIGNATURE} must be the payer's signature, in hex with 0x")
    return header


def parse_authorization(header: str, *, version: int, networks: Sequence[Network]) -> Authorization:
    """Parse a payment header of x402's version 1 or 2.

    Raises `BadRequestError`, or `PaymentRefusedError` for the wrong asset.
    """
    name = V1 if version == 1 else V2
    payload = _decode(header, name)
    try:
        if payload["x402Version"] is not version:
            raise BadRequestError(f"{name} must be of x402Version {version}")
        accepted = payload if version == 1 else payload["accepted"]
        network = _network(accepted, version, networks)
        signed = payload["payload"]["authorization"]
        _match(_BYTES, payload["payload"]["signature"])
        read = Authorization(
            version=version,
            network=network,
            payer=_match(_ADDRESS, signed["from"]).lower(),
            nonce=_match(_HASH, signed["nonce"]).lower(),
            amount=_parse_number(signed["value"]),
            pay_to=_match(_ADDRESS, signed["to"]),
            valid_after=_parse_number(signed["validAfter"]),
            valid_before=_parse_number(signed["validBefore"]),
            payload=payload,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadRequestError(f"{name} is not a payment of x402's exact scheme") from error
    if max(read.valid_after, read.valid_before) > _MAX_TIMESTAMP_S:
        raise BadRequestError(f"{name} is valid at no time that we know")
    if version != 1 and str(accepted.get("asset")).lower() != network.asset.lower():
        raise PaymentRefusedError("invalid_payment_requirements")
    return read


def _decode(header: str, name: str) -> Mapping[str, Any]:
    try:
        payload = strict_json.loads(base64.b64decode(header, validate=True).decode())
    except ValueError as error:
        raise BadRequestError(f"{name} must be JSON in base64") from error
    if not isinstance(payload, dict) or _depth(payload) > _MAX_DEPTH:
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
    raise BadRequestError("The payment's network is not accepted")


def _match(pattern: re.Pattern[str], value: Any) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(pattern.pattern)
    return value


def _parse_number(value: Any) -> int:
    return int(_match(_NUMBER, value))


def response_headers(payment: Payment) -> Mapping[str, str]:
    """Return the receipt, in the header of the payment's x402 version."""
    network = NETWORKS[payment.network]
    receipt = {
        "success": True,
        "payer": payment.payer,
        "transaction": payment.transaction,
        "network": network.caip2 if payment.version == 2 else network.name,  # noqa: PLR2004
    }
    name = "PAYMENT-RESPONSE" if payment.version == 2 else "X-PAYMENT-RESPONSE"  # noqa: PLR2004
    return {name: encode(receipt)}


def encode(value: Mapping[str, Any]) -> str:
    return base64.b64encode(strict_json.dumps(value).encode()).decode()
