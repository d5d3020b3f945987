"""What the command line says to programs, and with what it exits."""

import json
import sys

import pytest

from client.tests.answers import (
    JOB_ID,
    created,
    job,
    mission,
    ok,
    refused,
    token,
)
from client.tests.conftest import Ran
from sortie_client import cli
from sortie_client.cli.missions import mapping, moment


def test_an_answer_is_all_that_is_printed(sortie, server) -> None:
    server.will(created(), ok(job("processing")), ok(job()))

    assert sortie("ask", "Anybody?") == Ran(0, "Yes.\n", "")
    assert server.bodies[0]["content"] == "Anybody?"


def test_who_asks_is_the_same_each_time(sortie, server) -> None:
    server.will(created(), ok(job()), created(), ok(job()))

    sortie("ask", "One")
    sortie("ask", "Two")

    first, second = (body["userId"] for body in server.bodies)
    assert first == second


def test_what_to_ask_may_come_from_a_pipe(sortie, server) -> None:
    server.will(created(), ok(job()))

    sortie("ask", "-", "--timeout", "2.5", reading="Anybody?")

    assert (server.bodies[0]["content"], server.bodies[0]["timeoutMs"]) == ("Anybody?", 2500)


def test_json_is_what_the_server_said(sortie, server) -> None:
    server.will(created(), ok(job()))

    assert json.loads(sortie("ask", "Hi", "--json").out) == job()


def test_a_job_that_fails_exits_1_and_says_why(sortie, server) -> None:
    server.will(created(), ok(job("failed", error="The agent is out")))

    assert sortie("ask", "Hi") == Ran(1, "", "The agent is out\n")


def test_an_agent_may_be_named(sortie, server) -> None:
    agents = ok({"data": {"agents": [{"id": "7", "name": "Far echo", "status": "active"}]}})
    server.will(agents, created(), ok(job()), agents)

    sortie("ask", "Hi", "--agent", "far Echo")
    nobody = sortie("ask", "Hi", "--agent", "Nobody")

    assert server.bodies[0]["agentId"] == "7"
    assert (nobody.code, nobody.err) == (2, "There is no agent Nobody; there are Far echo\n")


def test_jobs_are_lines_of_columns(sortie, server) -> None:
    server.will(ok({"jobs": [job(prompt="One\ttwo\nthree")], "total": 1, "filtered": 1}))

    listed = sortie("jobs", "list", "--status", "completed", "--limit", "5")

    columns = listed.out.rstrip("\n").split("\t")
    assert (columns[0], columns[1], columns[3]) == (JOB_ID, "completed", "One two three")
    assert server.paths == ["GET /api/messaging/jobs?limit=5&status=completed"]


def test_a_job_is_shown_watched_and_cancelled(sortie, server) -> None:
    server.will(ok(job()), ok(job()), ok(job("failed", error="Job cancelled")))

    assert "answer\tYes." in sortie("jobs", "get", JOB_ID).out
    assert sortie("jobs", "watch", JOB_ID).out == "Yes.\n"
    assert sortie("jobs", "cancel", JOB_ID).out == f"{JOB_ID}: Job cancelled\n"


def test_health(sortie, server) -> None:
    counts = {"pending": 1, "processing": 0, "completed": 2, "failed": 1, "timeout": 0}
    rates = {"successRate": 0.67, "failureRate": 0.33, "timeoutRate": 0}
    said = {
        "healthy": True, "timestamp": 1, "totalJobs": 4, "statusCounts": counts,
        "metrics": {"averageProcessingTimeMs": 12, **rates}, "maxJobs": 10_000,
    }  # fmt: skip
    server.will(ok(said), ok(said))

    assert "completed\t2\n" in sortie("health").out
    assert json.loads(sortie("health", "--json").out) == said


@pytest.mark.parametrize(
    ("answer", "code", "advice"),
    [
        (refused(401, "Unauthorized"), 3, "Is the key right?"),
        (refused(404, "Job not found", "JOB_NOT_FOUND"), 3, "JOB_NOT_FOUND"),
        (refused(402, "Pay"), 3, "only programs"),
        (refused(429, "Too many", **{"Retry-After": "99"}), 4, "Try again in 99 s."),
        (ok([]), 4, "should be an object"),
    ],
)
def test_what_goes_wrong_is_explained(sortie, server, answer, code, advice) -> None:
    server.will(answer)

    ran = sortie("jobs", "get", JOB_ID)

    assert (ran.code, ran.out) == (code, "")
    assert advice in ran.err


