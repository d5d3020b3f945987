"""Watching missions, over real sockets."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from client.tests.answers import JOB_ID, token
from client.tests.conftest import SETTINGS
from sortie_client import (
    ConnectionFailedError,
    NotConfiguredError,
    PermissionDeniedError,
)


def state(of: str, **about) -> str:
    return json.dumps({"jobState": of, **about})


@pytest.fixture
def watch(both, sockets) -> Callable[[], list]:
    def watched() -> list:
        return both.stream(lambda s: s.missions.watch(JOB_ID), settings=sockets.settings)

    return watched


def test_a_mission_is_followed_to_its_end(watch, server, sockets) -> None:
    server.will(token("T1"))
    place = {"position": {"type": "Point", "coordinates": [9.97, 53.54, 40]}}
    sockets.messages = [
        [
            state("PENDING"),
            state("INPROGRESS", navigation=place, droneState="WAYPOINT", deviceId="dock-1"),
            state("COMPLETED"),
        ]
    ]

    seen = watch()

    assert [it.job_state for it in seen] == ["PENDING", "INPROGRESS", "COMPLETED"]
    assert (seen[1].drone_state, seen[1].device_id) == ("WAYPOINT", "dock-1")
    assert seen[1].navigation.position.coordinates == (9.97, 53.54, 40)
    assert sockets.asked == [f"/ws?token=T1&resourceId={JOB_ID}"]


@pytest.mark.parametrize("break_off", [False, True])
def test_a_connection_that_is_lost_is_made_again(watch, server, sockets, break_off) -> None:
    server.will(token())
    sockets.break_off = break_off
    sockets.messages = [[state("PENDING")], [], [state("INPROGRESS")], [state("FAILED")]]

    assert [it.job_state for it in watch()] == ["PENDING", "INPROGRESS", "FAILED"]


def test_one_that_tells_nothing_is_given_up(watch, server, sockets) -> None:
    server.will(token())
    sockets.messages = [[]] * 9

    with pytest.raises(ConnectionFailedError):
        watch()


def test_what_is_not_ones_own_is_refused(watch, server, sockets) -> None:
    server.will(token())

    with pytest.raises(PermissionDeniedError):
        watch()


def test_a_server_that_is_not_there_does_not_show_the_token(both, server) -> None:
    server.will(token("SECRET"))
    nowhere = replace(SETTINGS, websocket_url="ws://127.0.0.1:9/ws")

    with pytest.raises(ConnectionFailedError) as raised:
        both.stream(lambda s: s.missions.watch(JOB_ID), settings=nowhere)

    assert "SECRET" not in str(raised.value)


def test_without_the_package_it_says_what_to_install(both, server, monkeypatch) -> None:
    server.will(token())
    for name in ("websockets.sync.client", "websockets.asyncio.client"):
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(NotConfiguredError, match="pip install"):
        both.stream(lambda s: s.missions.watch(JOB_ID))
