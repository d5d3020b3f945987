"""`sortie dlq`, without AWS."""

import json
import sys

import pytest

from client.tests.conftest import Ran
from sortie_client import dead_letters
from sortie_client.dead_letters import DeadLetterQueue, Redriven

AGENTS, STREAM = (
    DeadLetterQueue(f"{name}DeadLetterQueue", name, 1) for name in ("Agent", "Stream")
)


class Letters:
    """A stack with two queues; what came from agents can be sent on, what Lambda noted cannot."""

    def queues(self) -> list[DeadLetterQueue]:
        return [AGENTS, STREAM]

    def redrive(self, queue: DeadLetterQueue) -> list[Redriven]:
        return [Redriven(went=queue is AGENTS, text=f"a letter of {queue.name}")]


@pytest.fixture
def asked(monkeypatch) -> list[tuple[str, str | None]]:
    """Which stack was looked at, and at which address that is not AWS's."""
    seen: list[tuple[str, str | None]] = []

    def look(stack: str, address: str | None) -> Letters:
        seen.append((stack, address))
        return Letters()

    monkeypatch.setattr(dead_letters, "DeadLetters", look)
    monkeypatch.setattr(dead_letters, "clients", lambda endpoint_url=None: endpoint_url)
    return seen


def test_queues_are_listed_with_what_they_hold(sortie, asked) -> None:
    listed = sortie("dlq", "list", "--stack", "prod")
    as_json = sortie("dlq", "list", "--stack", "prod", "--json")

    assert listed.out.splitlines() == [
        "AgentDeadLetterQueue\t1",
        "StreamDeadLetterQueue\t1",
    ]
    assert json.loads(as_json.out)[0] == {"name": "AgentDeadLetterQueue", "messages": 1}


def test_what_goes_is_told_and_exits_0(sortie, asked) -> None:
    assert sortie("dlq", "redrive", "AgentDeadLetterQueue", "--stack", "prod") == Ran(
        0,
        "AgentDeadLetterQueue: 1 sent once more, 0 kept\n",
        "a letter of AgentDeadLetterQueue\n",
    )


def test_what_stays_is_told_and_exits_1(sortie, asked) -> None:
    ran = sortie("dlq", "redrive", "--all", "--stack", "prod", "--json")

    assert (ran.code, ran.err.splitlines()[-1]) == (1, "kept: a letter of StreamDeadLetterQueue")
    assert json.loads(ran.out) == [
        {"name": "AgentDeadLetterQueue", "sent": 1, "kept": 0},
        {"name": "StreamDeadLetterQueue", "sent": 0, "kept": 1},
    ]


def test_a_queue_that_is_not_there_is_not_looked_for(sortie, asked) -> None:
    ran = sortie("dlq", "redrive", "None", "--stack", "prod")

    assert ran.code == 2
    assert "there are AgentDeadLetterQueue, StreamDeadLetterQueue" in ran.err


def test_a_stack_that_is_named_is_in_aws_and_else_it_is_the_one_that_runs_here(
    sortie, asked, monkeypatch, tmp_path
) -> None:
    (tmp_path / ".local").mkdir()
    here = {"baseUrl": "http://x", "stackName": "sortie", "awsEndpointUrl": "http://127.0.0.1:1"}
    (tmp_path / ".local/stack.json").write_text(json.dumps(here))
    monkeypatch.delenv("SORTIE_BASE_URL")

    sortie("dlq", "list")
    sortie("dlq", "list", "--stack", "prod")
    monkeypatch.setenv("SORTIE_STACK", "dev")
    sortie("dlq", "list")

    assert asked == [("sortie", "http://127.0.0.1:1"), ("prod", None), ("dev", None)]


def test_queues_without_a_stack_say_so(sortie, server) -> None:
    ran = sortie("dlq", "list")

    assert (ran.code, ran.err) == (2, "Say which stack: --stack, or SORTIE_STACK\n")


def test_without_boto3_queues_say_what_to_install(sortie, server, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "sortie_client.dead_letters", None)

    ran = sortie("dlq", "list", "--stack", "s")

    assert (ran.code, "pip install 'sortie-client[aws]'" in ran.err) == (2, True)
