"""`sortie docs`."""

import json

from client.tests.responses import DOCS_JOB, JOB_ID, ok, stream


def transcript():
    parts = [
        {"type": "text-delta", "delta": "The tides "},
        {"type": "text-delta", "delta": "are in.\n"},
        {"type": "tool-input-available", "toolName": "write_file", "input": {"path": "docs/a.md"}},
    ]
    events = [f"id: 1.{n}\ndata: {json.dumps(part)}\n\n" for n, part in enumerate(parts, start=1)]
    return stream("".join(events).encode(), b"data: [DONE]\n\n")


def test_run_prints_text_and_notes_tool_calls(sortie, server) -> None:
    server.will(transcript(), ok(DOCS_JOB))

    result = sortie("docs", "run", "-", "--branch", "b", "--draft", stdin="say Hi")

    assert (result.code, result.out) == (0, "The tides are in.\n")
    assert result.err.splitlines() == [
        f"job {JOB_ID} on branch docs-agent/tïdes",
        "→ write_file docs/a.md",
        "branch b https://git.example/pull/1",
    ]
    assert server.bodies[0] == {
        "messages": [{"role": "user", "content": "say Hi"}], "branch": "b", "asDraft": True
    }  # fmt: skip


def test_run_json_prints_one_line_per_event(sortie, server) -> None:
    server.will(transcript(), ok(DOCS_JOB))

    lines = [json.loads(line) for line in sortie("docs", "run", "Hi", "--json").out.splitlines()]

    assert lines[0] == {
        "id": None, "type": "opened", "jobId": JOB_ID, "branch": "docs-agent/tïdes"
    }  # fmt: skip
    assert [line["type"] for line in lines[1:3]] == ["text-delta", "text-delta"]


def test_watch_prints_the_job_from_its_start(sortie, server) -> None:
    server.will(transcript(), ok(DOCS_JOB))

    assert sortie("docs", "watch", JOB_ID, "--project", "p").out == "The tides are in.\n"
    assert server.paths == [
        f"GET /v1/agent/p/job/{JOB_ID}/stream",
        f"GET /v1/agent/p/job/{JOB_ID}",
    ]


def test_run_failed_job_exits_1_with_its_message(sortie, server) -> None:
    server.will(transcript(), ok(DOCS_JOB | {"haultReason": "error"}))

    result = sortie("docs", "run", "Hi")

    assert result.code == 1
    assert result.err.endswith("No such file\n")
