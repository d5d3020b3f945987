from datetime import UTC, datetime, timedelta, timezone

import pytest

from client.tests.answers import JOB_ID, busy, mission, ok, refused, token
from sortie_client import (
    AuthenticationError,
    BadRequestError,
    JobFailedError,
    MissionStatus,
    NotConfiguredError,
    Settings,
)

ONE = {"success": True, "job": mission()}
PAGE = {"success": True, "jobs": [mission()], "count": 1, "nextCursor": "c2"}


def test_a_token_is_asked_for_once_and_kept(both, server) -> None:
    server.will(token(), ok(ONE), ok(PAGE))

    async def awaited(sortie):
        await sortie.missions.get_job(JOB_ID)
        return await sortie.missions.list_jobs(status=MissionStatus.PENDING, limit=1)

    def waited(sortie):
        sortie.missions.get_job(JOB_ID)
        return sortie.missions.list_jobs(status=MissionStatus.PENDING, limit=1)

    page = both.call(awaited if both.awaiting else waited)

    assert server.paths == [
        "POST /v3/auth/token",
        f"GET /v3/jobs/{JOB_ID}",
        "GET /v3/jobs?status=PENDING&limit=1",
    ]
    assert server.bodies == [
        {"grant_type": "client_credentials", "client_id": "me", "client_secret": "mine"}
    ]
    assert server.headers("X-API-Key")[0] == "opener"
    assert server.headers("Authorization") == [None, "Bearer T1", "Bearer T1"]
    assert (page.jobs[0].status, page.next_cursor) == ("PENDING", "c2")


def twice(both):
    async def awaited(sortie):
        return [await sortie.missions.get_job(JOB_ID) for _ in range(2)]

    return awaited if both.awaiting else lambda s: [s.missions.get_job(JOB_ID) for _ in range(2)]


def test_a_token_that_is_about_to_end_is_replaced(both, server) -> None:
    server.will(token("T1", seconds=59), ok(ONE), token("T2"), ok(ONE))

    both.call(twice(both))

    assert server.headers("Authorization") == [None, "Bearer T1", None, "Bearer T2"]


def test_a_kept_token_that_is_refused_is_replaced_once(both, server) -> None:
    server.will(token("T1"), ok(ONE), refused(401), token("T2"), ok(ONE))

    both.call(twice(both))

    assert server.headers("Authorization")[-1] == "Bearer T2"


def test_a_new_token_that_is_refused_is_an_error(both, server) -> None:
    server.will(token(), refused(401, "Missing or invalid credentials", "INVALID_TOKEN"))

    with pytest.raises(AuthenticationError):
        both.call(lambda s: s.missions.get_job(JOB_ID))


def test_credentials_that_are_refused_say_so_in_oauths_words(both, server) -> None:
    server.will(ok({"error": "invalid_client", "error_description": "Unknown client"}, 401))

    with pytest.raises(AuthenticationError, match="Unknown client") as raised:
        both.call(lambda s: s.missions.get_token())

    assert raised.value.code == "invalid_client"


def test_a_create_says_what_was_asked_under_one_key(both, server) -> None:
    server.will(token(), busy(), ok(ONE, 201))
    when = datetime(2026, 1, 1, 14, tzinfo=timezone(timedelta(hours=2)))

    made = both.call(
        lambda s: s.missions.create_job("Round", "harbour", priority=5, scheduled_at=when)
    )

    assert (
        server.bodies[1:]
        == [
            {
                "name": "Round",
                "deviceGroupId": "harbour",
                "priority": 5,
                "scheduledAt": "2026-01-01T14:00:00+02:00",
            }
        ]
        * 2
    )
    assert len(set(server.headers("Idempotency-Key")[1:])) == 1
    assert made.created_at == datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_an_update_returns_the_mission_as_it_is_then(both, server) -> None:
    brief = {"jobId": JOB_ID, "name": "Other", "status": "PENDING", "priority": 1}
    server.will(
        token(),
        ok({"success": True, "job": brief}),
        ok({"success": True, "job": mission(name="Other")}),
    )

    changed = both.call(lambda s: s.missions.update_job(JOB_ID, name="Other"))

    assert server.bodies[1] == {"name": "Other"}
    assert (changed.name, changed.device_group_id) == ("Other", "harbour")


def test_cancel_and_delete(both, server) -> None:
    server.will(token(), ok({"success": True}), token(), ok({"success": True}))

    both.call(lambda s: s.missions.cancel_job(JOB_ID))
    both.call(lambda s: s.missions.delete_job(JOB_ID))

    assert server.paths[1] == f"POST /v3/jobs/{JOB_ID}/cancel"
    assert server.paths[3] == f"DELETE /v3/jobs/{JOB_ID}"


def test_a_refusal_names_each_wrong_field(both, server) -> None:
    said = {
        "success": False,
        "error": "invalid_request",
        "message": "Missing or invalid parameters",
        "code": "INVALID_REQUEST",
        "details": [{"field": "priority", "message": "Input should be at most 10"}],
    }
    server.will(token(), ok(said, 400))

    with pytest.raises(BadRequestError, match="priority: Input should be at most 10"):
        both.call(lambda s: s.missions.create_job("Round", "harbour", priority=99))


def test_a_mission_is_waited_for(both, server) -> None:
    server.will(
        token(),
        ok({"job": mission("IN_PROGRESS")}),
        ok({"job": mission("FAILED", error="The device fell silent")}),
    )

    with pytest.raises(JobFailedError, match="The device fell silent"):
        both.call(lambda s: s.missions.poll_job(JOB_ID, interval=0))


def test_drones_and_shares(both, server) -> None:
    drone = {"deviceId": "dock-1", "name": "Quay", "status": "online"}
    group = {"deviceGroupId": "h", "name": "H", "deviceCount": 1, "devices": [drone]}
    share = {
        "shareCode": "c", "shareUrl": "https://x", "expiresAt": "2026-01-01T12:00:00Z",
        "maxViewers": 3, "resourceId": "h", "shareType": "STREAM",
        "createdAt": "2026-01-01T12:00:00Z", "permissions": ["view"], "metadata": {},
    }  # fmt: skip
    server.will(token(), ok({"resources": [group]}), token(), ok({"shares": [share]}))
    server.will(token(), ok({"share": share}, 201), token(), ok({"success": True}))

    groups = both.call(lambda s: s.missions.list_resources())
    shares = both.call(lambda s: s.missions.list_shares())
    made = both.call(lambda s: s.missions.create_share("h", expires_in=60))
    both.call(lambda s: s.missions.revoke_share("c"))

    assert groups[0].devices[0].status == "online"
    assert (shares[0].max_viewers, made.share_url) == (3, "https://x")
    assert server.bodies[3] == {
        "resourceId": "h", "shareType": "STREAM", "permissions": ["view"], "expiresIn": 60
    }  # fmt: skip


def test_without_keys_it_says_what_is_missing_and_asks_nobody(both, server) -> None:
    with pytest.raises(NotConfiguredError, match="SORTIE_CLIENT_ID"):
        both.call(lambda s: s.missions.list_jobs(), settings=Settings("https://x"))

    assert server.asked == []
