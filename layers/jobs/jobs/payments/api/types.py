"""The 402 response of x402: types."""

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict

from pydantic import with_config

from jobs.kit.types import CLOSED, ErrorClass


@with_config(CLOSED)
class Domain(TypedDict):
    """The asset's EIP-712 domain."""

    name: str
    version: str


@with_config(CLOSED)
class BaseRequirements(TypedDict):
    """Payment requirements for one network, as both versions of x402 state them."""

    scheme: Literal["exact"]
    network: str
    payTo: str
    maxTimeoutSeconds: int
    asset: str
    extra: Domain


@with_config(CLOSED)
class PaymentRequirements(BaseRequirements):
    """Payment requirements of x402 version 1; `PAYMENT-REQUIRED` has those of version 2."""

    maxAmountRequired: str
    resource: str
    description: str
    mimeType: str
    outputSchema: Mapping[str, Any]


@with_config(CLOSED)
class PaymentRequirementsV2(BaseRequirements):
    """Payment requirements of x402 version 2."""

    amount: str


@with_config(CLOSED)
class Price(TypedDict):
    recipient: str
    amount: str
    amountAtomic: str
    currency: Literal["USDC"]
    network: str
    chainId: int
    asset: str


@with_config(CLOSED)
class PaymentInfo(TypedDict):
    payment: list[Price]


@with_config(CLOSED)
class PaymentRequiredResponse(TypedDict):
    """The price of a job; `code` says why the request is not paid yet.

    A payment that was refused has an `errorClass`.
    """

    x402Version: Literal[1]
    error: str
    code: str
    errorClass: NotRequired[ErrorClass]
    accepts: list[PaymentRequirements]
    paymentInfo: PaymentInfo
    payment: list[Price]
