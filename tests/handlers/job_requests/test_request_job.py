"""Jobs that events request."""

import json
from typing import Any

import pytest

from jobs.core.webhook import Webhook
from jobs.docs.adapters.sqlite import SqliteChats, SqliteProjects
from jobs.docs.docs_job import Project, docs_job_of
from jobs.docs.wiring import wiring as docs
from jobs.kit.errors import RefusedError, UnavailableError
from jobs.missions.device import Device, DeviceGroup
from jobs.missions.mission import mission_of
from jobs.missions.wiring import wiring as missions
from scripts.wirings import CORES
from tests.databases import empty_database
from tests.fakes.memory_fleet import InMemoryFleet
from tests.fakes.memory_missions import InMemoryFleetRegistry
from tests.handlers.conftest import TENANT, USER_ID
from tests.support import Broken

EVENT_ID = "7bf73129-1428-4cd3-a780-95db273d1602"
URL = "https://hooks.example.com/in"


@pytest.fixture(autouse=True)
def _others(world, monkeypatch, rewire) -> None:
    """The dependencies of missions and documentation agents."""
    projects, fleet = SqliteProjects(empty_database()), InMemoryFleetRegistry()
    projects.put_project(
        Project(id="demo-docs", tenant=TENANT, repository="https://git.example/docs.git")
    )
    dock = Device(id="dock-1", tenant=TENANT, group="harbour", name="Dock")
    fleet.put_group(DeviceGroup(id="harbour", tenant=TENANT, name="Harbour", devices=(dock,)))
    rewire(docs, projects=projects, chats=SqliteChats(empty_database()))
    rewire(missions, fleet=InMemoryFleet(world.clock))
    rewire(missions, fleet_registry=fleet)
    monkeypatch.setenv("DEVICE_WAIT_SECONDS", "3600")
    monkeypatch.setenv("STACK_NAME", "sortie-dev")


@pytest.fixture
def send(invoke, event):
    """Send the sample message with changes to its detail. None removes a field."""

    def sent(*, body: str | None = None, **changes: Any) -> Any:
        message = event("workers/request_job")
        [record] = message["Records"]
        envelope = json.loads(record["body"])
        detail = envelope["detail"] | changes
        envelope["detail"] = {name: value for name, value in detail.items() if value is not None}
        record["body"] = json.dumps(envelope) if body is None else body
        return invoke("workers/request_job", message)

    return sent


MESSAGE = {"userId": USER_ID, "content": "A secret question"}
MISSION = {"name": "Round", "deviceGroupId": "harbour"}
OLDER = {
    "DeviceGroupID": "harbour",
    "ActionOnArrival": "HOVER",
    "DesiredLocation": {"type": "Point", "coordinates": [9.9, 53.5]},
}
DOCS = {"projectId": "demo-docs", "prompt": "Write a secret"}


def test_request_valid_creates_job_and_publishes_accepted(send, world) -> None:
    made = send()

    [job] = world.repository.all()
    assert made == {"batchItemFailures": []}
    assert (job.tenant, job.kind) == (TENANT, "messaging")
    assert job.request["content"] == "Hello, who are you?"
    assert world.bus.types == ["Job Request Accepted"]
    assert world.bus.details == [{
        "version": "1",
        "requestId": EVENT_ID,
        "dialect": "messaging",
        "tenant": TENANT,
        "idempotencyKey": "order-4711",
        "jobId": job.id,
    }]  # fmt: skip


@pytest.mark.parametrize(
    ("dialect", "request_"),
    [
        ("messaging", MESSAGE),
        ("missions", MISSION),
        ("missions", OLDER),
        ("docs", DOCS),
        ("docs", {"projectId": "demo-docs", "messages": [{"role": "user", "content": "Write"}]}),
    ],
    ids=str,
)  # fmt: skip
def test_request_of_each_kind_creates_job(send, world, dialect, request_) -> None:
    send(dialect=dialect, request=request_)

    [job] = world.repository.all()
    assert (job.kind, world.bus.types) == (dialect, ["Job Request Accepted"])
    if dialect == "missions":
        assert mission_of(job).group == "harbour"
    if dialect == "docs":
        assert docs_job_of(job).project == "demo-docs"


