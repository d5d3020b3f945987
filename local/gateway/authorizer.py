"""What API Gateway does for the routes that stream: ask the authorizer, and tell what it said.

The deployed function is asked, and its answer kept for as long as API Gateway would keep it.
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp


@dataclass(frozen=True)
class Guard:
    """Where a credential is, and what API Gateway asks the authorizer about."""

    header: str
    credential: re.Pattern[str]


BEARER = Guard(
    "Authorization", re.compile(r"bearer +mint_[a-f0-9]{12}_[A-Za-z0-9_-]{43}", re.IGNORECASE)
)
API_KEY = Guard("X-API-Key", re.compile(r"sortie_[a-f0-9]{12}_[A-Za-z0-9_-]{43}"))
DOCS_PATHS = [
    (method, f"{version}/agent/{{projectId}}/job{path}")
    for version in ("/v1", "")
    for method, path in (("POST", ""), ("GET", "/{id}/stream"))
]
ROUTES = [
    *((method, path, BEARER) for method, path in DOCS_PATHS),
    ("POST", "/api/messaging/sessions/{sessionId}/messages", API_KEY),
]
SIBLING = "/v1/agent/any/jobs"  # preflights are answered alike on all paths that the emulator knows
CONTEXT_HEADER = "x-amzn-request-context"
KEPT_S = 60
METHOD_ARN = "arn:aws:execute-api:eu-central-1:000000000000:local/local/GET/"


class UnauthorizedError(Exception):
    """API Gateway would not let the request through."""


class Authorizer:
    """`url` is where the function is invoked."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._kept: dict[str, tuple[float, Mapping[str, Any]]] = {}

    async def context(
        self, guard: Guard, headers: Mapping[str, str], session: aiohttp.ClientSession
    ) -> str:
        """Return the header that tells who calls.

        Raises `UnauthorizedError`, or `aiohttp.ClientError` if the function does not answer.
        """
        credential = headers.get(guard.header, "")
        if not guard.credential.fullmatch(credential):
            raise UnauthorizedError
        until, answer = self._kept.get(credential, (0.0, {}))
        if time.monotonic() >= until:
            answer = await self._ask(credential, session)
            self._kept[credential] = (time.monotonic() + KEPT_S, answer)
        if answer["policyDocument"]["Statement"][0]["Effect"] != "Allow":
            raise UnauthorizedError
        context = {"principalId": answer["principalId"], **answer["context"]}
        return json.dumps({"requestId": str(uuid4()), "authorizer": context})

    async def _ask(self, credential: str, session: aiohttp.ClientSession) -> Mapping[str, Any]:
        event = {"type": "TOKEN", "authorizationToken": credential, "methodArn": METHOD_ARN}
        async with session.post(self._url, json=event, raise_for_status=True) as answered:
            if "X-Amz-Function-Error" in answered.headers:
                raise aiohttp.ClientError(await answered.text())
            answer: Mapping[str, Any] = await answered.json(content_type=None)
            return answer
