"""Check an authorization; reasons are x402's codes where one exists."""

from typing import Final

from jobs.kit.clock import Millis
from jobs.payments.errors import PaymentRefusedError
from jobs.payments.payment import Authorization, Terms

MAX_VALIDITY_S: Final = 3600
"""Longest accepted remaining validity of an authorization."""

MIN_VALIDITY_S: Final = 10
"""Shortest accepted remaining validity: settling takes some seconds."""


def check(authorization: Authorization, terms: Terms, now: Millis) -> None:
    """Check recipient, amount and validity. Raises `PaymentRefusedError`."""
    seconds = now // 1000
    left = authorization.valid_before - seconds
    if authorization.pay_to.lower() != terms.pay_to.lower():
        raise PaymentRefusedError("invalid_exact_evm_payload_recipient_mismatch")
    if authorization.amount != terms.price:
        raise PaymentRefusedError("invalid_exact_evm_payload_authorization_value")
    if authorization.valid_after > seconds:
        raise PaymentRefusedError("invalid_exact_evm_payload_authorization_valid_after")
    if left < MIN_VALIDITY_S:
        raise PaymentRefusedError("payment_expired")
    if left > MAX_VALIDITY_S:
        raise PaymentRefusedError("payment_valid_too_long")
