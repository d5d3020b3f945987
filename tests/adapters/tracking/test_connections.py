"""One contract for shares and WebSocket connections."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from jobs.kit.aws.dynamodb.attributes import Item, plain
from jobs.kit.sqlite.database import Database
from jobs.tracking.adapters import connections as connections_module
from jobs.tracking.adapters import shares as shares_module
from jobs.tracking.adapters.connections import DynamoConnections
from jobs.tracking.adapters.counts import count_keys
from jobs.tracking.adapters.items import connection_key, share_key, share_keys
from jobs.tracking.adapters.shares import DynamoShares
from jobs.tracking.connection import Connection, ConnectionEndedError, ResourceWatchers
from jobs.tracking.errors import ShareNotFoundError, TooManySharesError, TooManyWatchersError
from jobs.tracking.limits import MAX_SHARES_OF_RESOURCE, MAX_VIEWERS_OF_SHARE
from jobs.tracking.ports import Connections, Shares
from jobs.tracking.resource import Resource, ResourceKind
from jobs.tracking.share import Share, SharePage, ShareType, new_code
from tests.fakes import memory_watch
from tests.fakes.memory_watch import InMemoryConnections, InMemoryShares
from tests.support import HOUR, NOON


class Record(NamedTuple):
    shares: Shares
    connections: Connections


@pytest.fixture
def record(any_engine, clock) -> Record:
    if isinstance(any_engine, Database):
        shares = InMemoryShares(clock)
        return Record(shares, InMemoryConnections(shares))
    return table_of(any_engine, clock)


@pytest.fixture
def table(engine, clock) -> Record:
    return table_of(engine, clock)


def table_of(engine, clock) -> Record:
    name = engine.missions
    return Record(
        DynamoShares(engine.client, name, clock), DynamoConnections(engine.client, name, clock)
    )


@pytest.fixture
def resource(tenant) -> Resource:
    return Resource(tenant=tenant, kind=ResourceKind.GROUP, id="harbour")


@pytest.fixture
def a_share(resource) -> Callable[..., Share]:
    def make(**about: Any) -> Share:
        sane = {
            "code": new_code(),
            "resource": resource,
            "type": ShareType.STREAM,
            "created_at": NOON,
            "expires_at": NOON + HOUR,
            "max_viewers": None,
            "metadata": {"why": "přehlídka", "depth": [1.5, None]},
        }
        return Share(**sane | about)

    return make


@pytest.fixture
def a_connection(resource) -> Callable[..., Connection]:
    def make(share: Share | None = None, **about: Any) -> Connection:
        sane = {"id": f"{uuid4().hex[:15]}=", "resource": resource, "until": NOON + HOUR}
        by = {"share": share.id} if share else {}
        return Connection(**sane | by | about)

    return make


# ── Shares ──────────────────────────────────────────────────────────────────────


def test_share_is_read_back(record, a_share) -> None:
    about = {"max_viewers": 3, "type": ShareType.DEVICE_STATUS, "devices": ("d:1", "d:2")}
    record.shares.add(share := a_share(**about))

    assert record.shares.get(share.id) == share


def test_live_shares_are_listed_oldest_first(record, tenant, a_share) -> None:
    younger, older = a_share(created_at=NOON + 1), a_share()
    rivals = a_share(
        resource=Resource(tenant=f"{tenant}-rival", kind=ResourceKind.JOB, id="harbour")
    )
    for share in (younger, older, rivals):
        record.shares.add(share)

    both = sorted((older, younger), key=lambda share: share.id)
    assert record.shares.list_live(tenant, limit=9) == SharePage(shares=both, next=None)
    first = record.shares.list_live(tenant, limit=1)
    assert first == SharePage(shares=both[:1], next=both[0].id)
    last = record.shares.list_live(tenant, limit=1, after=first.next)
    assert last == SharePage(shares=both[1:], next=None)


def test_expired_share_is_not_found(record, clock, tenant, resource, a_share) -> None:
    record.shares.add(share := a_share())

    clock.advance(HOUR)

    with pytest.raises(ShareNotFoundError):
        record.shares.get(share.id)
    assert record.shares.list_live(tenant, limit=9).shares == []
    assert record.connections.find_watchers(resource).shares == ()


def test_removed_share_is_not_found(record, tenant, resource, a_share) -> None:
    record.shares.add(share := a_share())

    for _ in range(2):
        record.shares.remove(share.id, share.resource)

    with pytest.raises(ShareNotFoundError):
        record.shares.get(share.id)
    assert record.shares.list_live(tenant, limit=9).shares == []
    assert record.connections.find_watchers(resource).shares == ()


def test_share_over_limit_of_resource_is_refused(record, tenant, a_share) -> None:
    shares = [a_share(created_at=NOON + n) for n in range(MAX_SHARES_OF_RESOURCE)]
    for share in shares:
        record.shares.add(share)

    with pytest.raises(TooManySharesError):
        record.shares.add(a_share())
    assert len(record.shares.list_live(tenant, limit=99).shares) == len(shares)
    for _ in range(2):
        record.shares.remove(shares[0].id, shares[0].resource)
    record.shares.add(a_share())

    with pytest.raises(TooManySharesError):
        record.shares.add(a_share())


def test_share_over_limit_of_organisation_is_refused(record, tenant, a_share, monkeypatch) -> None:
    for module in (shares_module, memory_watch):
        monkeypatch.setattr(module, "MAX_SHARES_OF_TENANT", 2)
    groups = [Resource(tenant=tenant, kind=ResourceKind.GROUP, id=f"{n}") for n in range(3)]
    for group in groups[:2]:
        record.shares.add(a_share(resource=group))

    with pytest.raises(TooManySharesError):
        record.shares.add(a_share(resource=groups[2]))
    with pytest.raises(TooManySharesError):
        record.shares.add(a_share(resource=groups[0]))


# ── Connections ─────────────────────────────────────────────────────────────────


def test_watchers_of_resource_are_found(record, tenant, resource, a_share, a_connection) -> None:
    record.shares.add(share := a_share())
    direct, by_share = a_connection(), a_connection(share)
    elsewhere = a_connection(resource=Resource(tenant=tenant, kind=ResourceKind.JOB, id="harbour"))
    for connection in (direct, by_share, elsewhere):
        record.connections.add(connection)

    found = record.connections.find_watchers(resource)

    assert {*found.connections} == {direct, by_share}
    assert found.shares == (share,)


def test_removed_connection_is_not_found(record, resource, a_connection) -> None:
    record.connections.add(connection := a_connection())

    for _ in range(2):
        record.connections.remove(connection)

    assert record.connections.find_watchers(resource).connections == ()
    with pytest.raises(ConnectionEndedError):
        record.connections.get(connection)


def test_connection_over_viewer_limit_is_rejected(record, a_share, a_connection) -> None:
    record.shares.add(share := a_share(max_viewers=2))
    first, second, third = (a_connection(share) for _ in range(3))
    for connection in (first, second):
        record.connections.add(connection)

    with pytest.raises(TooManyWatchersError):
        record.connections.add(third)
    record.connections.remove(first)
    record.connections.remove(first)
    record.connections.add(third)

    with pytest.raises(TooManyWatchersError):
        record.connections.add(a_connection(share))


def test_viewers_of_share_without_limit_are_limited(record, a_share, a_connection) -> None:
    record.shares.add(share := a_share())
    viewers = [a_connection(share) for _ in range(MAX_VIEWERS_OF_SHARE)]
    for viewer in viewers:
        record.connections.add(viewer)

    with pytest.raises(TooManyWatchersError):
        record.connections.add(a_connection(share))
    record.connections.remove(viewers[0])

    record.connections.add(a_connection(share))


@pytest.mark.parametrize("of", ["RESOURCE", "TENANT"])
def test_viewers_leave_places_for_own_watchers(
    record, a_share, a_connection, monkeypatch, of
) -> None:
    for module in (connections_module, memory_watch):
        monkeypatch.setattr(module, f"MAX_VIEWERS_OF_{of}", 2)
        monkeypatch.setattr(module, f"MAX_WATCHERS_OF_{of}", 3)
    for share in (shares := [a_share(), a_share()]):
        record.shares.add(share)
        record.connections.add(viewer := a_connection(share))

    with pytest.raises(TooManyWatchersError):
        record.connections.add(a_connection(shares[0]))
    record.connections.add(a_connection())
    with pytest.raises(TooManyWatchersError):
        record.connections.add(a_connection())
    for _ in range(2):
        record.connections.remove(viewer)

    record.connections.add(a_connection())
    with pytest.raises(TooManyWatchersError):
        record.connections.add(a_connection())


def test_viewer_of_removed_share_is_counted_off(record, a_share, a_connection, monkeypatch) -> None:
    for module in (connections_module, memory_watch):
        monkeypatch.setattr(module, "MAX_WATCHERS_OF_RESOURCE", 1)
    record.shares.add(share := a_share())
    record.connections.add(viewer := a_connection(share))
    record.shares.remove(share.id, share.resource)

    record.connections.remove(viewer)

    record.connections.add(a_connection())


def test_connection_added_twice_counts_once(record, a_share, a_connection) -> None:
    record.shares.add(share := a_share(max_viewers=2))

    for _ in range(2):
        record.connections.add(connection := a_connection(share, id="same="))

    assert record.connections.get(connection) == connection
    record.connections.add(a_connection(share))


@pytest.mark.parametrize("engine", ["ministack"], indirect=True)
def test_concurrent_connections_respect_viewer_limit(table, a_share, a_connection) -> None:
    table.shares.add(share := a_share(max_viewers=3))

    def gets_in(connection: Connection) -> bool:
        try:
            table.connections.add(connection)
        except TooManyWatchersError:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        got_in = [*pool.map(gets_in, [a_connection(share) for _ in range(10)])]

    assert sum(got_in) == 3


def test_connection_by_revoked_or_expired_share_is_rejected(
    record, clock, a_share, a_connection
) -> None:
    revoked, expired = a_share(), a_share()
    for share in (revoked, expired):
        record.shares.add(share)

    record.shares.remove(revoked.id, revoked.resource)
    clock.advance(HOUR)

    for share in (revoked, expired):
        with pytest.raises(ShareNotFoundError):
            record.connections.add(a_connection(share))


def test_connection_of_removed_share_can_be_removed(
    record, resource, a_share, a_connection
) -> None:
    record.shares.add(share := a_share())
    record.connections.add(connection := a_connection(share))
    record.shares.remove(share.id, share.resource)

    record.connections.remove(connection)

    assert record.connections.find_watchers(resource).connections == ()


def test_change_is_marked_once_and_no_older_one_after(record, a_connection) -> None:
    record.connections.add(connection := a_connection())

    claimed = [record.connections.mark_sent(connection, n) for n in (2, 2, 1, 3)]

    assert claimed == [True, False, False, True]
    assert record.connections.get(connection).sequence == 3


def test_unmarked_change_can_be_marked_again(record, a_connection) -> None:
    record.connections.add(connection := a_connection())
    record.connections.mark_sent(connection, 2)

    record.connections.unmark_sent(connection, 2)

    assert record.connections.mark_sent(connection, 2)


def test_unmark_keeps_later_change(record, a_connection) -> None:
    record.connections.add(connection := a_connection())
    record.connections.mark_sent(connection, 2)
    record.connections.mark_sent(connection, 3)

    record.connections.unmark_sent(connection, 2)

    assert not record.connections.mark_sent(connection, 3)


def test_mark_sent_for_removed_connection_raises(record, a_connection) -> None:
    with pytest.raises(ConnectionEndedError):
        record.connections.mark_sent(a_connection(), 1)

    record.connections.unmark_sent(a_connection(), 1)


# ── The table ───────────────────────────────────────────────────────────────────


def test_counted_items_have_no_ttl(table, engine, a_share, a_connection) -> None:
    table.shares.add(share := a_share())
    direct, by_share = a_connection(), a_connection(share)
    for connection in (direct, by_share):
        table.connections.add(connection)
    own, by_tenant, by_resource = share_keys(share.id, share.resource)

    def ttl(key: Item) -> int | None:
        found = engine.client.get_item(TableName=engine.missions, Key=key)["Item"]
        return plain(found).get("expires_at")

    assert ttl(own) == ttl(by_resource) == (NOON + HOUR) // 1000
    assert ttl(connection_key(direct)) is ttl(connection_key(by_share)) is ttl(by_tenant) is None


def test_share_that_dynamodb_expired_is_counted_off(table, engine, resource, a_share) -> None:
    table.shares.add(share := a_share())
    own, _, by_resource = share_keys(share.id, resource)
    for key in (own, by_resource):
        engine.client.delete_item(TableName=engine.missions, Key=key)

    for _ in range(2):  # the stream's worker, and a repeat
        table.shares.remove(share.id, resource)

    assert counted(engine, resource, "shares") == [0, 0]


def test_removals_without_counters_succeed(table, engine, resource, a_share, a_connection) -> None:
    table.shares.add(share := a_share())
    table.connections.add(connection := a_connection(share))
    for key in count_keys(resource):
        engine.client.delete_item(TableName=engine.missions, Key=key)

    table.connections.remove(connection)
    table.shares.remove(share.id, resource)

    assert table.connections.find_watchers(resource) == ResourceWatchers()
    assert table.shares.list_live(resource.tenant, limit=9).shares == []


@pytest.mark.parametrize("engine", ["ministack"], indirect=True)
def test_concurrent_shares_respect_limit_exactly(table, engine, resource, a_share) -> None:
    for _ in range(MAX_SHARES_OF_RESOURCE - 2):
        table.shares.add(a_share())

    def is_added(share: Share) -> bool:
        try:
            table.shares.add(share)
        except TooManySharesError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        added = [*pool.map(is_added, [a_share() for _ in range(8)])]

    assert sum(added) == 2
    assert counted(engine, resource, "shares") == [MAX_SHARES_OF_RESOURCE] * 2


def counted(engine, resource: Resource, name: str) -> list[int]:
    found = (
        engine.client.get_item(TableName=engine.missions, Key=key)["Item"]
        for key in count_keys(resource)
    )
    return [plain(each)[name] for each in found]


def test_share_code_is_in_no_key(table, engine, resource, a_share, a_connection) -> None:
    table.shares.add(share := a_share())
    table.connections.add(a_connection(share))

    stored = engine.client.scan(TableName=engine.missions, ConsistentRead=True)["Items"]

    assert not [each for each in stored if share.code in each["PK"]["S"] + each["SK"]["S"]]
    assert (
        plain(engine.client.get_item(TableName=engine.missions, Key=share_key(share.id))["Item"])[
            "viewers"
        ]
        == 1
    )


def test_find_watchers_is_one_query(table, engine, resource, a_connection) -> None:
    for _ in range(3):
        table.connections.add(a_connection())

    with engine.calls() as calls:
        found = table.connections.find_watchers(resource)

    assert len(found.connections) == 3
    assert calls == ["Query"]


# ── Published changes ───────────────────────────────────────────────────────────


def test_change_is_recorded_as_published_once(record, resource) -> None:
    marked = [record.connections.mark_published(resource, n, last=False) for n in (2, 2, 1, 3)]

    assert marked == [True, False, False, True]
    assert record.connections.last_published(resource) == 3


def test_published_change_is_found_beside_watchers(record, resource, a_share, a_connection) -> None:
    record.shares.add(share := a_share())
    record.connections.add(connection := a_connection())
    record.connections.mark_published(resource, 4, last=True)

    assert record.connections.find_watchers(resource) == ResourceWatchers(
        connections=(connection,), shares=(share,), published=4, ended=True
    )


def test_unmarked_change_can_be_published_again(record, resource) -> None:
    for sequence in (2, 3):
        record.connections.mark_published(resource, sequence, last=sequence == 3)

    record.connections.unmark_published(resource, 2, previous=1)
    assert record.connections.last_published(resource) == 3

    record.connections.unmark_published(resource, 3, previous=2)
    assert record.connections.find_watchers(resource) == ResourceWatchers(published=2)
    assert record.connections.mark_published(resource, 3, last=True)


def test_resource_without_published_change_has_sequence_0(record, resource) -> None:
    assert record.connections.last_published(resource) == 0
