"""Which doors the messaging API has, who gets in, and what browsers may do there."""

import pytest

from tests.e2e.api import JOBS, Api
from tests.e2e.browsers import is_open_to_browsers

UNKNOWN = "99999999-9999-4999-8999-999999999999"
PATHS = {
    JOBS: "GET POST",
    f"{JOBS}/health": "GET",
    f"{JOBS}/{UNKNOWN}": "GET",
    f"{JOBS}/{UNKNOWN}/cancel": "POST",
    "/api/agents": "GET",
}
ENDPOINTS = [(method, path) for path, methods in PATHS.items() for method in methods.split()]
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


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
@pytest.mark.parametrize("headers", [
    {},
    {"X-API-Key": ""},
    {"X-API-Key": " "},
    {"X-API-Key": "wrong"},
    {"X-API-Key": f"sortie_{'0' * 12}_{'A' * 43}"},
    {"Authorization": "Bearer {key}"},
    {"Authorization": "{key}"},
    {"X-API-Key": "Bearer {key}"},
    {"X-API-Key": "{key}x"},
], ids=str)  # fmt: skip
def test_nobody_gets_in_without_a_key_of_their_own(
    shared_api: Api, method: str, path: str, headers: dict[str, str]
) -> None:
    stranger = Api(shared_api.base_url, None, "")
    filled = {name: value.format(key=shared_api.key) for name, value in headers.items()}

    answer = stranger.send(method, path, headers=filled)

    assert answer.error == (401, "Missing or invalid credentials")
    assert answer.json["code"] == "INVALID_TOKEN"
    assert is_open_to_browsers(answer)


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff", b"x" * (2**20 + 1)])
def test_the_key_is_looked_at_before_the_body(shared_api: Api, body: bytes) -> None:
    stranger = Api(shared_api.base_url, None, "")

    assert stranger.post(JOBS, body, {"Content-Type": "text/plain"}).status == 401


@pytest.mark.parametrize("path", ["/", "/api", "/api/messaging", f"{JOBS}/a/b/c", "/%2e%2e/etc"])
def test_a_path_that_does_not_exist_is_not_found(shared_api: Api, path: str) -> None:
    answer = shared_api.get(path)

    assert answer.error == (404, "Not found")
    assert is_open_to_browsers(answer)


@pytest.mark.parametrize(("method", "path"), [
    ("DELETE", JOBS), ("PUT", JOBS), ("PATCH", f"{JOBS}/{UNKNOWN}"), ("POST", "/api/agents"),
])  # fmt: skip
def test_a_method_that_a_path_has_not_is_refused(shared_api: Api, method: str, path: str) -> None:
    answer = shared_api.send(method, path)

    assert answer.error[0] in {404, 405}
    assert is_open_to_browsers(answer)


@pytest.mark.parametrize("path", PATHS)
def test_browsers_may_ask_first(shared_api: Api, path: str) -> None:
    stranger = Api(shared_api.base_url, None, "")
    question = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-api-key,content-type",
    }

    answer = stranger.send("OPTIONS", path, headers=question)

    assert 200 <= answer.status < 300
    assert is_open_to_browsers(answer)
    assert names(answer.headers["access-control-allow-headers"]) >= REQUEST_HEADERS
    assert names(answer.headers["access-control-allow-methods"]) >= {"get", "post", "options"}


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_browsers_may_read_every_answer(shared_api: Api, method: str, path: str) -> None:
    answer = shared_api.send(method, path, headers={"Origin": "https://app.example"})

    assert is_open_to_browsers(answer)
    assert names(answer.headers["access-control-expose-headers"]) >= RESPONSE_HEADERS
