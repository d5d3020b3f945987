"""Signature Version 4, for a `POST /`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import os
import time
from functools import cache


def sign(headers: dict[str, str], body: bytes, *, service: str, region: str, at: str = "") -> None:
    """Add the signature to the headers, whose names are in lower case.

    The credentials are those of the environment. `at` is now, such as `20260101T120000Z`.
    """
    at = at or time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    headers["x-amz-date"] = at
    if token := os.environ.get("AWS_SESSION_TOKEN"):
        headers["x-amz-security-token"] = token
    signed = ";".join(sorted(headers))
    fields = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = f"POST\n/\n\n{fields}\n{signed}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{at[:8]}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = _derive_key(os.environ["AWS_SECRET_ACCESS_KEY"], at[:8], region, service)
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, "
        f"SignedHeaders={signed}, Signature={hmac.digest(key, text.encode(), 'sha256').hex()}"
    )


@cache
def _derive_key(secret: str, *scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (*scope, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
