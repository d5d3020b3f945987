"""The contract's validation rules and texts, and malformed bodies."""

import base64
import json

import pytest

from jobs.core.job import JobRef

UUID = "99999999-9999-4999-8999-999999999999"
GOOD = {"userId": UUID, "content": "Hello"}
ABSENT = object()
EMOJI = "\N{GRINNING FACE}"

NO_USER = "userId is required and must be a valid UUID string"
NO_CONTENT = "content is required and must be a string"
NO_OBJECT = "metadata must be an object"
NO_NUMBER = "timeoutMs must be a positive number"
NO_AGENT = "agentId must be a valid UUID string"
BAD_USER = "Invalid userId format (must be valid UUID)"
BAD_AGENT = "Invalid agentId format (must be valid UUID)"
TOO_LONG = "content exceeds maximum length of 50000 characters"
TOO_LARGE = "metadata exceeds maximum size of 10000 bytes"
TOO_SHORT = "timeoutMs must be at least 1000ms"
TOO_LATE = "timeoutMs cannot exceed 300000ms"
NO_JSON = "Request body must be valid JSON"
NO_BODY = "Request body must be an object"


@pytest.fixture
def send(call):
    def answer(body: str, **changes):
        return call("create_job", body=body, **changes)

    return answer


def body(**fields) -> str:
    wanted = {k: v for k, v in (GOOD | fields).items() if v is not ABSENT}
    return json.dumps(wanted, ensure_ascii=False)


def error_body(text: str) -> str:
    return json.dumps(
        {"success": False, "error": text, "code": "INVALID_REQUEST"}, separators=(",", ":")
    )


@pytest.mark.parametrize(("fields", "text"), [
    ({"agentId": None}, NO_AGENT), ({"agentId": 1}, NO_AGENT), ({"agentId": []}, NO_AGENT),
    ({"userId": ABSENT}, NO_USER), ({"userId": None}, NO_USER), ({"userId": 1}, NO_USER),
    ({"userId": {}}, NO_USER),
    ({"content": ABSENT}, NO_CONTENT), ({"content": None}, NO_CONTENT),
    ({"content": 1}, NO_CONTENT), ({"content": ["Hello"]}, NO_CONTENT),
    ({"content": ""}, "content cannot be empty"),
    ({"content": "x" * 50_001}, TOO_LONG), ({"content": EMOJI * 25_001}, TOO_LONG),
    ({"metadata": None}, NO_OBJECT), ({"metadata": "{}"}, NO_OBJECT),
    ({"metadata": 1}, NO_OBJECT), ({"metadata": True}, NO_OBJECT), ({"metadata": []}, NO_OBJECT),
    ({"metadata": {"k": "x" * 9993}}, TOO_LARGE),
    ({"metadata": {"k": EMOJI * 4997}}, TOO_LARGE),
    ({"timeoutMs": None}, NO_NUMBER), ({"timeoutMs": "30000"}, NO_NUMBER),
    ({"timeoutMs": True}, NO_NUMBER), ({"timeoutMs": []}, NO_NUMBER),
    ({"timeoutMs": -1}, NO_NUMBER), ({"timeoutMs": -0.5}, NO_NUMBER),
    ({"timeoutMs": 0}, TOO_SHORT), ({"timeoutMs": 999}, TOO_SHORT),
    ({"timeoutMs": 999.9}, TOO_SHORT),
    ({"timeoutMs": 300_001}, TOO_LATE), ({"timeoutMs": 300_000.5}, TOO_LATE),
    ({"timeoutMs": 10**999}, TOO_LATE), ({"timeoutMs": 1e308}, TOO_LATE),
    ({"userId": ""}, BAD_USER), ({"userId": "nobody"}, BAD_USER),
    ({"userId": UUID.replace("-", "")}, BAD_USER), ({"userId": f"{{{UUID}}}"}, BAD_USER),
    ({"userId": f"{UUID}\n"}, BAD_USER), ({"userId": "g" + UUID[1:]}, BAD_USER),
    ({"agentId": ""}, BAD_AGENT), ({"agentId": "nobody"}, BAD_AGENT),
    ({"agentId": f" {UUID}"}, BAD_AGENT),
])  # fmt: skip
def test_create_with_invalid_field_is_400_with_contract_text(send, world, fields, text) -> None:
    answer = send(body(**fields))

    assert (answer.status, answer.text) == (400, error_body(text))
    assert world.repository.changes == []


RULES = [
    ({"agentId": 1}, NO_AGENT),
    ({"userId": 1}, NO_USER),
    ({"content": ""}, "content cannot be empty"),
    ({"metadata": None}, NO_OBJECT),
    ({"timeoutMs": 0}, TOO_SHORT),
    ({"userId": "nobody"}, BAD_USER),
    ({"agentId": "nobody"}, BAD_AGENT),
    ({"agentId": "00000000-0000-4000-8000-000000000000"}, ""),  # well-formed, but of no agent
]


