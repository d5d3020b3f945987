"""Access tokens of Amazon Cognito, for APIs without API Gateway's Cognito authorizer.

Needs PyJWT: only functions with the tokens layer can import this.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import jwt
import urllib3

from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UnavailableError
from jobs.kit.outbound.final_response import connection_pools

_RETRIES: Final = 2
_MIN_REFRESH_INTERVAL_MS: Final[Millis] = 60_000
"""Limits how often tokens with unknown keys cause a download of the issuer's keys."""
_CLOCK_LEEWAY_S: Final = 5


class AccessTokens:
    """`issuer` is the required `iss` claim; `keys_url` is the address of its public keys."""

    def __init__(self, issuer: str, keys_url: str, clock: Clock) -> None:
        self._issuer = issuer
        self._keys_url = keys_url
        self._clock = clock
        self._http = connection_pools(timeout=3, retries=urllib3.Retry(_RETRIES, redirect=0))
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read_at: Millis | None = None

    def claims(self, token: str) -> Mapping[str, Any]:
        """Return the claims of an access token; none if it is not valid.

        Raises `UnavailableError` if the issuer's keys cannot be read.
        """
        try:
            key = self._key(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                return {}
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                issuer=self._issuer,
                leeway=_CLOCK_LEEWAY_S,
                options={
                    "require": ["exp", "iss"],
                    "verify_aud": False,
                },  # Cognito's access tokens have none
            )
        except jwt.PyJWTError:
            return {}
        return claims

    def _key(self, kid: str) -> jwt.PyJWK | None:
        stale = self._read_at is None or self._clock() >= self._read_at + _MIN_REFRESH_INTERVAL_MS
        if kid not in self._keys and stale:
            self._keys = self._fetch_keys()
            self._read_at = self._clock()
        return self._keys.get(kid)

    def _fetch_keys(self) -> dict[str, jwt.PyJWK]:
        try:
            answer = self._http.request("GET", self._keys_url)
            if answer.status != HTTPStatus.OK:
                raise UnavailableError(f"the token issuer answered {answer.status}")
            keys = jwt.PyJWKSet.from_json(answer.data.decode()).keys
        except (urllib3.exceptions.HTTPError, jwt.PyJWTError, AttributeError, ValueError) as error:
            raise UnavailableError("the token issuer did not return its keys") from error
        return {str(key.key_id): key for key in keys}
