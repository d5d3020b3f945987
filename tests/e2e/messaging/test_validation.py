"""What the messaging API says to requests that it cannot serve, word for word."""

import gzip
import json
from typing import Any

import pytest

from tests.e2e.api import JOBS, USER, Api
from tests.e2e.browsers import is_open_to_browsers

SANE = {"userId": USER, "content": "Hello"}
SANE_SO_FAR = json.dumps(SANE)[:-1].encode()  # for a test to go on with
UNKNOWN_AGENT = "99999999-9999-4999-8999-999999999999"
NOT_JSON = "Request body must be valid JSON"

AGENT_STRING = "agentId must be a valid UUID string"
USER_STRING = "userId is required and must be a valid UUID string"
CONTENT_STRING = "content is required and must be a string"
CONTENT_LENGTH = "content exceeds maximum length of 50000 characters"
METADATA_OBJECT = "metadata must be an object"
METADATA_SIZE = "metadata exceeds maximum size of 10000 bytes"
TIMEOUT_NUMBER = "timeoutMs must be a positive number"
TIMEOUT_LEAST = "timeoutMs must be at least 1000ms"
TIMEOUT_MOST = "timeoutMs cannot exceed 300000ms"
USER_FORMAT = "Invalid userId format (must be valid UUID)"
AGENT_FORMAT = "Invalid agentId format (must be valid UUID)"
ABSENT = object()


@pytest.mark.parametrize(("fields", "text"), [
    ({"agentId": None}, AGENT_STRING),
    ({"agentId": 7}, AGENT_STRING),
    ({"agentId": ["x"]}, AGENT_STRING),
    ({"userId": ABSENT}, USER_STRING),
    ({"userId": None}, USER_STRING),
    ({"userId": 7}, USER_STRING),
    ({"content": ABSENT}, CONTENT_STRING),
    ({"content": None}, CONTENT_STRING),
    ({"content": 7}, CONTENT_STRING),
    ({"content": {}}, CONTENT_STRING),
    ({"content": ""}, "content cannot be empty"),
    ({"content": "x" * 50_001}, CONTENT_LENGTH),
    ({"content": "😀" * 25_000 + "x"}, CONTENT_LENGTH),
    ({"metadata": None}, METADATA_OBJECT),
    ({"metadata": "x"}, METADATA_OBJECT),
    ({"metadata": 7}, METADATA_OBJECT),
    ({"metadata": True}, METADATA_OBJECT),
    ({"metadata": []}, METADATA_OBJECT),
    ({"metadata": {"k": "x" * 9_993}}, METADATA_SIZE),
    ({"metadata": {"k": "😀" * 4_996 + "x"}}, METADATA_SIZE),
    ({"timeoutMs": None}, TIMEOUT_NUMBER),
    ({"timeoutMs": "5000"}, TIMEOUT_NUMBER),
    ({"timeoutMs": True}, TIMEOUT_NUMBER),
    ({"timeoutMs": -1}, TIMEOUT_NUMBER),
    ({"timeoutMs": 0}, TIMEOUT_LEAST),
    ({"timeoutMs": 999.9}, TIMEOUT_LEAST),
    ({"timeoutMs": 300_000.1}, TIMEOUT_MOST),
    ({"timeoutMs": 10**400}, TIMEOUT_MOST),
    ({"userId": ""}, USER_FORMAT),
    ({"userId": "550e8400e29b41d4a716446655440000"}, USER_FORMAT),
    ({"userId": f"{{{USER}}}"}, USER_FORMAT),
    ({"userId": f"{USER}\n"}, USER_FORMAT),
    ({"agentId": ""}, AGENT_FORMAT),
    ({"agentId": "Echo"}, AGENT_FORMAT),
    # The rules' own order, whatever the order of the fields in the body.
    ({"timeoutMs": 0, "metadata": 7, "content": "", "userId": 7, "agentId": 7}, AGENT_STRING),
    ({"timeoutMs": 0, "metadata": 7, "content": "", "userId": 7}, USER_STRING),
    ({"timeoutMs": 0, "metadata": 7, "content": "", "userId": "x"}, "content cannot be empty"),
    ({"timeoutMs": 0, "metadata": 7, "userId": "x"}, METADATA_OBJECT),
    ({"timeoutMs": 0, "userId": "x", "agentId": "x"}, TIMEOUT_LEAST),
    ({"userId": "x", "agentId": "x"}, USER_FORMAT),
])  # fmt: skip
def test_a_body_that_breaks_a_rule_is_refused_in_the_words_of_the_contract(
    shared_api: Api, fields: dict[str, Any], text: str
) -> None:
    body = {name: value for name, value in (SANE | fields).items() if value is not ABSENT}

    answer = shared_api.post(JOBS, body)

    assert answer.error == (400, text)
    assert answer.json == {"success": False, "error": text, "code": "INVALID_REQUEST"}
    assert answer.headers["content-type"] == "application/json"
    assert is_open_to_browsers(answer)