@pytest.mark.parametrize(
    ("first", "text", "second"),
    [
        (first, text, second)
        for place, (first, text) in enumerate(RULES)
        for second, _ in RULES[place + 1 :]
        if not first.keys() & second.keys()
    ],
)
def test_create_with_two_errors_reports_first_rule(send, first, text, second) -> None:
    answer = send(body(**second, **first))

    assert (answer.status, answer.body["error"]) == (400, text)


@pytest.mark.parametrize("fields", [
    {"content": " "}, {"content": "\n\t"}, {"content": "x" * 50_000}, {"content": EMOJI * 25_000},
    {"userId": UUID.upper()}, {"userId": "00000000-0000-0000-0000-000000000000"},
    {"userId": "ffffffff-ffff-ffff-ffff-ffffffffffff"},
    {"metadata": {}}, {"metadata": {"k": "x" * 9992}}, {"metadata": {"k": EMOJI * 4996}},
    {"metadata": {"k": "\u00e9" * 9992}},
    {"timeoutMs": 1000}, {"timeoutMs": 1000.5}, {"timeoutMs": 300_000},
])  # fmt: skip
def test_create_at_limits_is_accepted(send, fields) -> None:
    assert send(body(**fields)).status == 201


def with_metadata(text: str) -> str:
    return f'{{"userId":"{UUID}","content":"Hello","metadata":{text}}}'


@pytest.mark.parametrize("text", [
    "", "{", "not json", "{'userId': 1}", body()[:-1], body() + "}",
    with_metadata("NaN"), with_metadata('{"a":NaN}'), with_metadata('{"a":Infinity}'),
    with_metadata('{"a":-Infinity}'), with_metadata('{"a":1e999}'),
    with_metadata('{"a":"\\ud800"}'), with_metadata('{"\\udfff":1}'),
    with_metadata('{"a":"\\u0000"}'), with_metadata('{"\\u0000":1}'),
    with_metadata('{"a":' * 100 + "1" + "}" * 100),
    with_metadata("[" * 100_000),
    with_metadata(f'{{"a":{"1" * 1001}}}'), with_metadata(f'{{"a":0.{"1" * 1001}}}'),
    with_metadata(f'{{"a":{"5" * 5000}}}'),
    f'{{"userId":"{UUID}","content":"\\u0000"}}', f'{{"userId":"{UUID}","content":"\\udc00"}}',
])  # fmt: skip
def test_create_with_invalid_json_is_400(send, world, text) -> None:
    answer = send(text)

    assert (answer.status, answer.text) == (400, error_body(NO_JSON))
    assert world.repository.changes == []


@pytest.mark.parametrize("text", ["null", '"Hello"', "[]", f"[{body()}]", "1", "true"])
def test_create_with_non_object_body_is_400(send, text) -> None:
    answer = send(text)

    assert (answer.status, answer.text) == (400, error_body(NO_BODY))


def test_create_without_body_is_400(send) -> None:
    assert send(None).text == error_body(NO_JSON)


@pytest.mark.parametrize("raw", [b"\xff\xfe{}", "{}".encode("utf-16"), b"\xed\xa0\x80"])
def test_create_with_invalid_utf_8_is_400(send, raw) -> None:
    answer = send(base64.b64encode(raw).decode(), isBase64Encoded=True)

    assert answer.text == error_body("Request body must be UTF-8")


def test_create_with_invalid_base64_is_400(send) -> None:
    assert send("!", isBase64Encoded=True).status == 400


@pytest.mark.parametrize("kind", [
    "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "",
    "application/jsonp", "text/json", "application/xml+json2",
])  # fmt: skip
def test_create_with_other_content_type_is_400(send, kind) -> None:
    answer = send(body(), headers={"content-type": kind})

    assert (answer.status, answer.text) == (
        400,
        error_body("Content-Type must be application/json"),
    )


@pytest.mark.parametrize("text", [
    '{"b":1,"a":2}',
    '{"z":{"y":{"x":[1,[2,[3]]]}},"a":null}',
    '{"pi":3.141592653589793,"one":1.0,"small":5e-324,"big":1.7976931348623157e+308}',
    '{"i":12345678901234567890123456789012345678901234567890,"n":-9007199254740993}',
    '{"__proto__":{"admin":true},"constructor":{"prototype":{}}}',
    '{"":"","\u00fc":"\u00e9","e":"\N{GRINNING FACE}","q":"\\"\\\\","t":"\\u0001\\u001f"}',
    '{"t":true,"f":false,"n":null,"a":[],"o":{}}',
    '{"d":' + "[" * 98 + "]" * 98 + "}",
    '{"l":' + "7" * 1000 + "}",
])  # fmt: skip
def test_create_with_metadata_returns_it_unchanged(send, call, world, text) -> None:
    job_id = send(with_metadata(text)).body["jobId"]

    fetched = call("get_job", pathParameters={"jobId": job_id}).text

    assert f'"metadata":{text}}}' in fetched
    ref = JobRef(tenant="demo", kind="messaging", id=job_id)
    assert world.repository.get(ref).request["metadata"] == json.loads(text)
