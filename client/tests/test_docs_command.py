"""`sortie docs`, as programs meet it."""

import json

from client.tests.answers import JOB_ID, SESSION, events, ok


def stream():
    parts = [
        {"type": "text-delta", "delta": "The tides "},
        {"type": "text-delta", "delta": "are in.\n"},
        {"type": "tool-input-available", "toolName": "write_file", "input": {"path": "docs/a.md"}},
    ]
    pieces = [f"id: 1.{n}\ndata: {json.dumps(part)}\n\n" for n, part in enumerate(parts, start=1)]
    return events("".join(pieces).encode(), b"data: [DONE]\n\n")


def test_an_agents_words_are_the_output_and_its_deeds_are_notes(sortie, server) -> None:
    server.will(stream(), ok(SESSION))

    ran = sortie("docs", "run", "-", "--branch", "b", "--draft", reading="say Hi")

    assert (ran.code, ran.out) == (0, "The tides are in.\n")
    assert ran.err.splitlines() == [
        f"job {JOB_ID} on branch docs-agent/tïdes",
        "→ write_file docs/a.md",
        "branch b https://git.example/pull/1",
    ]
    assert server.bodies[0] == {
        "messages": [{"role": "user", "content": "say Hi"}], "branch": "b", "asDraft": True
    }  # fmt: skip


def test_a_run_as_json_is_a_line_for_each_event(sortie, server) -> None:
    server.will(stream(), ok(SESSION))

    lines = [json.loads(line) for line in sortie("docs", "run", "Hi", "--json").out.splitlines()]

    assert lines[0] == {
        "id": None, "type": "opened", "jobId": JOB_ID, "branch": "docs-agent/tïdes"
    }  # fmt: skip
    assert [line["type"] for line in lines[1:3]] == ["text-delta", "text-delta"]


def test_a_run_can_be_watched_later(sortie, server) -> None:
    server.will(stream(), ok(SESSION))

    assert sortie("docs", "watch", JOB_ID, "--project", "p").out == "The tides are in.\n"
    assert server.paths == [
        f"GET /v1/agent/p/job/{JOB_ID}/stream",
        f"GET /v1/agent/p/job/{JOB_ID}",
    ]


def test_a_run_that_fails_exits_1_and_says_why(sortie, server) -> None:
    server.will(stream(), ok(SESSION | {"haultReason": "error"}))

    ran = sortie("docs", "run", "Hi")

    assert ran.code == 1
    assert ran.err.endswith("No such file\n")
