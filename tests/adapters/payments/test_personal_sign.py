"""Wallet signatures (EIP-191)."""

import re

import pytest
from coincurve import PrivateKey
from Crypto.Hash import keccak
from hypothesis import given
from hypothesis import strategies as st

from jobs.payments.adapters.personal_sign import recover

MESSAGE = b"base\n0x5e\nabc"

# From the documentation of web3.js (`eth.accounts.recover`): not made by this library.
DOCUMENTED = (
    b"Some data",
    (
        "0xb91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd"
        "6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c"
    ),
    "0x2c7536e3605d9c16a7a3d7b1898e529396a65c23",
)


def hashed(data: bytes) -> bytes:
    return keccak.new(digest_bits=256, data=data).digest()


def address(key: PrivateKey) -> str:
    return "0x" + hashed(key.public_key.format(compressed=False)[1:])[-20:].hex()


def signed(key: PrivateKey, message: bytes, *, v: int = 27) -> bytes:
    text = b"\x19Ethereum Signed Message:\n" + str(len(message)).encode() + message
    raw = key.sign_recoverable(hashed(text), hasher=None)
    return raw[:-1] + bytes([raw[-1] + v])


def test_recover_documented_signature_returns_its_wallet() -> None:
    message, signature, wallet = DOCUMENTED

    assert recover(message, signature) == wallet


@given(st.binary(max_size=300), st.sampled_from([0, 27]))
def test_recover_any_signature_returns_its_signer(message, v) -> None:
    key = PrivateKey()

    signature = signed(key, message, v=v).hex()

    assert recover(message, f"0x{signature}") == recover(message, f"0x{signature.upper()}")
    assert recover(message, f"0x{signature}") == address(key)


def test_recover_signature_of_other_message_differs() -> None:
    key = PrivateKey()

    assert recover(MESSAGE + b"!", f"0x{signed(key, MESSAGE).hex()}") != address(key)


@pytest.mark.parametrize(
    "signature",
    ["", "0x", "0x" + "00" * 65, "0x" + "ff" * 65, "0x" + "1" * 129, "1" * 132, "0x" + "1" * 128,
     "0x" + "zz" * 65, "0x" + " 1" * 65, "0x" + "1" * 130 + "\n", "ü" * 132,
     "0x" + "11" * 64 + "1d"],
)  # fmt: skip
def test_recover_malformed_signature_returns_none(signature) -> None:
    assert recover(MESSAGE, signature) is None


@given(st.binary(min_size=65, max_size=65))
def test_recover_any_65_bytes_does_not_raise(raw) -> None:
    signer = recover(MESSAGE, f"0x{raw.hex()}")

    assert signer is None or re.fullmatch("0x[0-9a-f]{40}", signer)
