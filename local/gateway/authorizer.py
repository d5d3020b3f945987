"""Authorize requests to streaming routes as API Gateway does for the others.

The gateway invokes the deployed authorizer, and caches its answer as long as API Gateway does.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from local.kit.paths import ROOT as PROJECT
from scripts.server_template import extract


@dataclass(frozen=True)
class Credential:
    """The header of a credential, and the pattern that API Gateway checks before the authorizer.

    A payment may replace an `optional` one.
    """

    header: str
    pattern: re.Pattern[str]
    optional: bool = False


@dataclass(frozen=True)
class StreamRoute:
    """`origin` is the name of the app's URL in `Upstreams`."""

    method: str
    path: str
    credential: Credential
    origin: str


ORIGINS = {"jobs.docs": "docs", "jobs.payments": "messages", "jobs.sessions": "sessions"}
"""By the package of an app."""


def find_routes() -> list[StreamRoute]:
    """Return the routes of template.yaml that apps answer, which stream."""
    template = extract(PROJECT / "template.yaml")
    return [
        StreamRoute(
            each["method"],
            each["path"],
            _credential_of(each["authorizer"], template["authorizers"]),
            next(origin for name, origin in ORIGINS.items() if each["handler"].startswith(name)),
        )
        for each in template["routes"]
        if ":" in each["handler"] and each["method"] != "HEAD"  # aiohttp adds it to GET
    ]


def _credential_of(authorizer: Any, rules: Mapping[str, Any]) -> Credential:
    paid = isinstance(authorizer, Mapping)  # a reference to the parameter Payments
    rule = rules["off" if paid else authorizer]
    return Credential(rule["header"], re.compile(rule["pattern"]), optional=paid)


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
