"""`sortie` in a real terminal, against the deployed stack."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pexpect
import pytest

from local.cloud.aws import CREDENTIALS
from local.kit.paths import ROOT
from local.stack.launch import LocalStack
from tests.e2e.api import Api, eventually
from tests.e2e.cloud import Cloud
from tests.e2e.fleets import in_seconds

GAP = r"(?:\x1b\[[\d;?]*[A-Za-z]|\s)+"
PATIENCE_S = 90


@pytest.fixture
def folder(stack: LocalStack, tmp_path: Path) -> Path:
    """Where `make up` runs."""
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local/stack.json").write_text(json.dumps(stack.description()))
    return tmp_path


@pytest.fixture
def terminal(folder: Path) -> Iterator[Callable[..., pexpect.spawn]]:
    """Type a command in that folder."""
    with ExitStack() as cleanup:

        def typed(*arguments: str, **environment: str) -> pexpect.spawn:
            mine = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
            child = pexpect.spawn(
                sys.executable,
                ["-m", "sortie_client.cli", *arguments],
                cwd=str(folder),
                env=mine
                | {"PYTHONPATH": str(ROOT / "client/src"), "TERM": "xterm-256color"}
                | {"LANG": "C.UTF-8", **environment},
                preexec_fn=heeding_interrupts,
                encoding="utf-8",
                dimensions=(30, 120),
                timeout=PATIENCE_S,
            )
            cleanup.callback(child.close, force=True)
            return child

        yield typed


def heeding_interrupts() -> None:
    """What was begun in the background ignores them, and so does all that it begins."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def ended(child: pexpect.spawn) -> int:
    child.expect(pexpect.EOF)
    child.close()
    return int(child.exitstatus)


def as_tenant(api: Api) -> dict[str, str]:
    return {"SORTIE_BASE_URL": api.base_url, "SORTIE_API_KEY": str(api.key)}


def test_an_agent_is_asked_and_answers(terminal) -> None:
    child = terminal("ask", "/sleep 1 Good morning")

    child.expect("Waiting for the agent")
    child.expect("Good morning")

    assert ended(child) == 0


def test_a_job_that_fails_says_why(terminal) -> None:
    child = terminal("ask", "/fail because")

    child.expect("because")

    assert ended(child) == 1


def test_what_is_left_waiting_can_be_listed_shown_watched_and_cancelled(terminal, api: Api) -> None:
    mine = as_tenant(api)
    waiting = terminal("ask", "/silent", "--timeout", "120", **mine)
    waiting.expect("Waiting for the agent: (pending|processing)")
    waiting.sendintr()
    waiting.expect(r"It goes on; sortie jobs watch ([0-9a-f-]{36})")
    job_id = waiting.match[1]
    assert ended(waiting) == 130

    listed = terminal("jobs", "list", **mine)
    listed.expect(f"{job_id}.*/silent")
    assert ended(listed) == 0
    watching = terminal("jobs", "watch", job_id, **mine)
    watching.expect("Waiting for the agent: (pending|processing)")
    cancelled = terminal("jobs", "cancel", job_id, **mine)
    cancelled.expect(f"{job_id}: Job cancelled")
    assert ended(cancelled) == 0
    watching.expect("Job cancelled")
    assert ended(watching) == 1
    again = terminal("jobs", "cancel", job_id, **mine)
    again.expect("Job has already ended")
    assert ended(again) == 3
    shown = terminal("jobs", "get", job_id, **mine)
    shown.expect("failed")
    assert ended(shown) == 0


def test_a_mission_is_flown_before_ones_eyes(terminal) -> None:
    fast = json.dumps({"simulate": {"speed": "fast"}})
    child = terminal("missions", "fly", "harbour-round", "--at", in_seconds(20), "--metadata", fast)

    child.expect(r"mission [0-9a-f-]{36}")
    child.expect(f"mission{GAP}INPROGRESS")
    child.expect(rf"altitude{GAP}[1-9]\d* m")
    child.expect(f"mission{GAP}COMPLETED")

    assert ended(child) == 0


def test_a_mission_that_fails_says_why(terminal) -> None:
    fails = json.dumps({"simulate": {"speed": "fast", "outcome": "fail"}})
    child = terminal("missions", "fly", "quarry-survey", "--group", "quarry", "--metadata", fails)

    child.expect(f"mission{GAP}FAILED")

    assert ended(child) == 1


