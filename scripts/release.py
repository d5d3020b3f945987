"""The digest by which CloudFormation notices that functions need a new version."""

import hashlib
import json
from collections.abc import Mapping
from typing import Final

_LENGTH: Final = 10  # as many characters as SAM keeps


def compute_release(build: str, parameters: Mapping[str, str]) -> str:
    """Return the parameter Release for a build's fingerprint and all other parameters."""
    others = {name: value for name, value in parameters.items() if name != "Release"}
    content = json.dumps([build, others], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:_LENGTH]
