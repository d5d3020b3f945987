"""Access to the missions API: tokens, roles, organisations, versions and limits."""

import json
import re
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import pytest

from jobs.missions.partner import SCOPES, Client, Role
from local.stack.local_stack import LocalStack
from scripts.registry_table import RegistryTable
from tests.e2e.api import Answer, Api, eventually
from tests.e2e.browsers import is_open_to_browsers
from tests.e2e.cloud import Cloud
from tests.e2e.forgery import FORGERIES
from tests.e2e.partners import Partner

ENDPOINTS: Final = [
    ("POST", "/v3/jobs/create"),
    ("GET", "/v3/jobs"),
    ("GET", "/v3/jobs/nothing"),
    ("PATCH", "/v3/jobs/nothing"),
    ("DELETE", "/v3/jobs/nothing"),
    ("POST", "/v3/jobs/nothing/cancel"),
    ("GET", "/v3/resources"),
    ("GET", "/v3/missions"),
    ("POST", "/v3/streams/share"),
    ("GET", "/v3/shares"),
    ("GET", "/v3/shares/nothing"),
    ("DELETE", "/v3/shares/nothing"),
]
CREATE: Final = "/v3/jobs/create"
RESOURCES: Final = "/v3/resources"
SHARE: Final = "/v3/streams/share"
ERROR_FIELDS: Final = {"success", "error", "message", "code", "requestId", "timestamp"}
MAX_CREATES: Final = 60


@pytest.fixture(scope="module")
def viewer(make_partner) -> Partner:
    return make_partner(Role.VIEWER)


@pytest.fixture(scope="module")
def rival(make_partner) -> Partner:
    """A manager of another organisation."""
    return make_partner()


def stranger(partner: Partner) -> Api:
    return Api(partner.base_url, None, "")


def is_error(answer: Answer, status: int, code: str) -> bool:
    """Check the shape that all errors share, the gateway's too."""
    assert (answer.status, answer.json["code"]) == (status, code), answer
    assert answer.json.keys() >= ERROR_FIELDS
    assert answer.json["success"] is False
    assert answer.json["requestId"]
    assert re.match(r"\d", answer.json["timestamp"])
    return is_open_to_browsers(answer)


# ── Tokens ──────────────────────────────────────────────────────────────────────


def test_endpoint_without_valid_token_returns_401(viewer) -> None:
    wrong = [
        {"Authorization": "Bearer"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": f"Bearer {viewer.api_key}"},
        {"X-API-Key": viewer.api_key},
    ]

    answers = [stranger(viewer).send(method, path, b"{") for method, path in ENDPOINTS]
    answers += [stranger(viewer).get(RESOURCES, **headers) for headers in wrong]

    assert all(is_error(answer, 401, "INVALID_TOKEN") for answer in answers)


def test_forged_token_returns_401(viewer, cloud: Cloud) -> None:
    pool = cloud.stack.outputs["UserPoolId"]
    address = f"{cloud.stack.aws_endpoint_url}/{pool}/.well-known/jwks.json"
    with urllib.request.urlopen(address) as answer:
        pool_key = json.load(answer)["keys"][0]

    assert viewer.get(RESOURCES).status == 200
    for forge in FORGERIES.values():
        forged = viewer.with_token(forge(viewer.token, pool_key))
        assert is_error(forged.get(RESOURCES), 401, "INVALID_TOKEN")


@pytest.fixture
def client_of(cloud: Cloud, viewer: Partner) -> Callable[..., Partner]:
    """Create an app client of a user pool that the registry does not know."""

    def make(pool: str, **settings: Any) -> Partner:
        made = cloud.client("cognito-idp").create_user_pool_client(
            UserPoolId=pool,
            ClientName="other",
            GenerateSecret=True,
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["client_credentials"],
            AllowedOAuthScopes=[*SCOPES.values()],
            **settings,
        )["UserPoolClient"]
        return replace(viewer, client_id=made["ClientId"], client_secret=made["ClientSecret"])

    return make


def registered(registry: RegistryTable, partner: Partner) -> Partner:
    registry.put_client(
        Client(id=partner.client_id, tenant=partner.tenant, name="Other", role=Role.MANAGER)
    )
    return partner


def test_expired_token_returns_401(client_of, registry, cloud) -> None:
    brief = client_of(
        cloud.stack.outputs["UserPoolId"],
        AccessTokenValidity=1,
        TokenValidityUnits={"AccessToken": "seconds"},
    )
    registered(registry, brief)

    answer = eventually(lambda: brief.get(RESOURCES), lambda seen: seen.status != 200)

    assert is_error(answer, 401, "INVALID_TOKEN")


def test_token_of_another_pool_returns_401(client_of, registry, cloud) -> None:
    cognito = cloud.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="other")["UserPool"]["Id"]
    scopes = [scope.removeprefix("missions/") for scope in SCOPES.values()]
    cognito.create_resource_server(
        UserPoolId=pool,
        Identifier="missions",
        Name="missions",
        Scopes=[{"ScopeName": each, "ScopeDescription": each} for each in scopes],
    )
    foreign = registered(registry, client_of(pool))

    assert foreign.token
    assert is_error(foreign.get(RESOURCES), 401, "INVALID_TOKEN")


