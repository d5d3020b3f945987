"""What a payment must be to be taken. What is wrong with one has x402's words, where it has any."""

from typing import Final

from jobs.kit.clock import Millis
from jobs.payments.errors import PaymentRefusedError
from jobs.payments.payment import Authorization, Terms

LONGEST_VALIDITY: Final = 3600
"""Seconds for which an authorization may be good when it comes in."""

SHORTEST_VALIDITY: Final = 10
"""Seconds for which it must be: it takes some to settle."""


def check(authorization: Authorization, terms: Terms, now: Millis) -> None:
    """See whether an authorization is what was asked for. Raises `PaymentRefusedError`."""
    seconds = now // 1000
    left = authorization.valid_before - seconds
    if authorization.pay_to.lower() != terms.pay_to.lower():
        raise PaymentRefusedError("invalid_exact_evm_payload_recipient_mismatch")
    if authorization.amount != terms.price:
        raise PaymentRefusedError("invalid_exact_evm_payload_authorization_value")
    if authorization.valid_after > seconds:
        raise PaymentRefusedError("invalid_exact_evm_payload_authorization_valid_after")
    if left < SHORTEST_VALIDITY:
        raise PaymentRefusedError("payment_expired")
    if left > LONGEST_VALIDITY:
        raise PaymentRefusedError("payment_valid_too_long")
