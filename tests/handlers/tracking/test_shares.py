"""The endpoints of shares."""

import json
from dataclasses import replace

import pytest

from jobs.tracking.limits import MAX_SHARES_OF_RESOURCE
from jobs.tracking.share import ShareType, new_code
from tests.handlers.tracking.conftest import CODE
from tests.support import HOUR, NOON

SHARE = {
    "resourceId": "harbour", "shareType": "STREAM", "permissions": ["view"], "expiresIn": 3600,
}  # fmt: skip
OF_ONE = ["get_share", "revoke_share"]
ALL = ["create_share", "list_shares", *OF_ONE]


@pytest.fixture(autouse=True)
def _watching(watching) -> None:
    """Every test needs the fakes of tracking."""


def test_create_share_returns_contract_shape(call, watching) -> None:
    answer = call("create_share")

    [share] = watching.shares.live()
    assert answer.status == 201
    assert answer.body == {
        "success": True,
        "share": {
            "shareCode": share.code,
            "shareUrl": "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/dev/tracking"
            f"?share={share.code}",
            "expiresAt": "2026-01-01T13:00:00.000Z",
            "maxViewers": 10,
        },
    }
    assert len(share.code) == 32
    assert (share.resource.id, share.type) == ("harbour", ShareType.STREAM)
    assert share.devices == ("dock-1", "dock-2")
    assert share.metadata == {"for": "Harbour master"}
    assert answer.headers["X-RateLimit-Limit"] == "30"


