"""Mission table's stream: initial states, timers, and removed shares."""

import json

import pytest

from jobs.kit.errors import RefusedError, UnavailableError
from jobs.tracking.connection import Connection
from jobs.tracking.resource import Resource, ResourceKind
from tests.handlers.tracking.conftest import CODE
from tests.support import HOUR, NOON

HARBOUR = Resource(tenant="demo", kind=ResourceKind.GROUP, id="harbour")


@pytest.fixture
def track(invoke, event, watching):
    """Have the worker process one record of its event, or all."""

    def see(number: int | None = None):
        records = event("workers/track_connections")["Records"]
        chosen = records if number is None else [records[number]]
        return invoke("workers/track_connections", {"Records": chosen})

    return see


@pytest.fixture
def connection(event, watching) -> Connection:
    """The connection of the example event, stored and open."""
    record = event("workers/track_connections")["Records"][1]
    made = Connection(
        id=record["dynamodb"]["Keys"]["SK"]["S"].removeprefix("CONN#"),
        resource=HARBOUR,
        until=NOON + HOUR,
    )
    watching.connections.add(made)
    watching.sockets.open(made.id)
    return made


def test_new_share_starts_timer(track, watching, share) -> None:
    assert track(0) == {"batchItemFailures": []}

    [expiring] = watching.expiring
    assert (expiring.id, expiring.expires_at) == (share.id, share.expires_at)


def test_new_connection_gets_current_state(track, watching, online, connection) -> None:
    online("dock-1")

    track(1)

    first, second = watching.sockets.posted[connection.id]
    assert (first["deviceId"], first["droneState"]) == ("dock-1", "DOCKED")
    assert (second["deviceId"], "droneState" in second) == ("dock-2", False)
    assert [each.id for each in watching.refreshes.scheduled] == [connection.id]


def test_connection_is_refreshed_with_its_state(invoke, watching, connection) -> None:
    assert invoke("workers/refresh_connection") == {"batchItemFailures": []}

    [message] = watching.sockets.posted[connection.id]
    assert message["deviceId"] == "dock-1"
    assert watching.refreshes.scheduled == [connection]


def test_failed_refresh_is_reported_for_retry(invoke, event, watching, connection) -> None:
    watching.sockets.failing.add(connection.id)
    [record] = event("workers/refresh_connection")["Records"]

    answer = invoke("workers/refresh_connection")

    assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}


def test_removed_share_closes_its_connections(track, watching, share, connection) -> None:
    viewer = Connection(id="v=", resource=HARBOUR, until=NOON + HOUR, share=share.id)
    watching.connections.add(viewer)
    watching.sockets.open(viewer.id)

    track(2)

    assert watching.sockets.opened == {connection.id}
    assert watching.connections.find_watchers(HARBOUR).connections == (connection,)


def test_removed_share_is_counted_off(track, watching, share, monkeypatch) -> None:
    removed = []
    monkeypatch.setattr(type(watching.shares), "remove", lambda _, *share: removed.append(share))

    track(2)

    assert removed == [(share.id, share.resource)]


def test_failed_record_is_reported_for_retry(track, watching, connection) -> None:
    watching.sockets.failing.add(connection.id)

    answer = track()

    [failed] = answer["batchItemFailures"]
    assert failed["itemIdentifier"].endswith("2")


def test_log_contains_no_code(track, watching, share, log) -> None:
    track()

    assert log()
    assert CODE not in json.dumps(log())


def test_expire_share_removes_it(invoke, watching, share) -> None:
    invoke("workers/expire_share")

    assert watching.shares.live() == []


def test_expire_share_when_unavailable_is_retried(invoke, watching, monkeypatch) -> None:
    def fail(*_):
        raise UnavailableError("throttled")

    monkeypatch.setattr(watching.shares, "remove", fail)

    with pytest.raises(UnavailableError):
        invoke("workers/expire_share")


def test_record_refused_for_good_blocks_no_other(track, watching, connection, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise RefusedError("AWS refused the request: x")

    monkeypatch.setattr(type(watching.sockets), "post", refuse)

    assert track() == {"batchItemFailures": []}
