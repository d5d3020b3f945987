"""Signatures, by the vectors that AWS publishes for Signature Version 4."""

import pytest

from jobs.kit.aws.sigv4 import sign
from tests.adapters.kit.json_calls import in_lambda

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(("headers", "body", "signature"), [
    ({}, b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    (
        {"my-header1": "VALUE1"}, b"",
        "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
    ),
    (FORM, b"Param1=value1", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
], ids=["post-vanilla", "post-header-value-case", "post-x-www-form-urlencoded"])  # fmt: skip
def test_signature_equals_the_published_one(headers, body, signature) -> None:
    signed = {"host": "example.amazonaws.com", **headers}

    with in_lambda():
        sign(signed, body, service="service", region="us-east-1", at="20150830T123600Z")

    assert signed["authorization"].endswith(f"Signature={signature}")
