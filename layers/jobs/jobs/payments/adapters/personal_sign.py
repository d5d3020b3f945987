"""Recover the signer of a `personal_sign` message (EIP-191). No smart wallets.

Needs coincurve and pycryptodome: only functions with the payments layer can import this.
"""

import re
from typing import Final

from coincurve import PublicKey
from Crypto.Hash import keccak

_SIGNATURE: Final = re.compile("0x[0-9a-fA-F]{130}")
_LEGACY: Final = 27  # wallets say 27 or 28, some 0 or 1


def recover(message: bytes, signature: str) -> str | None:
    """Return the signer's address, lower-case with 0x; None for an invalid signature."""
    if not _SIGNATURE.fullmatch(signature):
        return None
    raw = bytes.fromhex(signature[2:])
    parity = raw[-1] - _LEGACY if raw[-1] >= _LEGACY else raw[-1]
    if parity not in {0, 1}:
        return None
    signed = b"\x19Ethereum Signed Message:\n%d%b" % (len(message), message)
    try:
        key = PublicKey.from_signature_and_message(
            raw[:-1] + bytes([parity]), _keccak(signed), hasher=None
        )
    except ValueError:  # not a point on the curve
        return None
    return f"0x{_keccak(key.format(compressed=False)[1:])[-20:].hex()}"


def _keccak(data: bytes) -> bytes:
    return keccak.new(digest_bits=256, data=data).digest()
