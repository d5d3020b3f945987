"""`sortie missions`."""

import json

import pytest
import typer

from client.tests.conftest import Result
from client.tests.responses import JOB_ID, NOON, mission, ok, token
from sortie_client.cli.options import parse_object, parse_time


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


def test_list_prints_one_line_per_mission(sortie, server) -> None:
    page = {"jobs": [mission("QUEUED")], "count": 1, "nextCursor": "c2"}
    server.will(token(), ok(page))

    result = sortie("missions", "list", "--status", "QUEUED")

    columns = result.out.rstrip("\n").split("\t")
    assert (columns[0], columns[1], columns[3]) == (JOB_ID, "QUEUED", "Round")
    assert "--cursor c2" in result.err


def test_get_prints_why_a_mission_failed(sortie, server) -> None:
    server.will(token(), ok({"job": mission("FAILED", error="Wind", deviceId="dock-1")}))

    out = sortie("missions", "get", JOB_ID).out

    for line in ("status\tFAILED", "drone\tdock-1", "error\tWind"):
        assert f"{line}\n" in out


def test_cancel_prints_the_status(sortie, server) -> None:
    server.will(token(), ok({"success": True}), ok({"job": mission("CANCELLED")}))

    assert sortie("missions", "cancel", JOB_ID).out == f"{JOB_ID}: CANCELLED\n"


def test_drones_and_plans_print_what_can_fly(sortie, server) -> None:
    drone = {"deviceId": "dock-1", "name": "Quay dock", "status": "busy"}
    group = {"deviceGroupId": "quay", "name": "Quay", "deviceCount": 1, "devices": [drone]}
    plan = {"missionId": "round", "name": "Round", "waypoints": [[9.9, 53.5, 40]] * 3}
    server.will(token(), ok({"resources": [group]}), ok({"missions": [plan], "count": 1}))

    assert sortie("missions", "drones").out == "quay\tdock-1\tbusy\tQuay dock\n"
    assert sortie("missions", "plans").out == "round\t3\tRound\n"


def test_share_prints_the_link(sortie, server) -> None:
    link = {"shareCode": "abc", "shareUrl": "https://x/tracking?share=abc", "expiresAt": NOON}
    server.will(token(), ok({"share": link}, 201))

    result = sortie("missions", "share", "quay", "--of", "group", "--hours", "0.5")

    assert result.out == "https://x/tracking?share=abc\n"
    assert "abc" in result.err
    shared = {"resourceId": "quay", "shareType": "DEVICE_STATUS", "expiresIn": 1800}
    assert server.bodies[1] == {**shared, "permissions": ["view"]}


def test_parse_time_without_offset_is_local() -> None:
    assert parse_time("2026-01-01T12:00:00+02:00").isoformat() == "2026-01-01T12:00:00+02:00"
    assert parse_time("2026-01-01T12:00:00").tzinfo is not None


def test_parse_object_list_is_refused() -> None:
    with pytest.raises(typer.BadParameter):
        parse_object("[]")
