"""What API Gateway answers before a request gets to the code, or in its place."""

import json
from collections.abc import Mapping
from functools import cache
from string import Template
from typing import Final, Literal, TypedDict

from pydantic import ConfigDict, with_config

from local.cloud.template import load
from local.kit.paths import ROOT
from scripts.openapi.model import Json

_CONTEXT: Final = {
    "requestId": "11111111-2222-3333-4444-555555555555",
    "requestTime": "01/Jan/2026:12:00:00 +0000",
}
OF_ALL: Final[Mapping[int, str]] = {
    403: "DEFAULT_4XX",
    413: "REQUEST_TOO_LARGE",
    429: "THROTTLED",
    500: "DEFAULT_5XX",
    502: "DEFAULT_5XX",
    503: "INTEGRATION_FAILURE",
    504: "DEFAULT_5XX",
}
"""The response types of template.yaml that any endpoint may answer with, by status."""
OF_KEYS: Final[Mapping[int, str]] = {401: "UNAUTHORIZED"}
OF_GAPS: Final[Mapping[int, str]] = {404: "MISSING_AUTHENTICATION_TOKEN"}


@with_config(ConfigDict(strict=True, extra="forbid"))
class GatewayError(TypedDict):
    """The gateway's own refusal, which has the fields of all APIs' errors."""

    success: Literal[False]
    error: str
    code: str
    message: str
    requestId: str
    timestamp: str


@cache
def template() -> Json:
    return load(ROOT / "template.yaml")


@cache
def example(response: str) -> Json:
    """Return the body of one of template.yaml's gateway responses."""
    responses = template()["Resources"]["Api"]["Properties"]["GatewayResponses"]
    text = responses[response]["ResponseTemplates"]["application/json"]
    filled: Json = json.loads(_Context(text).substitute(_CONTEXT))
    return filled


class _Context(Template):
    delimiter = "$context."
