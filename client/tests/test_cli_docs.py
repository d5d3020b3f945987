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

    assert (result.code, result.out) == (0, "The tides are in.\nNo such file\n")
    assert result.err.splitlines() == [
        f"job {JOB_ID} on branch docs-agent/tïdes",
        "→ write_file docs/a.md",
        "branch b https://git.example/pull/1",
    ]
    assert server.bodies[0] == {
        "messages": [{"role": "user", "content": "say Hi"}], "branch": "b", "asDraft": True
    }  # fmt: skip


def test_run_prints_which_notes_the_agent_has_read(sortie, server) -> None:
    files = [{"path": "AGENTS.md", "bytes": 9}, {"path": "x", "problem": "x is a symbolic link"}]
    notes = json.dumps({"type": "data-notes", "data": {"files": files}})
    server.will(stream(f"id: 1.1\ndata: {notes}\n\ndata: [DONE]\n\n".encode()), ok(DOCS_JOB))

    lines = sortie("docs", "run", "Hi").err.splitlines()

    assert lines[1:3] == ["notes AGENTS.md", "not read: x is a symbolic link"]


def test_run_json_prints_one_line_per_event(sortie, server) -> None:
    server.will(transcript(), ok(DOCS_JOB))

    lines = [json.loads(line) for line in sortie("docs", "run", "Hi", "--json").out.splitlines()]

    assert lines[0] == {
        "id": None, "type": "opened", "jobId": JOB_ID, "branch": "docs-agent/tïdes"
    }  # fmt: skip
    assert [line["type"] for line in lines[1:3]] == ["text-delta", "text-delta"]


def test_watch_prints_the_job_from_its_start(sortie, server) -> None:
    server.will(transcript(), ok(DOCS_JOB))

    assert (
        sortie("docs", "watch", JOB_ID, "--project", "p").out == "The tides are in.\nNo such file\n"
    )
    assert server.paths == [
        f"GET /v1/agent/p/job/{JOB_ID}/stream",
        f"GET /v1/agent/p/job/{JOB_ID}",
    ]


def test_run_failed_job_exits_1_with_its_message(sortie, server) -> None:
    server.will(transcript(), ok(DOCS_JOB | {"haultReason": "error"}))

    result = sortie("docs", "run", "Hi")

    assert result.code == 1
    assert result.err.endswith("No such file\n")


def test_list_prints_one_line_per_job(sortie, server) -> None:
    server.will(ok({"allSessions": [DOCS_JOB]}))

    columns = sortie("docs", "list", "--limit", "5").out.rstrip("\n").split("\t")

    assert (columns[0], columns[1], columns[3:]) == (JOB_ID, "completed", ["b", "Tides"])
    assert server.paths == ["GET /v1/agent/handbook/jobs?skip=0&take=5"]


def test_show_prints_todos_and_the_whole_message(sortie, server) -> None:
    message = "All is done. " * 50
    server.will(ok(DOCS_JOB | {"messageToUser": message}))

    out = sortie("docs", "show", JOB_ID).out

    assert "todo\t✓ Write\n" in out
    assert f"message\t{message.strip()}\n" in out


def test_show_prints_the_tokens(sortie, server) -> None:
    server.will(ok(DOCS_JOB | {"usage": {"inputTokens": 1200, "outputTokens": 34}}))

    assert "tokens\t1200 in, 34 out\n" in sortie("docs", "show", JOB_ID).out


def test_cancel_prints_the_outcome(sortie, server) -> None:
    job = {
        "id": JOB_ID, "status": "failed", "model": "", "createdAt": DOCS_JOB["createdAt"],
        "source": {"repository": "r"}, "error": "The job was cancelled",
    }  # fmt: skip
    server.will(ok(job), ok(job))

    result, as_json = sortie("docs", "cancel", JOB_ID), sortie("docs", "cancel", JOB_ID, "--json")

    assert (result.code, result.out) == (0, f"{JOB_ID}: The job was cancelled\n")
    assert json.loads(as_json.out) == job
    assert server.paths[0] == f"POST /v2/agent/handbook/job/{JOB_ID}/cancel"


def test_reply_waits_for_the_agents_next_message(sortie, server) -> None:
    job: dict[str, object] = {
        "id": JOB_ID,
        "status": "active",
        "model": "",
        "createdAt": DOCS_JOB["createdAt"],
    }
    job["source"] = {"repository": "r"}
    server.will(ok(job), ok(job | {"status": "completed"}), ok(DOCS_JOB))

    result = sortie("docs", "reply", JOB_ID, "Shorter")

    assert (result.code, result.out) == (0, "No such file\n")
    assert server.paths[0] == f"POST /v2/agent/handbook/job/{JOB_ID}/message"
    assert server.bodies == [{"prompt": "Shorter"}]


def test_message_at_the_end_is_printed_whole_and_once(sortie, server) -> None:
    finish = {"type": "tool-input-available", "toolName": "finish", "input": {"message": "x" * 99}}
    events = stream(f"id: 1.1\ndata: {json.dumps(finish)}\n\ndata: [DONE]\n\n".encode())
    said = transcript()
    server.will(events, ok(DOCS_JOB | {"messageToUser": "x" * 99}))
    unchanged = {"messageToUser": "The tides are in.\n\nNo file was changed.", "branch": ""}
    server.will(said, ok(DOCS_JOB | unchanged))

    first, second = sortie("docs", "run", "Hi"), sortie("docs", "run", "Hi")

    assert first.out == f"{'x' * 99}\n"
    assert "finish" not in first.err
    assert second.out == "The tides are in.\n"
    assert second.err.endswith("No file was changed.\n")
