"""The messaging API's routes, authentication and CORS."""

import pytest

from tests.e2e.api import JOBS, Api
from tests.e2e.browsers import is_open_to_browsers

BOTH_WAYS = True

UNKNOWN = "99999999-9999-4999-8999-999999999999"
ENDPOINTS = [
    ("POST", JOBS),
    ("GET", JOBS),
    ("GET", f"{JOBS}/health"),
    ("GET", f"{JOBS}/{UNKNOWN}"),
    ("POST", f"{JOBS}/{UNKNOWN}/cancel"),
    ("GET", "/api/agents"),
]
REQUEST_HEADERS = {
    *("content-type", "x-api-key", "idempotency-key", "prefer", "x-payment"),
    *("payment-signature", "x-payment-network", "x-payment-signature"),
    "access-control-expose-headers",
}
RESPONSE_HEADERS = {
    *("payment-required", "payment-response", "x-payment-response"),
    *("preference-applied", "retry-after"),
}


def names(header: str) -> set[str]:
    return {name.strip().lower() for name in header.split(",")}


def test_endpoint_without_valid_key_returns_401(shared_api: Api) -> None:
    stranger = Api(shared_api.base_url, None, "")
    wrong = [
        {"X-API-Key": ""},
        {"X-API-Key": f"sortie_{'0' * 12}_{'A' * 43}"},
        {"X-API-Key": f"{shared_api.key}x"},
        {"Authorization": f"Bearer {shared_api.key}"},
    ]

    answers = [stranger.send(method, path, b"{") for method, path in ENDPOINTS]
    answers += [stranger.send("POST", JOBS, b"{", headers) for headers in wrong]

    for answer in answers:
        assert answer.error == (401, "Missing or invalid credentials")
        assert answer.json["code"] == "INVALID_TOKEN"
        assert is_open_to_browsers(answer)


@pytest.mark.parametrize("headers", [
    {}, {"Authorization": "Bearer abc"}, {"Authorization": "token"}, {"Authorization": "a=b"},
])  # fmt: skip
def test_unknown_route_with_any_credentials_returns_404(shared_api: Api, headers) -> None:
    unknown = [("DELETE", "/"), ("GET", "/%2e%2e/etc"), ("DELETE", JOBS)]

    answers = [shared_api.send(method, path, headers=headers) for method, path in unknown]

    for answer in answers:
        assert answer.error == (404, "Not found")
        assert answer.json["code"] == "NOT_FOUND"
        assert is_open_to_browsers(answer)


def test_preflight_without_key_allows_the_contracts_headers(shared_api: Api) -> None:
    stranger = Api(shared_api.base_url, None, "")
    question = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}

    answer = stranger.send("OPTIONS", JOBS, headers=question)

    assert 200 <= answer.status < 300
    assert is_open_to_browsers(answer)
    assert names(answer.headers["access-control-allow-headers"]) >= REQUEST_HEADERS
    assert names(answer.headers["access-control-allow-methods"]) >= {"get", "post", "options"}


def test_answer_to_a_browser_exposes_the_contracts_headers(shared_api: Api) -> None:
    answer = shared_api.get(JOBS, Origin="https://app.example")

    assert is_open_to_browsers(answer)
    assert names(answer.headers["access-control-expose-headers"]) >= RESPONSE_HEADERS
