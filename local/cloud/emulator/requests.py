"""The JSON requests of AWS's services."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

type Request = Mapping[str, Any]


def parse(body: bytes) -> Request:
    """Return a JSON object, or an empty one: the service itself refuses malformed requests."""
    with suppress(ValueError):
        if isinstance(request := json.loads(body or b"{}"), dict):
            return request
    return {}
