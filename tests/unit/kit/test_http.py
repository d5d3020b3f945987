import base64

import pytest

from jobs.kit.http import MAX_BODY_BYTES, BadRequestError, Request, TooLargeError


def request(body: str | None = None, *, encoded: bool = False, **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request({"headers": named, "body": body, "isBase64Encoded": encoded})


@pytest.mark.parametrize("kind", [
    "application/json", "Application/JSON", "application/json; charset=utf-8",
    " application/json ", "application/vnd.idi-fly.api-v3+json",
])  # fmt: skip
def test_body_with_any_json_type_is_parsed(kind) -> None:
    assert request('{"a": 1}', Content_Type=kind).json() == {"a": 1}


def test_body_without_content_type_is_parsed() -> None:
    assert request("[]").json() == []


@pytest.mark.parametrize("kind", [
    "", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json",
])  # fmt: skip
def test_body_with_other_content_type_is_refused(kind) -> None:
    with pytest.raises(BadRequestError, match="Content-Type"):
        request("{}", content_type=kind).json()


def test_body_in_base64_is_decoded() -> None:
    body = base64.b64encode('{"a": "é"}'.encode()).decode()

    assert request(body, encoded=True).json() == {"a": "é"}


@pytest.mark.parametrize("body", ["%%%", base64.b64encode(b'{"a": "\xff"}').decode()])
def test_body_that_is_not_utf8_is_refused(body) -> None:
    with pytest.raises(BadRequestError, match="valid JSON"):
        request(body, encoded=True).json()


@pytest.mark.parametrize("body", [None, "", "{"])
def test_missing_or_invalid_body_is_refused(body) -> None:
    with pytest.raises(BadRequestError, match="valid JSON"):
        request(body).json()


def test_body_over_size_limit_is_refused() -> None:
    assert request('"' + "é" * (MAX_BODY_BYTES // 2 - 1) + '"').json()
    with pytest.raises(TooLargeError):
        request('"' + "é" * (MAX_BODY_BYTES // 2) + '"').json()


@pytest.mark.parametrize("key", ["k", "ключ 7", "x" * 255])
def test_printable_idempotency_key_is_accepted(key) -> None:
    assert request(Idempotency_Key=key).idempotency_key() == key


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "a\x00"])
def test_invalid_idempotency_key_is_refused(key) -> None:
    with pytest.raises(BadRequestError, match="Idempotency-Key"):
        request(idempotency_key=key).idempotency_key()


@pytest.mark.parametrize(("prefer", "seconds"), [
    ("wait=10", 10), ("respond-async, wait=7", 7), ('Wait = "3"', 3), ("wait=99", 25),
    ("wait=5; foo=bar", 5), ("wait=0", 0),
    ("", None), ("wait", None), ("wait=ten", None), ("wait=-1", None), ("await=3", None),
    ("wait=1.5", None), ("return=minimal", None),
])  # fmt: skip
def test_prefer_wait_is_parsed_or_ignored(prefer, seconds) -> None:
    assert request(Prefer=prefer).wait(max_s=25) == seconds


@pytest.mark.parametrize(("path", "resource", "base", "root"), [
    ("/dev/v3/jobs/1", "/v3/jobs/{jobId}", "/dev", "../../"),
    ("/v3/jobs/1", "/v3/jobs/{jobId}", "", "../../"),  # behind a custom domain
    ("/fly/v3/jobs/1", "/v3/jobs/{jobId}", "/fly", "../../"),  # with a base path
    ("/eu/fly/docs", "/docs", "/eu/fly", ""),
    ("/docs/docs", "/docs", "/docs", ""),
    ("/fly/docs/", "/docs", "/fly", "../"),
])  # fmt: skip
def test_urls_of_the_api_keep_its_base_path(path, resource, base, root) -> None:
    context = {"path": path, "resourcePath": resource, "domainName": "api.example.com"}

    asked = Request({"requestContext": context})

    assert asked.base_url == f"https://api.example.com{base}"
    assert asked.root == root