@pytest.mark.parametrize("fields", [
    {"content": " "},
    {"content": "x" * 50_000},
    {"content": "😀" * 25_000},
    {"metadata": {}},
    {"metadata": {"k": "x" * 9_992}},
    {"metadata": {"k": "ü" * 9_992}},
    {"timeoutMs": 1000},
    {"timeoutMs": 300_000},
    {"userId": "00000000-0000-0000-0000-000000000000"},
    {"userId": "550E8400-E29B-F1D4-0716-446655440000"},
    {"unheard": "of", "__proto__": {"agentId": 7}},
])  # fmt: skip
def test_a_body_at_the_edge_of_a_rule_is_a_job_and_comes_back_as_it_was(
    shared_api: Api, fields: dict[str, Any]
) -> None:
    answer = shared_api.post(JOBS, SANE | fields)

    assert answer.status == 201
    assert answer.json.keys() == {"jobId", "status", "createdAt", "expiresAt"}
    job = shared_api.job(answer.json["jobId"])
    sent = SANE | fields
    assert (job["userId"], job["prompt"]) == (sent["userId"], sent["content"])
    assert job["metadata"] == sent.get("metadata", {})
    assert job["expiresAt"] - job["createdAt"] == sent.get("timeoutMs", 30_000)


def test_metadata_comes_back_byte_for_byte(shared_api: Api) -> None:
    metadata = (
        b'{"z":1.0,"a":0.1,"big":123456789012345678901234567890123456789012,"small":1e-7,'
        b'"deep":{"list":[1,[2,{"three":null}]]},"text":"\xc3\xbc \xe2\x82\xac \\" \\\\","f":false}'
    )
    body = b'{"userId":"%s","content":"Hello","metadata":%s}' % (USER.encode(), metadata)
    created = shared_api.post(JOBS, body)

    answer = shared_api.get(f"{JOBS}/{created.json['jobId']}")

    assert b'"metadata":' in answer.body
    assert metadata.replace(b"1e-7", b"1e-07") in answer.body