@pytest.mark.parametrize(
    ("dialect", "request_"),
    [("messaging", MESSAGE), ("missions", MISSION), ("missions", OLDER), ("docs", DOCS)],
    ids=["messaging", "missions", "missions before", "docs"],
)
def test_request_of_each_kind_with_webhook_stores_webhook(send, world, dialect, request_) -> None:
    send(dialect=dialect, request=request_ | {"webhook": {"url": URL, "events": ["failed"]}})

    [job] = world.repository.all()
    assert job.webhook == Webhook(url=URL, events=frozenset({"failed"}))


@pytest.mark.parametrize("dialect", ["messaging", "missions", "docs"])
@pytest.mark.parametrize("key", ["order-4711", None], ids=["key", "no key"])
def test_request_of_each_kind_repeated_creates_one_job(send, world, clock, dialect, key) -> None:
    request = {"messaging": MESSAGE, "missions": MISSION, "docs": DOCS}[dialect]
    for _ in range(3):
        send(dialect=dialect, request=request | {"webhook": {"url": URL}}, idempotencyKey=key)
        clock.advance(60_000)

    assert len(world.repository.all()) == 1
    assert world.bus.types == ["Job Request Accepted"] * 3
    assert len({detail["jobId"] for detail in world.bus.details}) == 1


@pytest.mark.parametrize("mode", ["required", "instead-of-key"])
def test_request_with_payments_enabled_needs_no_payment(send, world, monkeypatch, mode) -> None:
    monkeypatch.setenv("PAYMENTS", mode)

    send()

    [job] = world.repository.all()
    assert (job.tenant, world.bus.types) == (TENANT, ["Job Request Accepted"])


def test_request_after_worker_crash_creates_one_job(send, world, monkeypatch) -> None:
    class KilledError(BaseException):
        pass

    def killed(**_: Any) -> None:
        raise KilledError

    with monkeypatch.context() as busy:
        busy.setattr(world.bus, "put_events", killed)
        with pytest.raises(KilledError):
            send()

    send()

    [job] = world.repository.all()
    assert [detail["jobId"] for detail in world.bus.details] == [job.id]


def test_request_without_envelope_uses_message_id(send, world) -> None:
    bare = json.dumps({"dialect": "messaging", "tenant": TENANT, "request": MESSAGE})

    send(body=bare)
    send(body=bare)

    assert len(world.repository.all()) == 1
    assert world.bus.details[0]["requestId"] == "059f36b4-87a3-44ab-83d2-661975830a7d"


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"body": "{"}, "INVALID_REQUEST", "detail must have dialect, tenant and request"),
        ({"body": "[]"}, "INVALID_REQUEST", "detail must have dialect, tenant and request"),
        ({"body": '{"detail": []}'}, "INVALID_REQUEST", "detail must have"),
        ({"tenant": None}, "INVALID_REQUEST", "detail must have"),
        ({"request": "Hello"}, "INVALID_REQUEST", "detail must have"),
        ({"tenant": "acme#messaging"}, "INVALID_REQUEST", "tenant must be"),
        ({"tenant": ""}, "INVALID_REQUEST", "tenant must be"),
        ({"dialect": "faxing"}, "INVALID_REQUEST", "dialect must be one of messaging, missions"),
        ({"idempotencyKey": 5}, "INVALID_REQUEST", "idempotencyKey must be a string"),
        ({"idempotencyKey": "x" * 256}, "INVALID_REQUEST", "idempotencyKey must be 1 to 255"),
        ({"idempotencyKey": ""}, "INVALID_REQUEST", "idempotencyKey must be 1 to 255"),
        ({"request": {}}, "INVALID_REQUEST", "userId is required"),
        ({"request": MESSAGE | {"webhook": {"url": "http://x"}}}, "INVALID_REQUEST", "webhook.url"),
        ({"request": MESSAGE | {"agentId": USER_ID}}, "AGENT_NOT_FOUND", f"Agent {USER_ID}"),
        ({"tenant": "nobody"}, "NO_AGENTS", "No agents available"),
        ({"dialect": "missions", "request": MISSION | {"deviceGroupId": "x"}},
         "DEVICE_GROUP_NOT_FOUND", "Device group not found"),
        ({"dialect": "missions", "request": MISSION | {"deviceId": "x"}},
         "DEVICE_NOT_FOUND", "Device not found"),
        ({"dialect": "missions", "request": MISSION | {"missionId": "x"}},
         "MISSION_NOT_FOUND", "Mission not found"),
        ({"dialect": "missions", "request": MISSION
          | {"deviceId": "dock-1", "metadata": {"offlinePolicy": "reject"}}},
         "DEVICE_OFFLINE", "Device is offline"),
        ({"dialect": "docs", "request": DOCS | {"projectId": "x"}},
         "PROJECT_NOT_FOUND", "Project not found"),
        ({"dialect": "docs", "request": {"prompt": "Write"}}, "INVALID_REQUEST", "projectId"),
    ],
    ids=str,
)  # fmt: skip
def test_request_invalid_publishes_rejected_without_content(
    send, world, changes, code, reason
) -> None:
    made = send(**changes)

    [reply] = world.bus.details
    assert made == {"batchItemFailures": []}
    assert not world.repository.all()
    assert world.bus.types == ["Job Request Rejected"]
    assert (reply["version"], reply["code"]) == ("1", code)
    assert reply["reason"].startswith(reason)
    assert "secret" not in json.dumps(reply)


