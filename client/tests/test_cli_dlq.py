"""`sortie dlq`, without AWS."""

import json
import sys

import pytest

from sortie_client.dead_letters import aws, queues
from sortie_client.dead_letters.queues import DeadLetterQueue, RedriveResult

AGENT, STREAM = (DeadLetterQueue(f"{name}DeadLetterQueue", name, 1) for name in ("Agent", "Stream"))


class Queues:
    """Two queues; the message of the first can be redriven, the other one's cannot."""

    def list_queues(self) -> list[DeadLetterQueue]:
        return [AGENT, STREAM]

    def redrive(self, queue: DeadLetterQueue) -> list[RedriveResult]:
        return [RedriveResult(redriven=queue is AGENT, text=f"a message of {queue.name}")]


@pytest.fixture
def connected(monkeypatch) -> list[tuple[str, str | None]]:
    """The stacks that commands connect to, each with the emulator's URL or its region."""
    stacks: list[tuple[str, str | None]] = []

    def connect(stack: str, url: str | None) -> Queues:
        stacks.append((stack, url))
        return Queues()

    monkeypatch.setattr(queues, "DeadLetterQueues", connect)
    monkeypatch.setattr(aws, "aws_clients", lambda url=None, *, region=None: url or region)
    return stacks


def test_list_prints_queues_and_message_counts(sortie, connected) -> None:
    listed = sortie("dlq", "list", "--stack", "prod")
    as_json = sortie("dlq", "list", "--stack", "prod", "--json")

    assert listed.out.splitlines() == [
        "AgentDeadLetterQueue\t1",
        "StreamDeadLetterQueue\t1",
    ]
    assert json.loads(as_json.out)[0] == {"name": "AgentDeadLetterQueue", "messages": 1}


def test_redrive_success_exits_0(sortie, connected) -> None:
    result = sortie("dlq", "redrive", "AgentDeadLetterQueue", "--stack", "prod")

    assert result.code == 0
    assert result.out.startswith("AgentDeadLetterQueue: 1 ")
    assert result.err == "a message of AgentDeadLetterQueue\n"


def test_redrive_failure_exits_1_with_counts(sortie, connected) -> None:
    result = sortie("dlq", "redrive", "--all", "--stack", "prod", "--json")

    assert result.code == 1
    assert "a message of StreamDeadLetterQueue" in result.err
    assert json.loads(result.out) == [
        {"name": "AgentDeadLetterQueue", "redriven": 1, "failed": 0},
        {"name": "StreamDeadLetterQueue", "redriven": 0, "failed": 1},
    ]


def test_redrive_unknown_queue_exits_2_and_names_others(sortie, connected) -> None:
    result = sortie("dlq", "redrive", "None", "--stack", "prod")

    assert result.code == 2
    assert "AgentDeadLetterQueue, StreamDeadLetterQueue" in result.err


def test_stack_option_selects_aws_and_default_is_local(
    sortie, connected, monkeypatch, tmp_path
) -> None:
    (tmp_path / ".local").mkdir()
    local = {"baseUrl": "http://x", "stackName": "sortie", "awsEndpointUrl": "http://127.0.0.1:1"}
    (tmp_path / ".local/stack.json").write_text(json.dumps(local))
    monkeypatch.delenv("SORTIE_BASE_URL")

    sortie("dlq", "list")
    sortie("dlq", "list", "--stack", "prod", "--region", "us-east-1")
    monkeypatch.setenv("SORTIE_STACK", "dev")
    sortie("dlq", "list")

    assert connected == [("sortie", "http://127.0.0.1:1"), ("prod", "us-east-1"), ("dev", None)]


def test_missing_stack_exits_2_and_names_the_option(sortie, server) -> None:
    result = sortie("dlq", "list")

    assert result.code == 2
    assert "--stack" in result.err


def test_missing_boto3_exits_2_and_names_the_extra(sortie, server, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "sortie_client.dead_letters.aws", None)

    result = sortie("dlq", "list", "--stack", "s")

    assert (result.code, "pip install 'sortie-client[aws]'" in result.err) == (2, True)
