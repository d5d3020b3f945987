"""What tells one request from another under the same Idempotency-Key."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def fingerprint(request: Mapping[str, Any]) -> str:
    """Equal for equal requests, whatever the order of their keys."""
    text = json.dumps(request, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
