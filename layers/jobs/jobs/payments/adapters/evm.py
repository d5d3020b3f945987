"""What an EVM node's answers mean: quantities, and the events of USDC that concern a payment.

The signatures are keccak-256 of the events' and the function's declarations.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jobs.payments.ports import Transfer

TRANSFER: Final = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
AUTHORIZATION_USED: Final = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5"
AUTHORIZATION_CANCELED: Final = "0x1cdd46ff242716cdaa72d159d339a485b3438398348d68f09d7c8c0a59353d81"
_AUTHORIZATION_STATE: Final = "0xe94a0102"
_LONGEST_QUANTITY: Final = 66  # a word of 32 bytes


def quantity(text: Any) -> int:
    """Read a hex number. Raises `ValueError` for anything else."""
    if not isinstance(text, str) or not text.startswith("0x") or len(text) > _LONGEST_QUANTITY:
        raise ValueError("not a quantity")
    return int(text, 0)


def word(address: str) -> str:
    """Spell an address as a topic, or as an argument."""
    return f"0x{address.removeprefix('0x').lower():0>64}"


def authorization_state(payer: str, nonce: str) -> str:
    """Spell the call that asks whether an authorization has been used."""
    return f"{_AUTHORIZATION_STATE}{word(payer)[2:]}{word(nonce)[2:]}"


def transfers(logs: Sequence[Mapping[str, Any]], *, asset: str, pay_to: str) -> list[Transfer]:
    """Return an asset's transfers to an address, in their order.

    One that an EIP-3009 authorization paid has its nonce: USDC logs its use right before. Raises
    `ValueError`, `KeyError` or `TypeError` for what are no logs.
    """
    found = []
    unspent: dict[str, str] = {}
    for log in sorted(_of(asset, logs), key=lambda log: quantity(log["logIndex"])):
        match log["topics"]:
            case [str(event), str(authorizer), str(nonce)] if event == AUTHORIZATION_USED:
                unspent[authorizer.lower()] = nonce.lower()
            case [str(event), str(payer), str(payee)] if event == TRANSFER:
                nonce_used = unspent.pop(payer.lower(), None)
                if payee.lower() == word(pay_to):
                    found.append(
                        Transfer(
                            log_index=quantity(log["logIndex"]),
                            payer=f"0x{payer.lower()[-40:]}",
                            amount=quantity(log["data"]),
                            nonce=nonce_used,
                        )
                    )
    return found


def _of(asset: str, logs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [
        log for log in logs if log["address"].lower() == asset.lower() and not log.get("removed")
    ]