def test_a_server_that_is_not_there_is_explained(sortie, server, monkeypatch) -> None:
    monkeypatch.setenv("SORTIE_BASE_URL", "http://127.0.0.1:9")

    ran = sortie("jobs", "get", JOB_ID)

    assert ran.code == 4
    assert "SORTIE_BASE_URL" in ran.err


def test_without_a_server_it_says_how_to_name_one(sortie, server, monkeypatch) -> None:
    monkeypatch.delenv("SORTIE_BASE_URL")

    ran = sortie("health")

    assert ran.code == 2
    assert "make up" in ran.err


@pytest.mark.parametrize(
    "wrong", [["jobs", "lst"], ["ask"], ["jobs", "list", "--limit", "0"], ["dlq", "redrive"]]
)
def test_a_wrong_call_exits_2(sortie, server, wrong) -> None:
    assert sortie(*wrong).code == 2


def test_a_mission_is_asked_for(sortie, server) -> None:
    server.will(token(), ok({"job": mission()}, 201))

    ran = sortie(
        "missions", "fly", "round", "--group", "harbour", "--at", "2026-01-01T12:00:00Z",
        "--metadata", '{"simulate": {"speed": "fast"}}', "--priority", "9", "--no-watch",
    )  # fmt: skip

    assert ran == Ran(0, f"{JOB_ID}\n", "")
    assert server.bodies[1] == {
        "name": "round",
        "deviceGroupId": "harbour",
        "missionId": "round",
        "priority": 9,
        "scheduledAt": "2026-01-01T12:00:00+00:00",
        "metadata": {"simulate": {"speed": "fast"}},
    }


def test_which_drones_must_be_said_where_there_are_several_groups(sortie, server) -> None:
    groups = [
        {"deviceGroupId": name, "name": name, "deviceCount": 0, "devices": []} for name in "ab"
    ]
    server.will(token(), ok({"resources": groups}))

    ran = sortie("missions", "fly", "round")

    assert (ran.code, ran.err) == (2, "Say which drones, with --group: a, b\n")


def test_a_flight_is_a_line_for_each_sighting(sortie, server, sockets) -> None:
    position = {"type": "Point", "coordinates": [9.97, 53.54, 40]}
    velocity = {"groundSpeed": 12, "verticalSpeed": 0}
    flying = {
        "jobState": "INPROGRESS", "deviceId": "dock-1", "droneState": "WAYPOINT",
        "navigation": {"position": position, "velocity": velocity},
    }  # fmt: skip
    sockets.messages = [[json.dumps(flying), '{"jobState": "COMPLETED"}']]
    server.will(token(), ok({"job": mission("COMPLETED")}))

    ran = sortie("missions", "watch", JOB_ID)

    assert ran.out.splitlines() == [
        "INPROGRESS\tdock-1\tWAYPOINT\t-\t9.97000 53.54000\t40 m\t12.0 m/s",
        "COMPLETED\t-\t-\t-\t-\t-\t-",
    ]


def test_a_flight_that_fails_exits_1_and_says_why(sortie, server, sockets) -> None:
    sockets.messages = [['{"jobState": "FAILED"}']]
    server.will(token(), ok({"job": mission("FAILED", error="The device fell silent")}))

    ran = sortie("missions", "watch", JOB_ID, "--json")

    assert (ran.code, ran.out) == (1, '{"jobState": "FAILED"}\n')
    assert "The device fell silent" in ran.err


def test_times_and_metadata() -> None:
    assert moment("2026-01-01T12:00:00+02:00").isoformat() == "2026-01-01T12:00:00+02:00"
    assert moment("2026-01-01T12:00:00").tzinfo is not None
    with pytest.raises(Exception, match="no JSON object"):
        mapping("[]")


def test_without_its_extra_the_command_line_says_what_to_install(monkeypatch, capsys) -> None:
    monkeypatch.delitem(sys.modules, "sortie_client.cli.app")
    monkeypatch.setitem(sys.modules, "typer", None)
    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == 2
    assert "pip install 'sortie-client[cli]'" in capsys.readouterr().err
