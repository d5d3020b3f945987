"""The command line in a real terminal, against the deployed stack."""

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
from local.stack.local_stack import LocalStack
from local.stack.server_process import ServerStack
from tests.e2e.api import Api, eventually
from tests.e2e.cloud import Cloud
from tests.e2e.fleets import in_seconds

BOTH_WAYS = True

GAP = r"(?:\x1b\[[\d;?]*[A-Za-z]|\s)+"
EXPECT_TIMEOUT_S = 90


@pytest.fixture
def folder(stack: LocalStack | ServerStack, tmp_path: Path) -> Path:
    """A folder where `make up` or `make serve` runs."""
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local/stack.json").write_text(json.dumps(stack.description()))
    return tmp_path


@pytest.fixture
def terminal(folder: Path) -> Iterator[Callable[..., pexpect.spawn]]:
    """Start a command in that folder."""
    with ExitStack() as cleanup:

        def start(*arguments: str, **environment: str) -> pexpect.spawn:
            inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
            child = pexpect.spawn(
                sys.executable,
                ["-m", "sortie_client.cli", *arguments],
                cwd=str(folder),
                env=inherited
                | {"PYTHONPATH": str(ROOT / "client/src"), "TERM": "xterm-256color"}
                | {"LANG": "C.UTF-8", **environment},
                preexec_fn=restore_interrupts,
                encoding="utf-8",
                dimensions=(30, 120),
                timeout=EXPECT_TIMEOUT_S,
            )
            cleanup.callback(child.close, force=True)
            return child

        yield start


