"""Hashes of requests, to compare those with the same Idempotency-Key."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def fingerprint(request: Mapping[str, Any]) -> str:
    """Return a hash of the request that does not depend on the order of keys."""
    text = json.dumps(request, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