def test_share_url_uses_configured_address(call, monkeypatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://drones.example")

    share = call("create_share").body["share"]

    assert share["shareUrl"] == f"https://drones.example/tracking?share={share['shareCode']}"


def test_create_share_of_mission_has_no_viewer_limit_by_default(call, stored, watching) -> None:
    job = stored()

    answer = call("create_share", json_body=SHARE | {"resourceId": job.id})

    [share] = watching.shares.live()
    assert answer.body["share"]["maxViewers"] is None
    assert (share.resource.id, share.max_viewers, share.metadata) == (job.id, None, {})


@pytest.mark.parametrize("resource", [
    "theirs", "nowhere", "dock-1", "019b7963-4a00-7000-8000-00000000ffff",
])  # fmt: skip
def test_create_share_of_unknown_resource_is_404(call, resource) -> None:
    answer = call("create_share", json_body=SHARE | {"resourceId": resource})

    assert (answer.status, answer.body["error"]) == (404, "Resource not found")


def test_create_share_of_foreign_mission_is_404(call, stored) -> None:
    job = stored(tenant="rival")

    assert call("create_share", json_body=SHARE | {"resourceId": job.id}).status == 404


@pytest.mark.parametrize(("field", "value"), [
    ("resourceId", None), ("resourceId", ""), ("resourceId", 1), ("shareType", "VIDEO"),
    ("shareType", None), ("permissions", []), ("permissions", ["view", "view"]),
    ("permissions", "view"), ("expiresIn", 59), ("expiresIn", 86_401), ("expiresIn", 60.5),
    ("expiresIn", True), ("expiresIn", "3600"), ("maxViewers", 0), ("maxViewers", 1.5),
    ("maxViewers", None), ("maxViewers", True), ("metadata", []), ("metadata", "x"),
    ("metadata", {"x": "x" * 10_000}),
])  # fmt: skip
def test_create_share_with_invalid_field_names_it(call, watching, field, value) -> None:
    answer = call("create_share", json_body=SHARE | {field: value})

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert [each["field"] for each in answer.body["details"]] == [field]
    assert watching.shares.live() == []


def test_create_share_with_unknown_permission_names_its_index(call) -> None:
    answer = call("create_share", json_body=SHARE | {"permissions": ["control"]})

    assert [each["field"] for each in answer.body["details"]] == ["permissions.0"]


@pytest.mark.parametrize("field", SHARE)
def test_create_share_without_required_field_names_it(call, field) -> None:
    body = {name: value for name, value in SHARE.items() if name != field}

    answer = call("create_share", json_body=body)

    assert answer.body["details"] == [{"field": field, "message": "Field required"}]


@pytest.mark.parametrize("expires_in", [60, 86_400])
def test_create_share_accepts_minimum_and_maximum_lifetime(call, watching, expires_in) -> None:
    assert call("create_share", json_body=SHARE | {"expiresIn": expires_in}).status == 201

    [share] = watching.shares.live()
    assert share.expires_at == NOON + expires_in * 1000


def test_create_share_over_30_a_minute_is_429(call) -> None:
    answers = [call("create_share", json_body=SHARE | {"resourceId": "?"}).status for _ in "x" * 30]

    assert [*answers, call("create_share").status] == [404] * 30 + [429]


def test_create_share_over_limit_is_409(call, watching, clock) -> None:
    for _ in range(MAX_SHARES_OF_RESOURCE):
        assert call("create_share").status == 201

    answer = call("create_share")

    assert (answer.status, answer.body["code"]) == (409, "TOO_MANY_SHARES")
    assert answer.body["message"].startswith("At most 20 shares of a job or device group")
    assert len(watching.shares.live()) == MAX_SHARES_OF_RESOURCE


def test_list_shares_equals_get_share(call, share) -> None:
    answer = call("list_shares")

    [listed] = answer.body["shares"]
    assert answer.body["count"] == 1
    assert (
        listed
        == call("get_share").body["share"]
        == {
            "shareCode": CODE,
            "shareUrl": "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/dev/tracking"
            f"?share={CODE}",
            "resourceId": "harbour",
            "shareType": "STREAM",
            "permissions": ["view"],
            "createdAt": "2026-01-01T12:00:00.000Z",
            "expiresAt": "2026-01-01T13:00:00.000Z",
            "maxViewers": 2,
            "metadata": {"for": "Harbour master"},
        }
    )


def test_revoked_share_is_404(call, share) -> None:
    answer = call("revoke_share")

    assert answer.body == {"success": True, "message": "Share revoked successfully"}
    assert call("list_shares").body == {"success": True, "shares": [], "count": 0}
    assert [call(each).status for each in OF_ONE] == [404, 404]


def test_list_shares_continues_after_its_cursor(call, watching, share, monkeypatch) -> None:
    monkeypatch.setattr("missions.list_shares.MAX_LISTED_SHARES", 1)
    watching.shares.add(other := replace(share, code=new_code()))

    first = call("list_shares").body
    last = call("list_shares", queryStringParameters={"cursor": first["nextCursor"]}).body

    listed = [each["shareCode"] for page in (first, last) for each in page["shares"]]
    assert {*listed} == {share.code, other.code}
    assert "nextCursor" not in last


@pytest.mark.parametrize("cursor", ["", "x", "A" * 32, "a" * 2000])
def test_list_shares_with_invalid_cursor_is_400(call, cursor) -> None:
    answer = call("list_shares", queryStringParameters={"cursor": cursor})

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def test_expired_share_is_404(call, clock, share) -> None:
    clock.advance(HOUR)

    assert call("list_shares").body["shares"] == []
    for endpoint in OF_ONE:
        answer = call(endpoint)
        assert (answer.status, answer.body["error"]) == (404, "Share not found")


@pytest.mark.parametrize("endpoint", OF_ONE)
def test_unknown_code_is_404(call, endpoint) -> None:
    assert call(endpoint, pathParameters={"shareCode": "nobody's"}).status == 404


@pytest.mark.parametrize("endpoint", OF_ONE)
def test_share_of_other_organisation_is_same_404(call, world, event, share, endpoint) -> None:
    client = world.registry.client("EXAMPLECLIENTOFNOBODY0000000")
    unknown = call(endpoint, pathParameters={"shareCode": "nobody's"})
    world.registry.put_client(type(client)(**{**_fields(client), "tenant": "rival"}))

    answer = call(endpoint)

    assert (answer.status, answer.body) == (404, unknown.body)


@pytest.mark.parametrize("endpoint", ALL)
def test_pilot_gets_403(call, event, share, endpoint) -> None:
    context = event(f"missions/{endpoint}")["requestContext"]
    context["authorizer"]["claims"]["scope"] = "missions/pilot missions/viewer"

    answer = call(endpoint, requestContext=context)

    assert (answer.status, answer.body["code"]) == (403, "INSUFFICIENT_PERMISSIONS")


@pytest.mark.parametrize("endpoint", ALL)
def test_log_contains_neither_codes_nor_metadata(call, share, log, endpoint) -> None:
    answer = call(endpoint)

    logged = json.dumps(log())
    codes = [CODE, answer.body.get("share", {}).get("shareCode", CODE)]
    assert not [secret for secret in (*codes, "Harbour master") if secret in logged]


def _fields(client) -> dict:
    return {name: getattr(client, name) for name in ("id", "tenant", "name", "role")}