def test_documentation_is_written_before_ones_eyes(terminal) -> None:
    plan = f"write docs/{uuid4().hex}.md\n# Tides\n---\nsay The tides are in."
    child = terminal("docs", "run", plan)

    child.expect(r"job [0-9a-f-]{36} on branch docs-agent/")
    child.expect(r"→ write_file docs/[0-9a-f]{32}\.md")
    child.expect("The tides are in.")
    child.expect("branch docs-agent/")

    assert ended(child) == 0


def test_a_plan_that_fails_says_why(terminal) -> None:
    child = terminal("docs", "run", "fail the ink is out")

    child.expect("the ink is out")

    assert ended(child) == 1


def test_health_of_a_tenant(terminal, api: Api) -> None:
    api.until(api.create("Hi"))
    eventually(api.health, lambda seen: seen["statusCounts"]["completed"] == 1)
    child = terminal("health", **as_tenant(api))

    child.expect(rf"completed{GAP}1\s")

    assert ended(child) == 0


def test_a_wrong_key_is_explained(terminal, stack: LocalStack) -> None:
    child = terminal("health", SORTIE_BASE_URL=stack.base_url, SORTIE_API_KEY="wrong")

    child.expect("401")
    child.expect("Is the key right")

    assert ended(child) == 3


@pytest.fixture
def dead_letter(cloud: Cloud) -> Iterator[tuple[Any, str, str]]:
    """A stack of its own: a queue, whose only message nobody could process."""
    name = f"dead-{uuid4().hex[:8]}"
    dead = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"{name}-dead"}}
    arn = {"Fn::GetAtt": ["OwnDeadLetterQueue", "Arn"]}
    policy = {"deadLetterTargetArn": arn, "maxReceiveCount": 1}
    work = {"QueueName": f"{name}-work", "VisibilityTimeout": 0, "RedrivePolicy": policy}
    own = {"Type": "AWS::SQS::Queue", "Properties": work}
    resources = {"OwnDeadLetterQueue": dead, "WorkQueue": own}
    stacks, sqs = cloud.client("cloudformation"), cloud.client("sqs")
    stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    url = sqs.get_queue_url(QueueName=f"{name}-work")["QueueUrl"]
    dead_url = sqs.get_queue_url(QueueName=f"{name}-dead")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="do it")

    def messages() -> int:
        sqs.receive_message(QueueUrl=url)
        found = sqs.get_queue_attributes(QueueUrl=dead_url, AttributeNames=["All"])
        return int(found["Attributes"]["ApproximateNumberOfMessages"])

    eventually(messages, lambda count: count == 1)
    yield sqs, name, url
    stacks.delete_stack(StackName=name)


def test_dead_letters_are_listed_and_sent_back(terminal, stack: LocalStack, dead_letter) -> None:
    sqs, name, url = dead_letter
    aws = CREDENTIALS | {"AWS_ENDPOINT_URL": stack.aws_endpoint_url}

    listed = terminal("dlq", "list", "--stack", name, **aws)
    listed.expect(r"OwnDeadLetterQueue\s+1")
    assert ended(listed) == 0
    redriven = terminal("dlq", "redrive", "OwnDeadLetterQueue", "--stack", name, **aws)
    redriven.expect("OwnDeadLetterQueue: 1 sent once more, 0 kept")
    assert ended(redriven) == 0

    [message] = sqs.receive_message(QueueUrl=url, VisibilityTimeout=30)["Messages"]
    assert message["Body"] == "do it"


def test_the_stack_that_runs_here_is_the_one_that_is_looked_at(terminal) -> None:
    child = terminal("dlq", "list")

    for queue in ("AgentDeadLetterQueue", "DeviceDeadLetterQueue", "StreamDeadLetterQueue"):
        child.expect(rf"{queue}\s+\d+")

    assert ended(child) == 0


def test_a_stack_that_is_not_there_is_explained(terminal, stack: LocalStack) -> None:
    aws = CREDENTIALS | {"AWS_ENDPOINT_URL": stack.aws_endpoint_url}
    child = terminal("dlq", "list", "--stack", "nowhere", **aws)

    child.expect("nowhere")

    assert ended(child) == 3
