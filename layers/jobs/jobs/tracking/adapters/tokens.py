"""Access tokens of Amazon Cognito, for APIs without API Gateway's Cognito authorizer."""

import json
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from jobs.kit import strict_json
from jobs.kit.aws.connection import Connection
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UnavailableError
from jobs.tracking.adapters.rs256 import PublicKey, decode

_ATTEMPTS: Final = 3
_TIMEOUT_S: Final = 3
_MIN_REFRESH_INTERVAL_MS: Final[Millis] = 60_000
"""Limits how often tokens with unknown keys cause a download of the issuer's keys."""
_CLOCK_LEEWAY_S: Final = 5
_MAX_LENGTH: Final = 16_384


class AccessTokens:
    """`issuer` is the required `iss` claim; `keys_url` is the address of its public keys."""

    def __init__(self, issuer: str, keys_url: str, clock: Clock) -> None:
        self._issuer = issuer
        self._keys_url = keys_url
        self._clock = clock
        self._keys: dict[str, PublicKey] = {}
        self._read_at: Millis | None = None

    def claims(self, token: str) -> Mapping[str, Any]:
        """Return the claims of an access token; none if it is not valid.

        Raises `UnavailableError` if the issuer's keys cannot be read.
        """
        if len(token) > _MAX_LENGTH:
            return {}
        signed, _, signature = token.rpartition(".")
        try:
            header, claims = map(_parse_object, signed.split("."))
            proof = decode(signature)
        except ValueError:
            return {}
        # A critical extension (`crit`) may change what the signature means.
        if header.get("alg") != "RS256" or "crit" in header:
            return {}
        key = self._key(str(header.get("kid")))
        if key is None or not key.has_signed(signed.encode(), proof) or not self._accepts(claims):
            return {}
        return claims

    def _accepts(self, claims: Mapping[str, Any]) -> bool:
        """Return whether verified claims are of the issuer and of now. An audience has none."""
        now_s = self._clock() / 1000
        ends: Any = claims.get("exp")
        begins = [claims[name] for name in ("nbf", "iat") if name in claims]
        return (
            claims.get("iss") == self._issuer
            and all(map(_is_number, [ends, *begins]))
            and max([0, *begins]) - _CLOCK_LEEWAY_S <= now_s < ends + _CLOCK_LEEWAY_S
        )

    def _key(self, kid: str) -> PublicKey | None:
        stale = self._read_at is None or self._clock() >= self._read_at + _MIN_REFRESH_INTERVAL_MS
        if kid not in self._keys and stale:
            self._keys = self._fetch_keys()
            self._read_at = self._clock()
        return self._keys.get(kid)

    def _fetch_keys(self) -> dict[str, PublicKey]:
        """Return the issuer's keys for signatures by RS256."""
        parts = urlsplit(self._keys_url)
        for attempt in range(_ATTEMPTS):
            try:
                connection = Connection(self._keys_url, connect_s=_TIMEOUT_S, read_s=_TIMEOUT_S)
                try:
                    answer = connection.exchange("GET", parts.path, {"host": parts.netloc})
                finally:
                    connection.close()
            except OSError as error:
                if attempt == _ATTEMPTS - 1:
                    raise UnavailableError("the token issuer did not answer") from error
            else:
                break
        if answer.status != HTTPStatus.OK:
            raise UnavailableError(f"the token issuer answered {answer.status}")
        keys = {}
        try:
            for jwk in json.loads(answer.body)["keys"]:
                with suppress(ValueError):  # a key for other signatures
                    keys[str(jwk["kid"])] = PublicKey.parse(jwk)
        except (KeyError, TypeError, ValueError) as error:
            raise UnavailableError("the token issuer did not return its keys") from error
        return keys


def _parse_object(text: str) -> dict[str, Any]:
    """Parse a token's header or claims. Raises `ValueError`."""
    value = strict_json.loads(decode(text).decode())
    if not isinstance(value, dict):
        raise ValueError("no object")  # noqa: TRY004 - as for what is no JSON
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
