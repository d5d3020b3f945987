"""Responses of API Gateway itself, before a request reaches the code or in its place."""

import json
from collections.abc import Mapping
from functools import cache
from string import Template
from typing import Final

from pydantic import with_config

from jobs.kit.types import CLOSED, Error
from local.cloud.template import load_template
from local.kit.paths import ROOT
from scripts.openapi.model import Json

_CONTEXT: Final = {
    "requestId": "11111111-2222-3333-4444-555555555555",
    "requestTime": "01/Jan/2026:12:00:00 +0000",
}
FOR_ALL: Final[Mapping[int, str]] = {
    403: "WAF_FILTERED",
    413: "REQUEST_TOO_LARGE",
    429: "THROTTLED",
    500: "DEFAULT_5XX",
    502: "DEFAULT_5XX",
    503: "INTEGRATION_FAILURE",
    504: "DEFAULT_5XX",
}
"""Gateway response types in template.yaml, by the status that any endpoint may answer."""
FOR_AUTHORIZERS: Final[Mapping[int, str]] = {401: "UNAUTHORIZED"}
FOR_PATH_PARAMETERS: Final[Mapping[int, str]] = {404: "MISSING_AUTHENTICATION_TOKEN"}


@with_config(CLOSED)
class GatewayError(Error):
    """An error of the gateway, with the fields of all APIs' errors."""

    message: str
    requestId: str  # noqa: N815 - wire name
    timestamp: str


@cache
def template() -> Json:
    return load_template(ROOT / "template.yaml")


@cache
def example(response: str) -> Json:
    """Return the body of one of template.yaml's gateway responses."""
    responses = template()["Resources"]["Api"]["Properties"]["GatewayResponses"]
    text = responses[response]["ResponseTemplates"]["application/json"]
    filled: Json = json.loads(_Context(text).substitute(_CONTEXT))
    return filled


class _Context(Template):
    delimiter = "$context."