def test_token_of_an_unregistered_client_returns_401(client_of, registry, cloud) -> None:
    unknown = client_of(cloud.stack.outputs["UserPoolId"])
    assert unknown.ask_for_token().status == 401
    known = registered(registry, replace(unknown))
    token = known.token
    cloud.client("dynamodb").delete_item(
        TableName=cloud.registry,
        Key={"PK": {"S": f"CLIENT#{known.client_id}"}, "SK": {"S": "CLIENT"}},
    )

    answer = unknown.with_token(token).get(RESOURCES)

    assert is_error(answer, 401, "INVALID_TOKEN")


# ── Roles and organisations ─────────────────────────────────────────────────────


def test_role_below_the_required_one_returns_403(make_partner) -> None:
    tenant = f"partner-{uuid4().hex[:12]}"
    viewer, pilot, manager = (make_partner(role, tenant) for role in Role)

    assert viewer.get(RESOURCES).status == 200
    assert is_error(viewer.post(CREATE, b"{"), 403, "INSUFFICIENT_PERMISSIONS")
    assert is_error(pilot.post(CREATE, {}), 400, "INVALID_REQUEST")
    assert is_error(pilot.post(SHARE, {}), 403, "INSUFFICIENT_PERMISSIONS")
    assert is_error(manager.post(SHARE, {}), 400, "INVALID_REQUEST")


def without_ids(answer: Answer) -> tuple[int, Any]:
    body = dict(answer.json)
    for name in ("requestId", "timestamp"):
        body.pop(name, None)
    return answer.status, body


def test_resources_of_another_organisation_return_404(
    demo_partner: Partner, rival: Partner, stack: LocalStack
) -> None:
    group = stack.seeded["missions"]["deviceGroupId"]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    mission = {"name": "Ours", "deviceGroupId": group, "scheduledAt": tomorrow}
    job_id = demo_partner.post(CREATE, mission).json["job"]["jobId"]

    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/cancel")):
        body = {"name": "Mine now"} if method == "PATCH" else None
        foreign = rival.send(method, f"/v3/jobs/{job_id}{path}", body)
        unknown = rival.send(method, f"/v3/jobs/{uuid4()}{path}", body)
        assert without_ids(foreign) == without_ids(unknown)
        assert foreign.json["error"] == "Job not found"

    assert is_error(rival.post(CREATE, mission), 404, "DEVICE_GROUP_NOT_FOUND")
    assert rival.get("/v3/jobs").json["jobs"] == []
    assert rival.get(RESOURCES).json["resources"] == []
    assert rival.get("/v3/missions").json["missions"] == []
    plans = demo_partner.get("/v3/missions").json["missions"]
    assert "harbour-round" in {plan["missionId"] for plan in plans}
    still = demo_partner.get(f"/v3/jobs/{job_id}").json["job"]
    assert (still["name"], still["status"]) == ("Ours", "PENDING")


# ── Versions, limits, browsers ──────────────────────────────────────────────────


def test_unsupported_version_returns_415(rival) -> None:
    other = rival.get(RESOURCES, Accept="application/vnd.idi-fly.api-v2+json")
    this = rival.get(RESOURCES, Accept="application/vnd.idi-fly.api-v3+json")

    assert is_error(other, 415, "UNSUPPORTED_VERSION")
    assert other.json["supportedVersions"] == ["v3"]
    assert this.status == 200


def test_create_over_the_rate_limit_returns_429(make_partner, cloud) -> None:
    partner = make_partner()
    first = partner.post(CREATE, {})
    assert (first.status, first.headers["x-ratelimit-remaining"]) == (400, str(MAX_CREATES - 1))
    [item] = cloud.client("dynamodb").query(
        TableName=cloud.stack.outputs["MissionTableName"],
        KeyConditionExpression="PK = :pk",
        ExpressionAttributeValues={":pk": {"S": f"LIMIT#{partner.tenant}#create"}},
    )["Items"]
    full = item | {"taken": {"N": str(MAX_CREATES)}, "resets_at": {"N": str(2**42)}}
    cloud.client("dynamodb").put_item(TableName=cloud.stack.outputs["MissionTableName"], Item=full)

    answer = partner.post(CREATE, {})

    assert is_error(answer, 429, "RATE_LIMITED")
    assert answer.headers["x-ratelimit-limit"] == str(MAX_CREATES)
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert int(answer.headers["x-ratelimit-reset"]) == -(-(2**42) // 1000)
    assert int(answer.headers["retry-after"]) > 0


def test_preflight_without_token_allows_the_endpoints_method(viewer) -> None:
    question = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }

    answer = stranger(viewer).send("OPTIONS", "/v3/jobs/nothing", headers=question)

    assert 200 <= answer.status < 300
    assert is_open_to_browsers(answer)
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()