def test_mission_request_invalid_reports_each_field(send, world) -> None:
    send(dialect="missions", request={"name": "", "priority": 11})

    [reply] = world.bus.details
    assert reply["details"].keys() == {"name", "deviceGroupId", "priority"}


def test_request_with_reused_key_is_rejected_as_conflict(send, world) -> None:
    send()
    send(request=MESSAGE)

    assert [detail.get("code") for detail in world.bus.details] == [None, "IDEMPOTENCY_CONFLICT"]
    assert len(world.repository.all()) == 1


def test_request_during_outage_is_retried_without_reply(send, world, rewire, log) -> None:
    rewire(*CORES, jobs=Broken(UnavailableError()))

    made = send()

    assert len(made["batchItemFailures"]) == 1
    assert world.bus.details == []


def test_request_that_cannot_be_stored_is_rejected_at_once(send, world, rewire) -> None:
    rewire(*CORES, jobs=Broken(RefusedError("AWS refused the request: ValidationException")))

    assert send() == {"batchItemFailures": []}

    [detail] = world.bus.details
    assert (detail["code"], detail["reason"]) == ("INVALID_REQUEST", "The request cannot be stored")


def test_rejection_too_large_for_an_event_is_sent_without_details(send, world, monkeypatch) -> None:
    put = world.bus.put_events

    def refuse_details(**request: Any) -> Any:
        if '"details"' in request["Entries"][0]["Detail"]:
            return {"Entries": [{"ErrorCode": "ValidationException"}]}
        return put(**request)

    monkeypatch.setattr(world.bus, "put_events", refuse_details)

    assert send(dialect="missions", request={"name": ""}) == {"batchItemFailures": []}

    [detail] = world.bus.details
    assert (detail["code"], "details" in detail) == ("INVALID_REQUEST", False)


def test_message_request_over_limit_is_rejected(send, world, monkeypatch) -> None:
    monkeypatch.setenv("MESSAGES_PER_MINUTE", "1")

    send(idempotencyKey="first")
    send(idempotencyKey="second")

    assert world.bus.types == ["Job Request Accepted", "Job Request Rejected"]
    assert world.bus.details[1]["code"] == "TOO_MANY_REQUESTS"
    assert len(world.repository.all()) == 1


def test_reply_failure_over_limit_still_accepts_its_job(send, world, monkeypatch) -> None:
    monkeypatch.setenv("MESSAGES_PER_MINUTE", "1")
    with monkeypatch.context() as busy:
        busy.setattr(
            world.bus, "put_events", lambda **_: {"Entries": [{"ErrorCode": "InternalFailure"}]}
        )
        send()

    send()

    assert world.bus.types == ["Job Request Accepted"]


def test_reply_failure_retries_message_for_same_job(send, world, monkeypatch) -> None:
    with monkeypatch.context() as busy:
        busy.setattr(
            world.bus, "put_events", lambda **_: {"Entries": [{"ErrorCode": "InternalFailure"}]}
        )
        assert len(send()["batchItemFailures"]) == 1

    send()

    assert len(world.repository.all()) == len(world.bus.details) == 1


def test_request_log_has_no_content(send, log) -> None:
    send(request=MESSAGE)
    send(request=MESSAGE | {"agentId": 5})

    assert [line["message"] for line in log()] == ["job request accepted", "job request rejected"]
    assert "secret" not in json.dumps(log())
