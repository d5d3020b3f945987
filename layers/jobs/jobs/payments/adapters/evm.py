"""Parse an EVM node's answers: quantities, and the USDC events of a payment.

The signatures are keccak-256 of the events' and the function's declarations.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jobs.payments.ports import Transfer

TRANSFER: Final = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
AUTHORIZATION_USED: Final = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5"
AUTHORIZATION_CANCELED: Final = "0x1cdd46ff242716cdaa72d159d339a485b3438398348d68f09d7c8c0a59353d81"
_AUTHORIZATION_STATE: Final = "0xe94a0102"
_MAX_QUANTITY_LENGTH: Final = 66  # a word of 32 bytes


def parse_quantity(text: Any) -> int:
    """Parse a hex number. Raises `ValueError`."""
    if not isinstance(text, str) or not text.startswith("0x") or len(text) > _MAX_QUANTITY_LENGTH:
        raise ValueError("not a quantity")
    return int(text, 0)


def to_word(address: str) -> str:
    """Encode an address as a topic or an argument."""
    return f"0x{address.removeprefix('0x').lower():0>64}"


def authorization_state_call(payer: str, nonce: str) -> str:
    """Encode the call that returns whether an authorization was used."""
    return f"{_AUTHORIZATION_STATE}{to_word(payer)[2:]}{to_word(nonce)[2:]}"


def find_transfers(logs: Sequence[Mapping[str, Any]], *, asset: str, pay_to: str) -> list[Transfer]:
    """Return an asset's transfers to an address, in log order.

    USDC logs the use of an EIP-3009 authorization right before its transfer, so the transfer gets
    its nonce. Raises `ValueError`, `KeyError` or `TypeError` for malformed logs.
    """
    found = []
    nonces: dict[str, str] = {}
    for log in sorted(_select_asset(asset, logs), key=lambda log: parse_quantity(log["logIndex"])):
        match log["topics"]:
            case [str(event), str(authorizer), str(nonce)] if event == AUTHORIZATION_USED:
                nonces[authorizer.lower()] = nonce.lower()
            case [str(event), str(payer), str(payee)] if event == TRANSFER:
                nonce_used = nonces.pop(payer.lower(), None)
                if payee.lower() == to_word(pay_to):
                    found.append(
                        Transfer(
                            log_index=parse_quantity(log["logIndex"]),
                            payer=f"0x{payer.lower()[-40:]}",
                            amount=parse_quantity(log["data"]),
                            nonce=nonce_used,
                        )
                    )
    return found


def _select_asset(asset: str, logs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [
        log for log in logs if log["address"].lower() == asset.lower() and not log.get("removed")
    ]
