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


def test_body_that_is_not_base64_is_refused() -> None:
    with pytest.raises(BadRequestError, match="valid JSON"):
        request("%%%", encoded=True).json()


@pytest.mark.parametrize("body", [
    '{"a": "grüße"}'.encode("latin-1"), '{"a": "ü"}'.encode("utf-16"), b'{"a": "\xc3"}',
    b'{"a": "\xed\xa0\x80"}', b'{"a": "\xc0\x80"}',
])  # fmt: skip
def test_body_that_is_not_utf8_is_refused(body) -> None:
    with pytest.raises(BadRequestError, match="UTF-8"):
        request(base64.b64encode(body).decode(), encoded=True).json()


@pytest.mark.parametrize("body", ['{"a": "gr\ufffd\ufffde"}', '{"a": "\udcfc"}'])
def test_body_with_bytes_replaced_by_gateway_is_refused(body) -> None:
    with pytest.raises(BadRequestError, match="UTF-8"):
        request(body).json()


def test_replacement_character_is_accepted_where_it_was_sent() -> None:
    sent = base64.b64encode('"\ufffd"'.encode()).decode()

    assert request(sent, encoded=True).json() == request('"\\ufffd"').json() == "\ufffd"


def test_one_leading_byte_order_mark_is_ignored() -> None:
    assert request('\ufeff{"a": 1}').json() == {"a": 1}
    with pytest.raises(BadRequestError, match="valid JSON"):
        request("\ufeff\ufeff{}").json()


@pytest.mark.parametrize("value", ["gr\ufffd\ufffde", "gr\udcfc"])
def test_header_or_query_that_is_not_utf8_is_refused(value) -> None:
    sent = Request({"headers": {"Prefer": value}, "queryStringParameters": {"cursor": value}})

    with pytest.raises(BadRequestError, match="prefer must be UTF-8"):
        sent.header("prefer")
    with pytest.raises(BadRequestError, match="cursor must be UTF-8"):
        sent.query("cursor")


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
