from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from client.tests.conftest import SETTINGS, Caller
from client.tests.responses import JOB_ID, NOON, error, mission, ok, token, unavailable
from sortie_client import (
    AuthenticationError,
    BadRequestError,
    JobFailedError,
    MissionStatus,
    NotConfiguredError,
)

MISSION = {"success": True, "job": mission()}
PAGE = {"success": True, "jobs": [mission()], "count": 1, "nextCursor": "c2"}


def test_token_is_requested_once_and_cached(client, server) -> None:
    server.will(token(), ok(MISSION), ok(PAGE))

    client.missions.get_job(JOB_ID)
    page = client.missions.list_jobs(status=MissionStatus.PENDING, limit=1)

    assert server.paths == [
        "POST /v3/auth/token",
        f"GET /v3/jobs/{JOB_ID}",
        "GET /v3/jobs?status=PENDING&limit=1",
    ]
    assert server.bodies == [
        {"grant_type": "client_credentials", "client_id": "me", "client_secret": "mine"}
    ]
    assert server.headers("X-API-Key")[0] == "mission-key"
    assert server.headers("Authorization") == [None, "Bearer T1", "Bearer T1"]
    assert (page.jobs[0].status, page.next_cursor) == ("PENDING", "c2")


def test_token_about_to_expire_is_replaced(client, server) -> None:
    server.will(token("T1", expires_in=59), ok(MISSION), token("T2"), ok(MISSION))

    client.missions.get_job(JOB_ID)
    client.missions.get_job(JOB_ID)

    assert server.headers("Authorization") == [None, "Bearer T1", None, "Bearer T2"]


def test_cached_token_refused_is_replaced_once(client, server) -> None:
    server.will(token("T1"), ok(MISSION), error(401), token("T2"), ok(MISSION))

    client.missions.get_job(JOB_ID)
    client.missions.get_job(JOB_ID)

    assert server.headers("Authorization")[-1] == "Bearer T2"


def test_get_job_with_track_returns_the_flown_route(client, server) -> None:
    flown = [[9.967, 53.5455, 40.0, 1_767_268_801_000]]
    server.will(token(), ok({"success": True, "job": mission(track=flown)}))

    job = client.missions.get_job(JOB_ID, track=True)

    assert server.paths[-1] == f"GET /v3/jobs/{JOB_ID}?track=true"
    assert job.track == ((9.967, 53.5455, 40.0, 1_767_268_801_000),)


def test_new_token_refused_raises(client, server) -> None:
    server.will(token(), error(401, "Missing or invalid credentials", "INVALID_TOKEN"))

    with pytest.raises(AuthenticationError):
        client.missions.get_job(JOB_ID)


def test_get_token_oauth_error_is_decoded(client, server) -> None:
    server.will(ok({"error": "invalid_client", "error_description": "Unknown client"}, 401))

    with pytest.raises(AuthenticationError, match="Unknown client") as raised:
        client.missions.get_token()

    assert raised.value.code == "invalid_client"


def test_call_without_credentials_sends_nothing(server) -> None:
    caller = Caller(server, is_async=False)

    with pytest.raises(NotConfiguredError, match="SORTIE_CLIENT_ID"):
        caller.call(lambda s: s.missions.list_jobs(), settings=replace(SETTINGS, missions=None))

    assert server.requests == []


def test_create_job_retries_under_one_idempotency_key(client, server) -> None:
    server.will(token(), unavailable(), ok(MISSION, 201))
    when = datetime(2026, 1, 1, 14, tzinfo=timezone(timedelta(hours=2)))

    job = client.missions.create_job("Round", "harbour", priority=5, scheduled_at=when)

    body = {
        "name": "Round",
        "deviceGroupId": "harbour",
        "priority": 5,
        "scheduledAt": "2026-01-01T14:00:00+02:00",
    }
    assert server.bodies[1:] == [body, body]
    assert len(set(server.headers("Idempotency-Key")[1:])) == 1
    assert job.created_at == datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_create_job_invalid_fields_are_named(client, server) -> None:
    body = {
        "success": False,
        "error": "invalid_request",
        "message": "Missing or invalid parameters",
        "code": "INVALID_REQUEST",
        "details": [{"field": "priority", "message": "Input should be at most 10"}],
    }
    server.will(token(), ok(body, 400))

    with pytest.raises(BadRequestError, match="priority: Input should be at most 10"):
        client.missions.create_job("Round", "harbour", priority=99)


def test_update_job_returns_the_changed_mission(client, server) -> None:
    summary = {"jobId": JOB_ID, "name": "Other", "status": "PENDING", "priority": 1}
    server.will(
        token(),
        ok({"success": True, "job": summary}),
        ok({"success": True, "job": mission(name="Other")}),
    )

    changed = client.missions.update_job(JOB_ID, name="Other")

    assert server.bodies[1] == {"name": "Other"}
    assert (changed.name, changed.device_group_id) == ("Other", "harbour")


def test_cancel_and_delete_address_their_endpoints(client, server) -> None:
    server.will(token(), ok({"success": True}), ok({"success": True}))

    client.missions.cancel_job(JOB_ID)
    client.missions.delete_job(JOB_ID)

    assert server.paths[1:] == [f"POST /v3/jobs/{JOB_ID}/cancel", f"DELETE /v3/jobs/{JOB_ID}"]


def test_poll_job_failed_mission_raises(client, server) -> None:
    server.will(
        token(),
        ok({"job": mission("IN_PROGRESS")}),
        ok({"job": mission("FAILED", error="The device fell silent")}),
    )

    with pytest.raises(JobFailedError, match="The device fell silent"):
        client.missions.poll_job(JOB_ID, interval=0)


def test_list_resources_decodes_device_groups(client, server) -> None:
    drone = {"deviceId": "dock-1", "name": "Quay", "status": "online"}
    group = {"deviceGroupId": "h", "name": "H", "deviceCount": 1, "devices": [drone]}
    server.will(token(), ok({"resources": [group]}))

    [found] = client.missions.list_resources()

    assert found.devices[0].status == "online"


def test_list_plans_reads_all_pages(client, server) -> None:
    plan = {"missionId": "round", "name": "Round", "waypoints": [[9.9, 53.5, 40.0]]}
    server.will(
        token(),
        ok({"missions": [plan], "nextCursor": "round"}),
        ok({"missions": [plan | {"missionId": "survey"}]}),
    )

    plans = client.missions.list_plans()

    assert [plan.mission_id for plan in plans] == ["round", "survey"]
    assert server.paths[-1] == "GET /v3/missions?cursor=round"


def test_shares_are_created_listed_and_revoked(client, server) -> None:
    share = {
        "shareCode": "c", "shareUrl": "https://x", "expiresAt": NOON, "maxViewers": 3,
        "resourceId": "h", "shareType": "STREAM", "createdAt": NOON, "permissions": ["view"],
        "metadata": {},
    }  # fmt: skip
    server.will(token(), ok({"share": share}, 201), ok({"shares": [share]}), ok({"success": True}))

    created = client.missions.create_share("h", expires_in=60)
    [listed] = client.missions.list_shares()
    client.missions.revoke_share("c")

    assert (created.share_url, listed.max_viewers) == ("https://x", 3)
    assert server.bodies[1] == {
        "resourceId": "h", "shareType": "STREAM", "permissions": ["view"], "expiresIn": 60
    }  # fmt: skip
    assert server.paths[-1] == "DELETE /v3/shares/c"
