"""What a create that is not paid for answers (x402)."""

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from pydantic import with_config

from jobs.kit.types import WHOLE


@with_config(WHOLE)
class Domain(TypedDict):
    """The asset's EIP-712 domain."""

    name: str
    version: str


@with_config(WHOLE)
class AnyRequirements(TypedDict):
    """What each version of x402 asks for on one network."""

    scheme: Literal["exact"]
    network: str
    payTo: str
    maxTimeoutSeconds: int
    asset: str
    extra: Domain


@with_config(WHOLE)
class Requirements(AnyRequirements):
    """What x402's version 1 asks for on one network; version 2 is in `PAYMENT-REQUIRED`."""

    maxAmountRequired: str
    resource: str
    description: str
    mimeType: str
    outputSchema: Mapping[str, Any]


@with_config(WHOLE)
class RequirementsV2(AnyRequirements):
    """What x402's version 2 asks for on one network."""

    amount: str


@with_config(WHOLE)
class Price(TypedDict):
    recipient: str
    amount: str
    amountAtomic: str
    currency: Literal["USDC"]
    network: str
    chainId: int
    asset: str


@with_config(WHOLE)
class Prices(TypedDict):
    payment: list[Price]


@with_config(WHOLE)
class Offer(TypedDict):
    """What a job costs, and in `code` why it is not paid for yet."""

    x402Version: Literal[1]
    error: str
    code: str
    accepts: list[Requirements]
    paymentInfo: Prices
    payment: list[Price]