@pytest.mark.parametrize(("body", "text"), [
    (b"", NOT_JSON),
    (b"{", NOT_JSON),
    (b"not json", NOT_JSON),
    (b"null", "Request body must be an object"),
    (b'"text"', "Request body must be an object"),
    (b"[]", "Request body must be an object"),
    (b"7", "Request body must be an object"),
    (SANE_SO_FAR + b',"metadata":{"n":NaN}}', NOT_JSON),
    (SANE_SO_FAR + b',"metadata":{"n":-Infinity}}', NOT_JSON),
    (SANE_SO_FAR + b',"metadata":{"n":1e999}}', NOT_JSON),
    (SANE_SO_FAR + b',"timeoutMs":1e999}', NOT_JSON),
    (json.dumps(SANE | {"content": "\ud800"}).encode(), NOT_JSON),
    (json.dumps(SANE | {"metadata": {"\udfff": 1}}).encode(), NOT_JSON),
    (json.dumps(SANE | {"content": "a\0b"}).encode(), NOT_JSON),
    (b"[" * 101 + b"]" * 101, NOT_JSON),
    (b"[" * 100_000 + b"]" * 100_000, NOT_JSON),
    (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, NOT_JSON),
    (b"[" * 100_000, NOT_JSON),
    (b"1" * 1001, NOT_JSON),
    (b"1" * 5000, NOT_JSON),
    (b"\xff\xfe\x00", NOT_JSON),
    (b"\xed\xa0\x80", NOT_JSON),
    (b"\xef\xbb\xbf{}", NOT_JSON),
    (gzip.compress(json.dumps(SANE).encode(), mtime=0), NOT_JSON),
], ids=lambda each: repr(each[:24]))  # fmt: skip
def test_a_body_that_is_no_sound_json_object_is_refused(
    shared_api: Api, body: bytes, text: str
) -> None:
    answer = shared_api.post(JOBS, body)

    assert answer.error == (400, text)
    assert is_open_to_browsers(answer)


def test_bytes_that_are_no_text_are_no_error_of_the_server(shared_api: Api) -> None:
    """API Gateway may have replaced them on the way."""
    answer = shared_api.post(JOBS, b'{"userId":"%s","content":"\xc3\x28\xff"}' % USER.encode())

    assert answer.status in {201, 400}
    assert is_open_to_browsers(answer)


@pytest.mark.parametrize("headers", [
    {"Content-Type": "text/plain"},
    {"Content-Type": "application/x-www-form-urlencoded"},
    {"Content-Type": "multipart/form-data; boundary=x"},
    {"Content-Type": "application/jsonx"},
])  # fmt: skip
def test_a_body_that_does_not_call_itself_json_is_refused(
    shared_api: Api, headers: dict[str, str]
) -> None:
    answer = shared_api.post(JOBS, SANE, headers)

    assert answer.error == (400, "Content-Type must be application/json")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_may_be_spelled_otherwise(shared_api: Api, kind: str) -> None:
    assert shared_api.post(JOBS, SANE, {"Content-Type": kind}).status == 201


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "nonsense"])
def test_a_body_in_an_encoding_that_it_is_not_in_is_no_error_of_the_server(
    shared_api: Api, encoding: str
) -> None:
    answer = shared_api.post(JOBS, b"\x1f\x8b\x08garbage", {"Content-Encoding": encoding})

    assert 400 <= answer.status < 500
    assert is_open_to_browsers(answer)


@pytest.mark.parametrize("size", [2**20 + 1, 5 * 2**20, 10 * 2**20 + 1])
def test_a_body_over_the_limit_is_too_large(shared_api: Api, size: int) -> None:
    answer = shared_api.post(JOBS, b'{"pad":"' + b"x" * (size - 10) + b'"}')

    assert answer.error == (413, "Request body is too large")
    assert is_open_to_browsers(answer)


def test_a_body_just_below_the_limit_is_read(shared_api: Api) -> None:
    head = SANE_SO_FAR + b',"unknown":"'
    body = head + b"x" * (2**20 - len(head) - 2) + b'"}'

    assert len(body) == 2**20
    assert shared_api.post(JOBS, body).status == 201


def test_an_agent_that_is_not_registered_is_not_found(shared_api: Api) -> None:
    answer = shared_api.ask(agentId=UNKNOWN_AGENT)

    assert answer.error == (404, f"Agent {UNKNOWN_AGENT} not found")


def test_another_tenants_agent_is_not_found(shared_api: Api) -> None:
    of_demo = "11111111-1111-4111-8111-111111111111"

    assert shared_api.ask(agentId=of_demo).error == (404, f"Agent {of_demo} not found")


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\tin it", "\x85"])
def test_an_idempotency_key_must_be_printable_and_not_too_long(shared_api: Api, key: str) -> None:
    answer = shared_api.ask(headers={"Idempotency-Key": key})

    assert answer.error == (400, "Idempotency-Key must be 1 to 255 printable characters")
