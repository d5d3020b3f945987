"""Facilitators' reasons, and the ones that a payer may see.

x402 defines a dozen; Coinbase's and the reference facilitator have a hundred more. The words of an
unlisted reason decide its meaning, and payers never see it.
"""

import re
from typing import Final

_DEFAULT_REASON: Final = "payment_refused"

_PUBLIC_REASONS: Final = frozenset({
    "insufficient_funds",
    "invalid_exact_evm_payload_authorization_valid_after",
    "invalid_exact_evm_payload_authorization_valid_before",
    "invalid_exact_evm_payload_authorization_value",
    "invalid_exact_evm_payload_authorization_value_mismatch",
    "invalid_exact_evm_payload_recipient_mismatch",
    "invalid_exact_evm_payload_signature",
    "invalid_exact_evm_payload_undeployed_smart_wallet",
    "invalid_payload",
    "invalid_transaction_state",
})  # fmt: skip
"""x402's codes that help a payer: specification, "Error Codes"."""

_SYNONYMS: Final = {
    "invalid_exact_evm_insufficient_balance": "insufficient_funds",
    "invalid_exact_evm_insufficient_funds": "insufficient_funds",
    "invalid_exact_evm_nonce_already_used": "payment_already_used",
    "invalid_exact_evm_payload": "invalid_payload",
    "invalid_exact_evm_payload_signature_address": "invalid_exact_evm_payload_signature",
    "invalid_exact_evm_recipient_mismatch": "invalid_exact_evm_payload_recipient_mismatch",
    "invalid_exact_evm_signature": "invalid_exact_evm_payload_signature",
    "invalid_exact_evm_signature_format": "invalid_exact_evm_payload_signature",
    "invalid_exact_evm_transaction_failed": "invalid_transaction_state",
    "invalid_exact_evm_transaction_simulation_failed": "invalid_transaction_state",
    "settle_exact_failed_onchain": "invalid_transaction_state",
    "transaction_failed": "invalid_transaction_state",
}

_REVERTED: Final = frozenset({
    "invalid_exact_evm_transaction_failed",
    "invalid_transaction_state",
    "settle_exact_failed_onchain",
    "transaction_failed",
})  # fmt: skip
"""Used for a transaction that failed on the chain, and of one that was not found."""

_TECHNICAL: Final = re.compile(
    "pending|timed_out|timeout|failed_to|failure|unexpected|unknown|duplicate|rpc|internal|error"
    "|transfer_event"
)
"""Mark technical failures, even after `invalid_`."""

_FINAL: Final = re.compile("invalid_|insufficient_|kyt_")


def public_reason(reason: str) -> str:
    """Return the reason that a payer sees."""
    known = _SYNONYMS.get(reason, reason)
    return known if known in _PUBLIC_REASONS or reason in _SYNONYMS else _DEFAULT_REASON


def is_about_the_payment(reason: str) -> bool:
    """Return whether the payment was refused, rather than the check failed."""
    return not _TECHNICAL.search(reason)


def is_final(reason: str, *, mined: bool) -> bool:
    """Return whether certainly no money has moved or will move.

    `mined`: the answer names a transaction, which failed.
    """
    if reason in _REVERTED:
        return mined
    known = reason in _PUBLIC_REASONS or reason in _SYNONYMS or bool(_FINAL.match(reason))
    return known and is_about_the_payment(reason)
