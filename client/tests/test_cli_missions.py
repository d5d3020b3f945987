"""`sortie missions`."""

import json

import pytest
import typer

from client.tests.conftest import Result
from client.tests.responses import JOB_ID, mission, ok, token
from sortie_client.cli.missions import parse_object, parse_time


def test_fly_sends_its_options(sortie, server) -> None:
    server.will(token(), ok({"job": mission()}, 201))

    result = sortie(
        "missions", "fly", "round", "--group", "harbour", "--at", "2026-01-01T12:00:00Z",
        "--metadata", '{"simulate": {"speed": "fast"}}', "--priority", "9", "--no-watch",
    )  # fmt: skip

    assert result == Result(0, f"{JOB_ID}\n", "")
    assert server.bodies[1] == {
        "name": "round",
        "deviceGroupId": "harbour",
        "missionId": "round",
        "priority": 9,
        "scheduledAt": "2026-01-01T12:00:00+00:00",
        "metadata": {"simulate": {"speed": "fast"}},
    }


def test_fly_several_groups_exits_2_and_names_them(sortie, server) -> None:
    groups = [
        {"deviceGroupId": name, "name": name, "deviceCount": 0, "devices": []}
        for name in ("harbour", "quarry")
    ]
    server.will(token(), ok({"resources": groups}))

    result = sortie("missions", "fly", "round")

    assert result.code == 2
    assert "harbour, quarry" in result.err


def test_watch_prints_one_line_per_update(sortie, server, tracking) -> None:
    position = {"type": "Point", "coordinates": [9.97, 53.54, 40]}
    velocity = {"groundSpeed": 12, "verticalSpeed": 0}
    flying = {
        "jobState": "INPROGRESS", "deviceId": "dock-1", "droneState": "WAYPOINT",
        "navigation": {"position": position, "velocity": velocity},
    }  # fmt: skip
    tracking.messages = [[json.dumps(flying), '{"jobState": "COMPLETED"}']]
    server.will(token(), ok({"job": mission("COMPLETED")}))

    result = sortie("missions", "watch", JOB_ID)

    assert result.out.splitlines() == [
        "INPROGRESS\tdock-1\tWAYPOINT\t-\t9.97000 53.54000\t40 m\t12.0 m/s",
        "COMPLETED\t-\t-\t-\t-\t-\t-",
    ]


def test_watch_failed_mission_exits_1_with_its_error(sortie, server, tracking) -> None:
    tracking.messages = [['{"jobState": "FAILED"}']]
    server.will(token(), ok({"job": mission("FAILED", error="The device fell silent")}))

    result = sortie("missions", "watch", JOB_ID, "--json")

    assert (result.code, result.out) == (1, '{"jobState": "FAILED"}\n')
    assert "The device fell silent" in result.err


def test_parse_time_without_offset_is_local() -> None:
    assert parse_time("2026-01-01T12:00:00+02:00").isoformat() == "2026-01-01T12:00:00+02:00"
    assert parse_time("2026-01-01T12:00:00").tzinfo is not None


def test_parse_object_list_is_refused() -> None:
    with pytest.raises(typer.BadParameter):
        parse_object("[]")
