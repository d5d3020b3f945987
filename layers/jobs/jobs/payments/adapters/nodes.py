"""The JSON-RPC nodes of networks, whose URLs are in one secret, as they contain keys."""

import json
import logging
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from jobs.kit.errors import RefusedError, UnavailableError
from jobs.kit.secrets import SecretReader

_log: Final = logging.getLogger(__name__)


class SecretNodes:
    """`secret` names JSON with a URL by network: `{"base": "https://…"}`."""

    def __init__(self, secrets: SecretReader, secret: str) -> None:
        self._secrets = secrets
        self._secret = secret

    def __call__(self) -> Mapping[str, str]:
        """Return the URL of each network that has one. Raises `UnavailableError`."""
        try:
            urls = json.loads(self._secrets.read(self._secret))
        except (RefusedError, ValueError):  # the error of malformed JSON would contain it
            _log.error("the secret %r of the nodes is missing or no JSON: set it", self._secret)
            raise UnavailableError("the secret of the nodes is missing or invalid") from None
        if not isinstance(urls, Mapping):
            urls = {}
        usable = {name: url for name, url in urls.items() if _is_url(url)}
        if unusable := sorted(urls.keys() - usable.keys()):
            _log.warning("the secret %r has no URL for: %s", self._secret, ", ".join(unusable))
        return usable


def _is_url(value: object) -> bool:
    try:
        parts = urlsplit(value) if isinstance(value, str) else urlsplit("")
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
