"""Authorize requests to streaming routes as API Gateway does for the others.

The gateway invokes the deployed authorizer, and caches its answer as long as API Gateway does.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import aiohttp


@dataclass(frozen=True)
class Credential:
    """The header of a credential, and the pattern that API Gateway checks before the authorizer.

    A payment may replace an `optional` one.
    """

    header: str
    pattern: re.Pattern[str]
    optional: bool = False


BEARER = Credential(
    "Authorization", re.compile(r"bearer +mint_[a-f0-9]{12}_[A-Za-z0-9_-]{43}", re.IGNORECASE)
)
API_KEY = Credential("X-API-Key", re.compile(r"sortie_[a-f0-9]{12}_[A-Za-z0-9_-]{43}"))
PAYMENT = replace(API_KEY, optional=True)
DOCS_PATHS = [
    (method, f"{version}/agent/{{projectId}}/job{path}")
    for version in ("/v1", "")
    for method, path in (("POST", ""), ("GET", "/{id}/stream"))
]
ROUTES = [
    *((method, path, BEARER, "docs") for method, path in DOCS_PATHS),
    ("POST", "/api/messaging/sessions/{sessionId}/messages", API_KEY, "sessions"),
    ("GET", "/api/messaging/jobs/{jobId}/stream", PAYMENT, "messages"),
    ("POST", "/api/messaging/chat", API_KEY, "messages"),
    ("GET", "/api/messaging/chat/{chatId}/stream", API_KEY, "messages"),
]
"""Method, path, credential, and the name of the origin in `Upstreams`."""
CACHE_TTL_S = 60
# The emulator takes this access key for the account's root, and does not check its signature.
ROOT = "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/lambda/aws4_request"
METHOD_ARN = "arn:aws:execute-api:eu-central-1:000000000000:local/local/GET/"


class UnauthorizedError(Exception):
    """API Gateway would reject the request."""


class Authorizer:
    """Invokes the function at this URL. `payers`: a payment may replace an API key."""

    def __init__(self, url: str, *, payers: bool = False) -> None:
        self._url = url
        self._payers = payers
        self._cache: dict[str, tuple[float, Mapping[str, Any]]] = {}

    async def identify(
        self, credential: Credential, headers: Mapping[str, str], session: aiohttp.ClientSession
    ) -> Mapping[str, Any]:
        """Return the part of the request context that identifies the caller.

        Raises:
            UnauthorizedError: The credential is missing or unknown.
            aiohttp.ClientError: The function has failed or does not respond.

        """
        if credential.optional and self._payers and credential.header not in headers:
            event = {"type": "REQUEST", "headers": {}, "methodArn": METHOD_ARN}
            return _caller_of(await self._invoke(event, session))
        value = headers.get(credential.header, "")
        if not credential.pattern.fullmatch(value):
            raise UnauthorizedError
        expires_at, answer = self._cache.get(value, (0.0, {}))
        if time.monotonic() >= expires_at:
            event = {"type": "TOKEN", "authorizationToken": value, "methodArn": METHOD_ARN}
            answer = await self._invoke(event, session)
            self._cache[value] = (time.monotonic() + CACHE_TTL_S, answer)
        return _caller_of(answer)

    async def _invoke(
        self, event: Mapping[str, Any], session: aiohttp.ClientSession
    ) -> Mapping[str, Any]:
        request = session.post(
            self._url, json=event, headers={"Authorization": ROOT}, raise_for_status=True
        )
        async with request as response:
            if "X-Amz-Function-Error" in response.headers:
                raise aiohttp.ClientError(await response.text())
            answer: Mapping[str, Any] = await response.json(content_type=None)
            return answer


def _caller_of(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    if answer["policyDocument"]["Statement"][0]["Effect"] != "Allow":
        raise UnauthorizedError
    return {"principalId": answer["principalId"], **answer["context"]}
