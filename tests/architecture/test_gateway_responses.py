"""What API Gateway answers by itself: errors, and CORS preflights."""

import json

import pytest

ERROR_FIELDS = {"success", "error", "code", "message", "requestId", "timestamp"}


@pytest.fixture(scope="module")
def responses(resources):
    return resources["Api"]["Properties"]["GatewayResponses"]


def test_gateway_error_has_the_fields_of_all_apis_and_cors_headers(responses) -> None:
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "UNAUTHORIZED", "ACCESS_DENIED", "THROTTLED"} <= set(
        responses
    )
    for response in responses.values():
        [(kind, text)] = response["ResponseTemplates"].items()
        body = json.loads(text)
        assert kind == "application/json"
        assert body.keys() == ERROR_FIELDS
        assert body["success"] is False
        assert body["error"] == body["message"]
        assert body["requestId"] == "$context.requestId"
        assert body["timestamp"] == "$context.requestTime"
        headers = response["ResponseParameters"]["Headers"]
        assert headers["Access-Control-Allow-Origin"] == "'*'"


@pytest.mark.parametrize("name", [
    "MISSING_AUTHENTICATION_TOKEN", "INVALID_SIGNATURE", "EXPIRED_TOKEN", "DEFAULT_4XX",
])  # fmt: skip
def test_unknown_route_with_any_credentials_is_the_same_404(responses, name) -> None:
    assert responses[name]["StatusCode"] == "404"
    assert responses[name] == responses["MISSING_AUTHENTICATION_TOKEN"]


def test_gateway_error_has_its_own_status_and_not_the_defaults(responses) -> None:
    cors_headers = {
        name: response["StatusCode"] for name, response in responses.items()
        if name not in {"DEFAULT_4XX", "DEFAULT_5XX"}
    }  # fmt: skip

    assert cors_headers.items() >= {
        "BAD_REQUEST_BODY": "400", "BAD_REQUEST_PARAMETERS": "400", "UNAUTHORIZED": "401",
        "ACCESS_DENIED": "401", "WAF_FILTERED": "403", "REQUEST_TOO_LARGE": "413",
        "UNSUPPORTED_MEDIA_TYPE": "415", "THROTTLED": "429",
    }.items()  # fmt: skip


@pytest.mark.parametrize("name", [
    "THROTTLED", "AUTHORIZER_FAILURE", "AUTHORIZER_CONFIGURATION_ERROR", "INTEGRATION_FAILURE",
])  # fmt: skip
def test_transient_gateway_error_has_retry_after(responses, name) -> None:
    headers = responses[name]["ResponseParameters"]["Headers"]

    assert headers["Retry-After"] == "'1'"
    assert "Retry-After" in headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("header", [
    "Content-Type", "X-API-Key", "Idempotency-Key", "Prefer", "X-PAYMENT",
])  # fmt: skip
def test_preflight_allows_the_headers_of_the_contracts(resources, header) -> None:
    allowed = resources["Api"]["Properties"]["Cors"]["AllowHeaders"].strip("'").split(",")

    assert header in allowed
