"""`sortie ask`, `sortie jobs` and `sortie health`."""

import json

from client.tests.conftest import Result
from client.tests.responses import DONE, JOB_ID, JOBS_HEALTH, chunk, created, job, ok, reply, stream


def test_ask_prints_only_the_reply(sortie, server) -> None:
    server.will(created(), reply("Y", "es."))

    assert sortie("ask", "Anybody?") == Result(0, "Yes.\n", "")
    assert server.bodies[0]["content"] == "Anybody?"
    assert server.paths[1] == f"GET /api/messaging/jobs/{JOB_ID}/stream"


def test_ask_of_a_restarted_agent_prints_the_last_reply(sortie, server) -> None:
    restarted = chunk("1.2", type="data-restarted", data={})
    parts = [chunk("1.1", type="text-delta", delta="Void"), restarted]
    server.will(created(), stream(*parts, chunk("2.1", type="text-delta", delta="Yes."), DONE))

    assert sortie("ask", "Anybody?") == Result(0, "Yes.\n", "")


def test_ask_default_user_is_stable(sortie, server) -> None:
    server.will(created(), reply("Yes."), created(), reply("Yes."))

    sortie("ask", "One")
    sortie("ask", "Two")

    first, second = (body["userId"] for body in server.bodies)
    assert first == second


def test_ask_waits_by_the_request_itself(sortie, server) -> None:
    server.will(ok(job()))

    result = sortie("ask", "Anybody?", "--metadata", '{"ticket": 7}', "--json")

    assert json.loads(result.out) == job()
    assert server.headers("Prefer") == ["wait=20"]
    assert server.bodies[0]["metadata"] == {"ticket": 7}


def test_ask_without_waiting_prints_the_id(sortie, server) -> None:
    server.will(created())

    assert sortie("ask", "Anybody?", "--no-wait") == Result(0, f"{JOB_ID}\n", "")
    assert server.headers("Prefer") == [None]


def test_agents_prints_one_line_per_agent(sortie, server) -> None:
    agent = {"id": "7", "name": "Far echo", "status": "active", "bio": "Repeats."}
    server.will(ok({"data": {"agents": [agent]}}))

    assert sortie("agents").out == "7\tFar echo\tactive\tRepeats.\n"


def test_ask_dash_reads_standard_input(sortie, server) -> None:
    server.will(created(), reply("Yes."))

    sortie("ask", "-", "--timeout", "2.5", stdin="Anybody?")

    assert (server.bodies[0]["content"], server.bodies[0]["timeoutMs"]) == ("Anybody?", 2500)


def test_ask_json_prints_the_servers_response(sortie, server) -> None:
    server.will(created(), ok(job()))

    assert json.loads(sortie("ask", "Hi", "--json").out) == job()


def test_ask_failed_job_exits_1_with_its_error(sortie, server) -> None:
    server.will(created(), reply(error="The agent is out"))

    assert sortie("ask", "Hi") == Result(1, "", "The agent is out\n")


def test_ask_agent_name_is_resolved(sortie, server) -> None:
    agents = ok({"data": {"agents": [{"id": "7", "name": "Far echo", "status": "active"}]}})
    server.will(agents, created(), reply("Yes."), agents)

    sortie("ask", "Hi", "--agent", "far Echo")
    unknown = sortie("ask", "Hi", "--agent", "Nobody")

    assert server.bodies[0]["agentId"] == "7"
    assert unknown.code == 2
    assert "Far echo" in unknown.err


def test_jobs_list_prints_columns_separated_by_tabs(sortie, server) -> None:
    server.will(ok({"jobs": [job(prompt="One\ttwo\nthree")], "total": 1, "filtered": 1}))

    result = sortie("jobs", "list", "--status", "completed", "--limit", "5")

    columns = result.out.rstrip("\n").split("\t")
    assert (columns[0], columns[1], columns[3]) == (JOB_ID, "completed", "One two three")
    assert server.paths == ["GET /api/messaging/jobs?limit=5&status=completed"]
    assert result.err == ""


def test_jobs_list_cursor_continues_the_page_before(sortie, server) -> None:
    page = {"jobs": [job()], "total": 2, "filtered": 1}
    server.will(ok(page | {"nextCursor": "c2"}), ok(page))

    first = sortie("jobs", "list", "--limit", "1")
    second = sortie("jobs", "list", "--limit", "1", "--cursor", "c2")

    assert "--cursor c2" in first.err
    assert server.paths[1] == "GET /api/messaging/jobs?limit=1&cursor=c2"
    assert (second.code, second.err) == (0, "")


def test_jobs_get_watch_and_cancel_print_the_job(sortie, server) -> None:
    server.will(ok(job()), ok(job()), ok(job("failed", error="Job cancelled")))

    assert "reply\tYes." in sortie("jobs", "get", JOB_ID).out
    assert sortie("jobs", "watch", JOB_ID).out == "Yes.\n"
    assert sortie("jobs", "cancel", JOB_ID).out == f"{JOB_ID}: Job cancelled\n"


def test_health_prints_counts_or_json(sortie, server) -> None:
    server.will(ok(JOBS_HEALTH), ok(JOBS_HEALTH))

    assert "completed\t2\n" in sortie("health").out
    assert json.loads(sortie("health", "--json").out) == JOBS_HEALTH
