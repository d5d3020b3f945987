"""Authorize requests as API Gateway does, by the deployment's own authorizer functions.

Their answers are not cached, as a look into the registry costs little here: a revoked key is
refused at once.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from sortie_server.template import AuthorizerRule

_ARN: Final = "arn:aws:execute-api:local:000000000000:local/local/GET/"


class UnauthorizedError(Exception):
    """API Gateway would reject the request."""


class Authorizer:
    def __init__(self, rule: AuthorizerRule, work: Callable[[Any], Any]) -> None:
        self._header = rule.header
        self._pattern = re.compile(rule.pattern) if rule.pattern else None
        self._work = work

    def __call__(self, headers: Mapping[str, str]) -> Mapping[str, Any]:
        """Return the part of the request context that identifies the caller.

        `headers` have lower-case names. Raises `UnauthorizedError`, `UnavailableError`.
        """
        answer = self._work(self._event(headers))
        if answer["policyDocument"]["Statement"][0]["Effect"] != "Allow":
            raise UnauthorizedError
        return {"principalId": answer["principalId"], **answer["context"]}

    def _event(self, headers: Mapping[str, str]) -> dict[str, Any]:
        if self._header is None:
            return {"type": "REQUEST", "headers": headers, "methodArn": _ARN}
        value = headers.get(self._header.lower(), "")
        if self._pattern and not self._pattern.fullmatch(value):
            raise UnauthorizedError
        return {"type": "TOKEN", "authorizationToken": value, "methodArn": _ARN}
