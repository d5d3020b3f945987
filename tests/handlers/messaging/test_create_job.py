import base64

import pytest

from jobs.core.job import JobRef
from jobs.core.status import JobStatus
from jobs.kit.errors import UnavailableError
from jobs.messaging.agent import Agent
from jobs.messaging.wiring import wiring as messaging
from tests.support import HOUR, NOON, Broken

USER = "99999999-9999-4999-8999-999999999999"
ECHO = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def created_job(world):
    def job(answer):
        return world.repository.get(
            JobRef(tenant="demo", kind="messaging", id=answer.body["jobId"])
        )

    return job


def test_create_returns_four_fields_without_success(call, created_job) -> None:
    answer = call("create_job")

    assert answer.status == 201
    assert answer.text == (
        f'{{"jobId":"{created_job(answer).id}","status":"pending",'
        f'"createdAt":{NOON},"expiresAt":{NOON + 30_000}}}'
    )


def test_create_stores_request_for_caller(call, created_job) -> None:
    job = created_job(call("create_job"))

    assert job.status is JobStatus.PENDING
    assert job.key_id == "0123456789ab"
    assert job.request == {
        "agentId": ECHO,
        "userId": USER,
        "content": "Hello, who are you?",
        "metadata": {"channel": "web"},
    }


def test_create_stores_configured_retention(call, created_job, monkeypatch) -> None:
    monkeypatch.setenv("RETENTION_HOURS", "48")

    assert created_job(call("create_job")).retention == 48 * HOUR


@pytest.mark.parametrize(
    ("fields", "timeout"),
    [({}, 30_000), ({"timeoutMs": 1000}, 1000), ({"timeoutMs": 3e5}, 300_000)],
)
def test_create_sets_deadline_from_timeout_or_default(create, fields, timeout) -> None:
    body = create(**fields).body

    assert body["expiresAt"] - body["createdAt"] == timeout


def test_create_twice_without_key_makes_two_jobs(create) -> None:
    assert create().body["jobId"] != create().body["jobId"]


def test_create_with_unknown_fields_ignores_them(create) -> None:
    assert create(priority=1, prompt=None, success=False).status == 201


# ── Agents ──────────────────────────────────────────────────────────────────────


def test_create_without_agent_uses_first_active_one(create, created_job, world) -> None:
    world.registry.put_agent("demo", Agent(id="0", name="Away", order=-2, active=False))
    world.registry.put_agent("demo", Agent(id="1", name="First", order=-1))

    assert created_job(create()).request["agentId"] == "1"


def test_create_with_upper_case_agent_id_finds_agent(create, created_job, world) -> None:
    agent = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
    world.registry.put_agent("demo", Agent(id=agent, name="A"))

    assert created_job(create(agentId=agent.upper())).request["agentId"] == agent


@pytest.mark.parametrize("about", [{"tenant": "rival"}, {"active": False}])
def test_create_with_unknown_or_inactive_agent_is_404(create, world, about) -> None:
    agent = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
    world.registry.put_agent(
        about.pop("tenant", "demo"), Agent(**{"id": agent, "name": "B"} | about)
    )

    answer = create(agentId=agent)

    assert answer.status == 404
    assert answer.body == {
        "success": False,
        "error": f"Agent {agent} not found",
        "code": "AGENT_NOT_FOUND",
    }


def test_create_without_active_agents_is_404(create, world) -> None:
    world.registry.put_agent("demo", Agent(id=ECHO, name="Echo", active=False))

    answer = create()

    assert answer.status == 404
    assert answer.body == {
        "success": False,
        "error": "No agents available on server",
        "code": "NO_AGENTS",
    }


# ── Idempotency-Key ─────────────────────────────────────────────────────────────


def test_create_with_same_key_and_body_returns_first_job(create, clock, world) -> None:
    first = create(headers={"Idempotency-Key": "k"}, metadata={"a": 1, "b": 2})
    clock.advance(5000)

    again = create(headers={"idempotency-key": "k"}, metadata={"b": 2, "a": 1})

    assert again.status == 201
    assert again.text == first.text
    assert len(world.repository.changes) == 1


