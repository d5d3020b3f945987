"""SQS and Step Functions: messages sent at least once, executions started once."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from moto import mock_aws

from jobs.core.adapters import messages
from jobs.core.adapters.queue import SqsJobQueue
from jobs.core.adapters.timers import StepFunctionsTimers
from jobs.kit.aws.sqs import SqsDelivery
from jobs.kit.errors import UnavailableError
from jobs.messaging.adapters.polls import SqsPolls, parse_poll
from jobs.messaging.poll import Poll
from jobs.missions.adapters.timers import StepFunctionsMissionTimers, parse_moves
from tests.adapters.conftest import DYNAMODB
from tests.adapters.engines import client, error_response
from tests.support import NOON

WAITS = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}}
THROTTLED = ["RequestThrottled", "ThrottlingException", "ExecutionLimitExceeded"]


@pytest.fixture(params=DYNAMODB)
def endpoint_url(request) -> Iterator[str | None]:
    """Return the endpoint; None stands for moto."""
    if request.param == "ministack":
        yield request.getfixturevalue("cloud")
        return
    with mock_aws():
        yield None


@pytest.fixture
def sqs(endpoint_url) -> Iterator[Any]:
    with closing(client("sqs", endpoint_url)) as made:
        yield made


@pytest.fixture
def queue_url(sqs) -> str:
    url: str = sqs.create_queue(QueueName=f"queue-{uuid4()}")["QueueUrl"]
    return url


@pytest.fixture
def role(endpoint_url) -> str:
    trust = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    with closing(client("iam", endpoint_url)) as iam:
        made = iam.create_role(
            RoleName=f"role-{uuid4()}",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}),
        )
    return str(made["Role"]["Arn"])


@pytest.fixture
def stepfunctions(endpoint_url, role) -> Iterator[Any]:
    with closing(client("stepfunctions", endpoint_url)) as made, ExitStack() as cleanup:
        made.machine = lambda: _machine(made, role, cleanup)
        yield made


def _machine(stepfunctions: Any, role: str, cleanup: ExitStack) -> str:
    """A state machine that waits; its executions are stopped after the test."""
    arn: str = stepfunctions.create_state_machine(
        name=f"machine-{uuid4()}",
        definition=json.dumps(WAITS),
        roleArn=role,
    )["stateMachineArn"]

    def stop() -> None:
        for each in stepfunctions.list_executions(stateMachineArn=arn)["executions"]:
            stepfunctions.stop_execution(executionArn=each["executionArn"])

    cleanup.callback(stop)
    return arn


def executions(stepfunctions: Any, arn: str) -> list[Any]:
    found = stepfunctions.list_executions(stateMachineArn=arn)["executions"]
    return [stepfunctions.describe_execution(executionArn=e["executionArn"]) for e in found]


def test_message_contains_ref_only(sqs, queue_url, a_job) -> None:
    job = a_job()

    SqsJobQueue(sqs, queue_url).send(job.ref)

    [message] = sqs.receive_message(QueueUrl=queue_url, AttributeNames=["All"])["Messages"]
    assert message["Attributes"]["MessageGroupId"] == job.tenant  # so that the queue is fair
    assert json.loads(message["Body"]) == {
        "tenant": job.tenant,
        "dialect": "messaging",
        "jobId": job.id,
    }
    assert messages.from_text(message["Body"]) == job.ref


@pytest.mark.parametrize("text", [
    "", "no JSON", "[]", "null", '"text"', "{}", '{"tenant": "acme", "dialect": "messaging"}',
])  # fmt: skip
def test_message_without_ref_raises_value_error(text) -> None:
    with pytest.raises(ValueError, match=r"."):
        messages.from_text(text)


def test_message_with_delay_is_hidden_at_first(sqs, queue_url, a_job) -> None:
    SqsJobQueue(sqs, queue_url).send(a_job().ref, delay_s=600)

    assert "Messages" not in sqs.receive_message(QueueUrl=queue_url)


def test_held_message_is_hidden_from_others(sqs, queue_url, a_job) -> None:
    SqsJobQueue(sqs, queue_url).send(a_job().ref)
    [message] = sqs.receive_message(QueueUrl=queue_url, VisibilityTimeout=0)["Messages"]
    [message] = sqs.receive_message(QueueUrl=queue_url, VisibilityTimeout=0)["Messages"]
    delivery = SqsDelivery(sqs, queue_url, message["ReceiptHandle"], count=1)

    delivery.hold(600)
    assert "Messages" not in sqs.receive_message(QueueUrl=queue_url)

    delivery.hold(0)
    assert len(sqs.receive_message(QueueUrl=queue_url)["Messages"]) == 1


def test_execution_has_name_of_job_and_time_only(stepfunctions, a_job) -> None:
    job, machine, other = a_job(), stepfunctions.machine(), stepfunctions.machine()

    StepFunctionsTimers(stepfunctions, time_out_arn=machine).time_out(job.ref, at=NOON)

    [started] = executions(stepfunctions, machine)
    assert started["name"] == job.id
    assert json.loads(started["input"]) == {
        "job": {"tenant": job.tenant, "dialect": "messaging", "jobId": job.id},
        "at": "2026-01-01T12:00:00Z",
    }
    assert not executions(stepfunctions, other)


def test_poll_is_delayed_by_its_pause_in_the_group_of_its_tenant(a_job) -> None:
    sent: list[Any] = []
    sqs: Any = SimpleNamespace(send_message=lambda **request: sent.append(request))
    poll = Poll(ref=a_job().ref).next()

    SqsPolls(sqs, "url").schedule(poll)

    [request] = sent
    assert (request["DelaySeconds"], request["MessageGroupId"]) == (2, poll.ref.tenant)
    assert parse_poll(request["MessageBody"]) == poll


def test_moved_mission_starts_an_execution_of_its_own(stepfunctions, a_mission) -> None:
    job, machine = a_mission(), stepfunctions.machine()
    timers = StepFunctionsMissionTimers(stepfunctions, mission_arn=machine)

    for moves, due_at in ((0, NOON + 60_000), (1, NOON), (1, NOON)):
        timers.fly(job.ref, due_at=due_at, moves=moves)

    started = {
        each["name"]: json.loads(each["input"]) for each in executions(stepfunctions, machine)
    }
    assert started.keys() == {job.id, f"{job.id}-1"}
    first, moved = started[job.id], started[f"{job.id}-1"]
    assert (first["dueAt"], moved["dueAt"]) == ("2026-01-01T12:01:00Z", "2026-01-01T12:00:00Z")
    assert (parse_moves(first["job"]), parse_moves(moved["job"])) == (0, 1)
    assert messages.ref_from(moved["job"]) == job.ref


def test_timer_started_twice_runs_once(stepfunctions, a_job) -> None:
    job, machine = a_job(), stepfunctions.machine()
    timers = StepFunctionsTimers(stepfunctions, time_out_arn=machine)

    timers.time_out(job.ref, at=NOON)
    timers.time_out(job.ref, at=NOON)
    timers.time_out(job.ref, at=NOON + 60_000)

    assert len(executions(stepfunctions, machine)) == 1


@pytest.mark.parametrize(("millis", "second"), [
    (0, "00"), (1, "01"), (500, "01"), (999, "01"), (1000, "01"), (1001, "02"),
])  # fmt: skip
def test_timer_time_is_rounded_up(a_job, millis, second) -> None:
    sent: list[str] = []

    class Recorder:
        class exceptions:  # noqa: N801 - as boto3 has it
            ExecutionAlreadyExists = KeyError

        def start_execution(self, **request: str) -> None:
            sent.append(json.loads(request["input"])["at"])

    timers: Any = StepFunctionsTimers(Recorder(), time_out_arn="t")  # type: ignore[arg-type]
    timers.time_out(a_job().ref, at=NOON + millis)

    assert sent == [f"2026-01-01T12:00:{second}Z"]


@pytest.mark.parametrize("code", THROTTLED)
def test_throttled_services_raise_unavailable(a_job, code) -> None:
    sqs, stepfunctions = client("sqs"), client("stepfunctions")
    for each in (sqs, stepfunctions):
        each.meta.events.register("before-call.*.*", lambda **_: error_response(code))
    timers = StepFunctionsTimers(stepfunctions, time_out_arn="t")

    for call in (
        lambda: SqsJobQueue(sqs, "url").send(a_job().ref),
        lambda: SqsDelivery(sqs, "url", "receipt", count=1).hold(1),
        lambda: timers.time_out(a_job().ref, at=NOON),
        lambda: SqsPolls(sqs, "url").schedule(Poll(ref=a_job().ref)),
    ):
        with pytest.raises(UnavailableError):
            call()
