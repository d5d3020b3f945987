"""Live tracking of missions over real WebSocket connections."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from client.tests.conftest import SETTINGS
from client.tests.responses import JOB_ID, token
from sortie_client import ConnectionFailedError, NotConfiguredError, PermissionDeniedError


def update(state: str, **fields) -> str:
    return json.dumps({"jobState": state, **fields})


@pytest.fixture
def watch(caller, websockets) -> Callable[[], list]:
    def watch() -> list:
        return caller.collect(lambda s: s.missions.watch(JOB_ID), settings=websockets.settings)

    return watch


def test_watch_yields_updates_until_the_mission_ends(watch, server, websockets) -> None:
    server.will(token("T1"))
    place = {"position": {"type": "Point", "coordinates": [9.97, 53.54, 40]}}
    websockets.messages = [
        [
            update("PENDING"),
            update("INPROGRESS", navigation=place, droneState="WAYPOINT", deviceId="dock-1"),
            update("COMPLETED"),
        ]
    ]

    updates = watch()

    assert [it.job_state for it in updates] == ["PENDING", "INPROGRESS", "COMPLETED"]
    assert (updates[1].drone_state, updates[1].device_id) == ("WAYPOINT", "dock-1")
    assert updates[1].navigation.position.coordinates == (9.97, 53.54, 40)
    assert websockets.paths == [f"/ws?token=T1&resourceId={JOB_ID}"]


@pytest.mark.parametrize("break_off", [False, True], ids=["closed", "broken"])
def test_watch_lost_connection_is_reconnected(watch, server, websockets, break_off) -> None:
    server.will(token())
    websockets.break_off = break_off
    websockets.messages = [[update("PENDING")], [], [update("INPROGRESS")], [update("FAILED")]]

    assert [it.job_state for it in watch()] == ["PENDING", "INPROGRESS", "FAILED"]


def test_watch_connections_without_updates_are_given_up(watch, server, websockets) -> None:
    server.will(token())
    websockets.messages = [[]] * 9

    with pytest.raises(ConnectionFailedError):
        watch()


def test_watch_refused_connection_raises(watch, server) -> None:
    server.will(token())

    with pytest.raises(PermissionDeniedError):
        watch()


def test_watch_kept_token_that_is_refused_is_replaced(caller, server, websockets, tmp_path) -> None:
    settings = replace(websockets.settings, token_file=tmp_path / "tokens.json")
    server.will(token("T1"), token("T2"))
    caller.call(lambda s: s.missions.get_token(), settings=settings)
    websockets.refusals, websockets.messages = 1, [[update("COMPLETED")]]

    caller.collect(lambda s: s.missions.watch(JOB_ID), settings=settings)

    assert websockets.paths == [f"/ws?token=T2&resourceId={JOB_ID}"]


def test_watch_unreachable_server_hides_the_token(caller, server) -> None:
    server.will(token("SECRET"))
    unreachable = replace(SETTINGS, websocket_url="ws://127.0.0.1:9/ws")

    with pytest.raises(ConnectionFailedError) as raised:
        caller.collect(lambda s: s.missions.watch(JOB_ID), settings=unreachable)

    assert "SECRET" not in str(raised.value)


def test_watch_without_its_extra_names_the_package(caller, server, monkeypatch) -> None:
    server.will(token())
    for name in ("websockets.sync.client", "websockets.asyncio.client"):
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(NotConfiguredError, match="pip install"):
        caller.collect(lambda s: s.missions.watch(JOB_ID))