@pytest.mark.parametrize("fields", [
    {"content": "Bye"}, {"userId": ECHO}, {"agentId": ECHO}, {"timeoutMs": 1000},
    {"metadata": {"a": 1}},
])  # fmt: skip
def test_create_with_same_key_and_other_body_is_409(create, world, fields) -> None:
    create(headers={"Idempotency-Key": "k"})

    answer = create(headers={"Idempotency-Key": "k"}, **fields)

    assert answer.status == 409
    assert answer.body == {
        "success": False,
        "error": "Idempotency-Key was used with a different request",
        "code": "IDEMPOTENCY_CONFLICT",
    }
    assert len(world.repository.changes) == 1


def test_create_with_key_after_a_day_makes_new_job(create, clock) -> None:
    first = create(headers={"Idempotency-Key": "k"})
    clock.advance(24 * HOUR)

    assert create(headers={"Idempotency-Key": "k"}).body["jobId"] != first.body["jobId"]


@pytest.mark.parametrize("key", ["k" * 255, "a b", "\u00fc", "#~'\""])
def test_create_with_printable_key_up_to_255_is_accepted(create, key) -> None:
    assert create(headers={"Idempotency-Key": key}).status == 201


@pytest.mark.parametrize("key", ["", "k" * 256, "a\tb", "a\x00b", "\u200b"])
def test_create_with_invalid_key_is_400(create, world, key) -> None:
    answer = create(headers={"Idempotency-Key": key})

    assert answer.status == 400
    assert answer.body["error"] == "Idempotency-Key must be 1 to 255 printable characters"
    assert world.repository.changes == []


# ── Encoding of the body ─────────────────────────────────────────────────────────


def test_create_with_base64_body_is_decoded(call, event, created_job) -> None:
    text = event("messaging/create_job")["body"]

    answer = call("create_job", body=base64.b64encode(text.encode()).decode(), isBase64Encoded=True)

    assert created_job(answer).request["content"] == "Hello, who are you?"


@pytest.mark.parametrize("kind", [
    "application/json", "Application/JSON", "application/json; charset=utf-8",
    "application/problem+json", " application/json ",
])  # fmt: skip
def test_create_with_json_content_types_is_accepted(create, kind) -> None:
    assert create(headers={"Content-Type": kind}).status == 201


def test_create_without_content_type_is_read_as_json(call) -> None:
    assert call("create_job", headers={}).status == 201


def test_create_over_one_mebibyte_is_413(call, event, world) -> None:
    text = event("messaging/create_job")["body"]
    largest = text + " " * (2**20 - len(text))

    taken = call("create_job", body=largest)
    rejected = call("create_job", body=largest + " ")

    assert (taken.status, rejected.status) == (201, 413)
    assert rejected.body == {
        "success": False,
        "error": "Request body is too large",
        "code": "REQUEST_TOO_LARGE",
    }
    assert len(world.repository.changes) == 1


def test_create_when_throttled_is_503_and_stores_nothing(create, world, rewire) -> None:
    rewire(messaging.core, jobs=Broken(UnavailableError("ThrottlingException")))

    answer = create()

    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert world.repository.changes == []


def test_create_sends_message_with_slot_of_tenant(call, created_job, world) -> None:
    job = created_job(call("create_job"))

    [sent] = world.queues.sent
    slot = world.slots.find(job.ref)
    assert sent == {"tenant": "demo", "dialect": "messaging", "jobId": job.id, "slot": slot}
    assert world.queues.groups == ["demo"]


def test_create_with_repeated_key_sends_one_message(create, world) -> None:
    for _ in range(2):
        create(headers={"Idempotency-Key": "k"})

    assert len(world.queues.sent) == 1


@pytest.mark.parametrize("error", [UnavailableError("timeout"), RuntimeError("no permission")])
@pytest.mark.parametrize("part", ["hasty_slots", "hasty_queue"])
def test_create_that_cannot_send_is_answered(call, created_job, rewire, part, error) -> None:
    broken = Broken(error)
    rewire(messaging.core, **{part: broken if part == "hasty_slots" else lambda _: broken})

    answer = call("create_job")

    assert answer.status == 201
    assert created_job(answer).status is JobStatus.PENDING


def test_create_beyond_slots_sends_no_message(create, world) -> None:
    for _ in range(3):
        assert create().status == 201

    assert len(world.queues.sent) == 2
