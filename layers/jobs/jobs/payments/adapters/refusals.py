"""What facilitators give as reasons, and which of them a payer is told.

x402 names a dozen; Coinbase's and the reference facilitator know a hundred more. Unlisted ones
are judged by their words, and never shown.
"""

import re
from typing import Final

_OURS: Final = "payment_refused"

_TOLD: Final = frozenset({
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
"""x402's own codes that tell a payer something: specification, "Error Codes"."""

_SAME: Final = {
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
"""Said of a transaction that failed on the chain, and of one that was lost sight of."""

_TECHNICAL: Final = re.compile(
    "pending|timed_out|timeout|failed_to|failure|unexpected|unknown|duplicate|rpc|internal|error"
    "|transfer_event"
)
"""Words for "I could not find out", also where `invalid_` stands before them."""

_FINAL: Final = re.compile("invalid_|insufficient_|kyt_")


def told(reason: str) -> str:
    """Return the word for it that a payer is shown."""
    known = _SAME.get(reason, reason)
    return known if known in _TOLD or reason in _SAME else _OURS


def is_about_the_payment(reason: str) -> bool:
    """Tell a refused payment from a check that could not be made."""
    return not _TECHNICAL.search(reason)


def is_final(reason: str, *, mined: bool) -> bool:
    """Tell whether no money has moved, nor will: only what is known to mean that.

    `mined`: the answer names a transaction, which has failed then.
    """
    if reason in _REVERTED:
        return mined
    known = reason in _TOLD or reason in _SAME or bool(_FINAL.match(reason))
    return known and is_about_the_payment(reason)
