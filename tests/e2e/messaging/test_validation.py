"""Request bodies on their way through the gateway; the rules themselves: tests/handlers."""

import json

from tests.e2e.api import JOBS, USER, Api
from tests.e2e.browsers import is_open_to_browsers

BOTH_WAYS = True

VALID = {"userId": USER, "content": "Hello"}
VALID_PREFIX = json.dumps(VALID)[:-1].encode()


def test_invalid_bodies_return_400_in_the_contracts_words(shared_api: Api) -> None:
    invalid = shared_api.post(JOBS, VALID | {"timeoutMs": 0})
    not_json = shared_api.post(JOBS, b"[" * 100_000)
    other_type = shared_api.post(JOBS, VALID, {"Content-Type": "text/plain"})

    assert invalid.error == (400, "timeoutMs must be at least 1000ms")
    assert not_json.error == (400, "Request body must be valid JSON")
    assert other_type.error == (400, "Content-Type must be application/json")
    assert all(map(is_open_to_browsers, (invalid, not_json, other_type)))


def test_metadata_comes_back_byte_for_byte(shared_api: Api) -> None:
    metadata = (
        b'{"z":1.0,"a":0.1,"big":123456789012345678901234567890123456789012,"small":1e-7,'
        b'"deep":{"list":[1,[2,{"three":null}]]},"text":"\xc3\xbc \xe2\x82\xac \\" \\\\","f":false}'
    )
    created = shared_api.post(JOBS, VALID_PREFIX + b',"metadata":' + metadata + b"}")

    answer = shared_api.get(f"{JOBS}/{created.json['jobId']}")

    assert b'"metadata":' + metadata.replace(b"1e-7", b"1e-07") in answer.body


def test_undecodable_bodies_never_return_a_server_error(shared_api: Api) -> None:
    """API Gateway replaces bytes that are no UTF-8."""
    invalid = b'{"userId":"%s","content":"\xc3\x28\xff"}' % USER.encode()

    answers = [
        shared_api.post(JOBS, invalid),
        shared_api.post(JOBS, b"\x1f\x8b\x08garbage", {"Content-Encoding": "gzip"}),
    ]

    assert answers[0].error == (400, "Request body must be UTF-8, with U+FFFD only as \\ufffd")
    assert 400 <= answers[1].status < 500
    assert all(map(is_open_to_browsers, answers))


def test_body_over_the_limit_returns_413(shared_api: Api) -> None:
    """The function refuses the first, the gateway the second."""
    for size in (2**20 + 1, 10 * 2**20 + 1):
        answer = shared_api.post(JOBS, b'{"pad":"' + b"x" * (size - 10) + b'"}')

        assert answer.error == (413, "Request body is too large")
        assert is_open_to_browsers(answer)


def test_body_at_the_limit_creates_a_job(shared_api: Api) -> None:
    head = VALID_PREFIX + b',"unknown":"'
    body = head + b"x" * (2**20 - len(head) - 2) + b'"}'

    assert len(body) == 2**20
    assert shared_api.post(JOBS, body).status == 201
