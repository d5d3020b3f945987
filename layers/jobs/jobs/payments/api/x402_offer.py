"""The 402 response of a create, for three kinds of client.

A client of x402 version 1 reads the body, one of version 2 the header, and one that sends a
transaction of its own reads `paymentInfo`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from jobs.kit.errors import FailureClass
from jobs.kit.http import Response
from jobs.payments.api.x402_headers import encode
from jobs.payments.payment import Network, Terms

if TYPE_CHECKING:
    from jobs.payments.api import types

PAYMENT_TIMEOUT_S: Final = 120
"""How long a client's authorization should stay valid."""

REQUIRED: Final = "payment_required"

_DESCRIPTION: Final = (
    "One message to an AI agent. Its answer is read at /api/messaging/jobs/{jobId}."
)
_JSON: Final = "application/json"
_DECIMALS: Final = 6
_ERROR_TEXTS: Final[Mapping[str, str]] = {
    REQUIRED: "Payment required",
    "insufficient_funds": "The payer does not have enough USDC",
    "invalid_exact_evm_payload_authorization_value": "The payment's amount is wrong",
    "invalid_exact_evm_payload_recipient_mismatch": "The payment's recipient is wrong",
    "invalid_exact_evm_payload_signature": "The payment's signature is not the payer's",
    "invalid_signature": "X-PAYMENT-SIGNATURE is not the payer's signature of this request",
    "payment_already_used": "The payment has been used for another request",
    "payment_expired": "The payment has expired",
    "payment_not_received": "The transaction pays less than the price",
    "payment_refused": "The payment was refused",
    "payment_too_old": "The transaction is more than 24 hours old",
    "payment_valid_too_long": "The payment is valid for more than an hour",
    "transaction_failed": "The transaction failed",
}
_BODY_FIELDS: Final[Mapping[str, Any]] = {
    "userId": {"type": "string", "required": True, "description": "A UUID of your own"},
    "content": {"type": "string", "required": True, "description": "The message"},
    "agentId": {"type": "string", "required": False, "description": "A UUID; else the first agent"},
    "metadata": {"type": "object", "required": False, "description": "Comes back as it is"},
    "timeoutMs": {"type": "number", "required": False, "description": "1000 to 300000"},
}
_OUTPUT: Final[Mapping[str, Any]] = {
    "jobId": "11111111-1111-4111-8111-111111111111",
    "status": "pending",
    "createdAt": 1767268800000,
    "expiresAt": 1767268830000,
}
_EXAMPLE: Final[Mapping[str, Any]] = {
    "userId": "22222222-2222-4222-8222-222222222222",
    "content": "Hello",
}


def payment_required_response(
    terms: Terms, resource: str, *, code: str = REQUIRED
) -> Response[types.PaymentRequiredResponse]:
    """Return 402 with the price; `code` says why. `resource` is the URL to pay for."""
    error = _ERROR_TEXTS.get(code, code)
    payment = [_to_price(terms, each) for each in terms.networks]
    body: types.PaymentRequiredResponse = {
        "x402Version": 1,
        "error": error,
        "code": code,
        "accepts": [_to_requirements_v1(terms, each, resource) for each in terms.networks],
        "paymentInfo": {"payment": payment},
        "payment": payment,
    }
    if code != REQUIRED:
        body["errorClass"] = FailureClass.REFUSED.value
    offer = {
        "x402Version": 2,
        "error": error,
        "resource": {"url": resource, "description": _DESCRIPTION, "mimeType": _JSON},
        "accepts": [_to_requirements_v2(terms, each) for each in terms.networks],
        "extensions": {"bazaar": _BAZAAR},
    }
    return Response(HTTPStatus.PAYMENT_REQUIRED, body, {"PAYMENT-REQUIRED": encode(offer)})


def to_requirements(
    terms: Terms, network: Network, resource: str, *, version: int
) -> Mapping[str, Any]:
    """Return the requirements for one network, as a facilitator checks them."""
    if version == 1:
        return _to_requirements_v1(terms, network, resource)
    return _to_requirements_v2(terms, network)


def _to_requirements_v1(terms: Terms, network: Network, resource: str) -> types.PaymentRequirements:
    return {
        "scheme": "exact",
        "asset": network.asset,
        "payTo": terms.pay_to,
        "maxTimeoutSeconds": PAYMENT_TIMEOUT_S,
        "extra": _to_domain(network),
        "network": network.name,
        "maxAmountRequired": str(terms.price),
        "resource": resource,
        "description": _DESCRIPTION,
        "mimeType": _JSON,
        "outputSchema": {
            "input": {
                "type": "http",
                "method": "POST",
                "discoverable": True,
                "bodyType": "json",
                "bodyFields": _BODY_FIELDS,
            },
            "output": {"type": "json", "example": _OUTPUT},
        },
    }


def _to_requirements_v2(terms: Terms, network: Network) -> types.PaymentRequirementsV2:
    return {
        "scheme": "exact",
        "asset": network.asset,
        "payTo": terms.pay_to,
        "maxTimeoutSeconds": PAYMENT_TIMEOUT_S,
        "extra": _to_domain(network),
        "network": network.caip2,
        "amount": str(terms.price),
    }


def _to_domain(network: Network) -> types.Domain:
    return {"name": network.domain_name, "version": network.domain_version}


def to_usdc(amount: int) -> str:
    """Write an amount in the token's smallest unit as one in USDC: 20000 is 0.02."""
    return f"{(Decimal(amount) / 10**_DECIMALS).normalize():f}"


def _to_price(terms: Terms, network: Network) -> types.Price:
    return {
        "recipient": terms.pay_to,
        "amount": to_usdc(terms.price),
        "amountAtomic": str(terms.price),
        "currency": "USDC",
        "network": network.name,
        "chainId": network.chain,
        "asset": network.asset,
    }


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*required]}


_BAZAAR: Final[Mapping[str, Any]] = {
    "info": {
        "input": {"type": "http", "method": "POST", "bodyType": "json", "body": _EXAMPLE},
        "output": {"type": "json", "example": _OUTPUT},
    },
    "schema": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_object(
            {
                "input": _object(
                    {
                        "type": {"const": "http"},
                        "method": {"const": "POST"},
                        "bodyType": {"const": "json"},
                        "body": _object(
                            {name: {"type": each["type"]} for name, each in _BODY_FIELDS.items()},
                            "userId",
                            "content",
                        ),
                    },
                    *("type", "method", "bodyType", "body"),
                ),
                "output": _object({"type": {"const": "json"}, "example": {"type": "object"}}),
            },
            "input",
        ),
    },
}
