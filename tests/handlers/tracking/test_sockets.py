"""The WebSocket API: authorization, connect and disconnect."""

from types import SimpleNamespace

import pytest

from jobs.kit.errors import UnavailableError
from jobs.tracking.wiring import wiring as tracking
from tests.handlers.fleet import CLIENT
from tests.handlers.tracking.conftest import CODE
from tests.support import HOUR, NOON

JWT = "header.claims.signature"
CLAIMS = {
    "client_id": CLIENT, "token_use": "access", "scope": "missions/viewer",
    "exp": (NOON + HOUR) // 1000,
}  # fmt: skip


@pytest.fixture
def claims(rewire) -> dict:
    """The claims of the token; a test empties them for an invalid token."""
    token_claims = dict(CLAIMS)
    verifier = SimpleNamespace(claims=lambda token: token_claims if token == JWT else {})
    rewire(tracking, token_verifier=verifier)
    return token_claims


@pytest.fixture
def authorize(invoke, watching, claims):
    """Call the authorizer; return the policy's effect and the context."""

    def ask(token: str, resource: str):
        query = {"token": token, "resourceId": resource}
        answer = invoke("auth/authorize_socket", queryStringParameters=query)
        [statement] = answer["policyDocument"]["Statement"]
        return statement["Effect"], answer["context"]

    return ask


@pytest.fixture
def connect(invoke, event, authorize):
    """Connect with the authorizer's context, as API Gateway does."""

    def connect(connection_id: str, token: str = CODE, resource: str = CODE):
        effect, context = authorize(token, resource)
        assert effect == "Allow"
        about = event("tracking/connect")["requestContext"]
        about |= {"authorizer": context, "connectionId": connection_id}
        return invoke("tracking/connect", requestContext=about)["statusCode"], about

    return connect


# ── Authorizer ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scope", ["missions/viewer", "missions/manager missions/viewer"])
def test_partner_may_watch_own_resource(authorize, claims, stored, scope) -> None:
    claims["scope"], job = scope, stored()

    assert authorize(JWT, "harbour") == (
        "Allow",
        {"tenant": "demo", "kind": "GROUP", "resource": "harbour", "until": str(NOON + HOUR)},
    )
    assert authorize(JWT, job.id)[1]["kind"] == "JOB"


def test_connection_ends_with_token_or_after_two_hours(authorize, claims) -> None:
    claims["exp"] += 24 * 3600

    assert authorize(JWT, "harbour")[1]["until"] == str(NOON + 2 * HOUR)


@pytest.mark.parametrize("resource", ["theirs", "nowhere", "019b7963-4a00-7000-8000-00000000ffff"])
def test_foreign_or_unknown_resource_is_denied(authorize, resource) -> None:
    assert authorize(JWT, resource) == ("Deny", {})


def test_mission_of_other_organisation_is_denied(authorize, stored) -> None:
    assert authorize(JWT, stored(tenant="rival").id) == ("Deny", {})


@pytest.mark.parametrize("wrong", [
    {"client_id": "unknown"}, {"token_use": "id"}, {"scope": "missions/other"}, {"scope": ""},
])  # fmt: skip
def test_token_of_other_kind_is_denied(authorize, claims, wrong) -> None:
    claims |= wrong

    assert authorize(JWT, "harbour") == ("Deny", {})


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "🚁"])
def test_invalid_token_is_denied(authorize, token) -> None:
    assert authorize(token, "harbour") == ("Deny", {})


@pytest.mark.parametrize("resource", [CODE, "harbour"])
def test_share_code_admits_to_its_resource(authorize, share, resource) -> None:
    effect, context = authorize(CODE, resource)

    assert effect == "Allow"
    assert context == {
        "tenant": "demo",
        "kind": "GROUP",
        "resource": "harbour",
        "until": str(NOON + HOUR),
        "share": share.id,
    }


@pytest.mark.parametrize("resource", ["theirs", "quarry", ""])
def test_share_code_for_other_resource_is_denied(authorize, share, resource) -> None:
    assert authorize(CODE, resource) == ("Deny", {})


def test_expired_share_is_denied(authorize, clock, share) -> None:
    clock.advance(HOUR)

    assert authorize(CODE, CODE) == ("Deny", {})


def test_authorizer_when_unavailable_raises(authorize, watching, monkeypatch) -> None:
    def fail(_):
        raise UnavailableError("throttled")

    monkeypatch.setattr(watching.shares, "get", fail)

    with pytest.raises(UnavailableError):
        authorize(CODE, CODE)


# ── Connect and disconnect ────────────────────────────────────────────────────────────────


def test_connection_is_stored_until_disconnect(connect, invoke, watching, share) -> None:
    status, about = connect("c1=")
    [connection] = watching.connections.find_watchers(share.resource).connections

    invoke("tracking/disconnect", requestContext=about)
    invoke("tracking/disconnect", requestContext=about)

    assert status == 200
    assert (connection.id, connection.share, connection.sequence) == ("c1=", share.id, 0)
    assert connection.until == share.expires_at
    assert watching.connections.find_watchers(share.resource).connections == ()


def test_connect_over_viewer_limit_is_429(connect, share) -> None:
    assert [connect(f"c{n}=")[0] for n in range(3)] == [200, 200, 429]


def test_connect_after_revocation_is_403(watching, share, invoke, event, authorize) -> None:
    _, context = authorize(CODE, CODE)
    watching.shares.remove(share.id, share.resource)
    about = event("tracking/connect")["requestContext"] | {"authorizer": context}

    assert invoke("tracking/connect", requestContext=about) == {"statusCode": 403}


def test_connect_when_unavailable_is_503(connect, watching, share, monkeypatch) -> None:
    def fail(_):
        raise UnavailableError("throttled")

    monkeypatch.setattr(watching.connections, "add", fail)

    assert connect("c1=")[0] == 503


@pytest.mark.parametrize("name", ["connect", "disconnect"])
def test_example_event_succeeds(invoke, watching, name) -> None:
    assert invoke(f"tracking/{name}") == {"statusCode": 200}