def restore_interrupts() -> None:
    """A process started in the background ignores SIGINT, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def exit_code(child: pexpect.spawn) -> int:
    child.expect(pexpect.EOF)
    child.close()
    return int(child.exitstatus)


def tenant_variables(api: Api) -> dict[str, str]:
    return {"SORTIE_BASE_URL": api.base_url, "SORTIE_API_KEY": str(api.key)}


def test_ask_waits_and_prints_the_reply(terminal) -> None:
    child = terminal("ask", "/sleep 1 Good morning")

    child.expect("Waiting for the agent")
    child.expect("Good morning")

    assert exit_code(child) == 0


def test_interrupted_job_is_listed_watched_and_cancelled(terminal, api: Api) -> None:
    tenant = tenant_variables(api)
    waiting = terminal("ask", "/silent", "--timeout", "120", **tenant)
    waiting.expect("Waiting for the agent")
    waiting.sendintr()
    waiting.expect("sortie jobs (watch|list)")  # the latter if the server is slow to tell the id
    assert exit_code(waiting) == 130

    listed = terminal("jobs", "list", **tenant)
    listed.expect(r"([0-9a-f-]{36}).*/silent")
    job_id = listed.match[1]
    assert exit_code(listed) == 0
    watching = terminal("jobs", "watch", job_id, **tenant)
    watching.expect("Waiting for the agent: (pending|processing)")
    cancelled = terminal("jobs", "cancel", job_id, **tenant)
    cancelled.expect(f"{job_id}: Job cancelled")
    assert exit_code(cancelled) == 0
    watching.expect("Job cancelled")
    assert exit_code(watching) == 1
    again = terminal("jobs", "cancel", job_id, **tenant)
    again.expect("Job has already ended")
    assert exit_code(again) == 3
    shown = terminal("jobs", "get", job_id, **tenant)
    shown.expect("failed")
    assert exit_code(shown) == 0


def test_chat_keeps_the_conversation_until_ctrl_d(terminal) -> None:
    child = terminal("chat", "--agent", "echo")

    child.expect("session [0-9a-f-]{36}")
    child.expect("> ")
    for line in ("Good evening", "And good night"):
        child.sendline(line)
        child.expect(f"{line}\r\n")  # the terminal's echo
        child.expect(f"{line}\r\n")  # the agent's
        child.expect("> ")
    child.sendeof()

    assert exit_code(child) == 0


def test_login_asks_for_keys_and_keeps_them(terminal, stack, tmp_path) -> None:
    config = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    child = terminal("login", "demo", **config)
    answers = {
        "URL of the server": stack.base_url,
        "API key for messages and sessions": stack.api_key,
        "API key for missions": "",
        "Client id": "",
        "Client secret": "",
        "WebSocket URL": "",
        "API key for documentation agents": "",
        "Project": "",
        "Key of the admin API": "",
    }
    for question, answer in answers.items():
        child.expect(question)
        child.sendline(answer)
    child.expect("accepted")
    assert exit_code(child) == 0

    chosen = terminal("--profile", "demo", "agents", **config, SORTIE_API_KEY="")
    chosen.expect("Second echo")
    assert exit_code(chosen) == 0


@pytest.mark.usefixtures("missions")
def test_missions_are_listed_and_shared(terminal, folder) -> None:
    planned = terminal("missions", "plans")
    planned.expect(r"harbour-round\s+6\s+Round of the harbour")
    assert exit_code(planned) == 0
    parked = terminal("missions", "drones")
    parked.expect(r"harbour\s+dock-1\s+\w+\s+Quay dock")
    assert exit_code(parked) == 0
    shared = terminal("missions", "share", "quarry", "--of", "group")
    shared.expect(r"http://\S+/tracking\S+")
    assert exit_code(shared) == 0


@pytest.mark.usefixtures("missions")
def test_missions_fly_shows_the_flight_until_it_completes(terminal) -> None:
    fast = json.dumps({"simulate": {"speed": "fast"}})
    child = terminal("missions", "fly", "harbour-round", "--at", in_seconds(20), "--metadata", fast)

    child.expect(r"mission [0-9a-f-]{36}")
    child.expect(f"mission{GAP}INPROGRESS")
    child.expect(rf"altitude{GAP}[1-9]\d* m")
    child.expect(f"mission{GAP}COMPLETED")

    assert exit_code(child) == 0


def test_docs_run_prints_tool_calls_text_and_branch(terminal) -> None:
    plan = f"write docs/{uuid4().hex}.md\n# Tides\n---\nsay The tides are in."
    child = terminal("docs", "run", plan)

    child.expect(r"job [0-9a-f-]{36} on branch docs-agent/")
    child.expect(r"→ write_file docs/[0-9a-f]{32}\.md")
    child.expect("The tides are in.")
    child.expect("branch docs-agent/")

    assert exit_code(child) == 0


def test_docs_reply_continues_the_job_and_show_prints_it(terminal) -> None:
    first = terminal("docs", "run", "say First.")
    first.expect("job ([0-9a-f-]{36}) on branch")
    job_id = first.match[1]
    first.expect("First.")
    assert exit_code(first) == 0

    second = terminal("docs", "reply", job_id, "say Second.")
    second.expect("Second.")
    assert exit_code(second) == 0
    shown = terminal("docs", "show", job_id)
    shown.expect(f"message{GAP}Second.")
    assert exit_code(shown) == 0


@pytest.fixture
def dead_letter(cloud: Cloud) -> Iterator[tuple[Any, str, str]]:
    """A stack of two queues, whose only message is in the dead-letter queue."""
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


def test_dlq_lists_and_redrives_a_message(terminal, stack: LocalStack, dead_letter) -> None:
    sqs, name, url = dead_letter
    aws = CREDENTIALS | {"AWS_ENDPOINT_URL": stack.aws_endpoint_url}

    listed = terminal("dlq", "list", "--stack", name, **aws)
    listed.expect(r"OwnDeadLetterQueue\s+1")
    assert exit_code(listed) == 0
    redriven = terminal("dlq", "redrive", "OwnDeadLetterQueue", "--stack", name, **aws)
    redriven.expect("OwnDeadLetterQueue: 1 redriven, 0 failed")
    assert exit_code(redriven) == 0

    [message] = sqs.receive_message(QueueUrl=url, VisibilityTimeout=30)["Messages"]
    assert message["Body"] == "do it"


def test_dlq_default_stack_is_the_local_one(terminal, cloud) -> None:
    child = terminal("dlq", "list")

    for queue in ("AgentDeadLetterQueue", "DeviceDeadLetterQueue", "StreamDeadLetterQueue"):
        child.expect(rf"{queue}\s+\d+")

    assert exit_code(child) == 0
