"""Who gets into the missions API, and how far."""

import json
import re
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import pytest

from jobs.missions.api.access import SCOPES
from jobs.missions.partner import Client, Role
from local.cloud.template import load_template
from local.kit.paths import ROOT
from local.stack.local_stack import LocalStack
from scripts.registry_table import RegistryTable
from tests.e2e.api import Answer, Api, eventually
from tests.e2e.browsers import is_open_to_browsers
from tests.e2e.cloud import Cloud
from tests.e2e.forgery import FORGERIES
from tests.e2e.partners import Partner

NEEDS: Final = {
    ("POST", "/v3/jobs/create"): Role.PILOT,
    ("GET", "/v3/jobs"): Role.VIEWER,
    ("GET", "/v3/jobs/{jobId}"): Role.VIEWER,
    ("PATCH", "/v3/jobs/{jobId}"): Role.PILOT,
    ("DELETE", "/v3/jobs/{jobId}"): Role.PILOT,
    ("POST", "/v3/jobs/{jobId}/cancel"): Role.PILOT,
    ("GET", "/v3/resources"): Role.VIEWER,
    ("POST", "/v3/streams/share"): Role.MANAGER,
    ("GET", "/v3/shares"): Role.MANAGER,
    ("GET", "/v3/shares/{shareCode}"): Role.MANAGER,
    ("DELETE", "/v3/shares/{shareCode}"): Role.MANAGER,
}
ENDPOINTS: Final = sorted(
    (event["Properties"]["Method"], event["Properties"]["Path"])
    for resource in load_template(ROOT / "template.yaml")["Resources"].values()
    for event in resource.get("Properties", {}).get("Events", {}).values()
    if event["Properties"].get("Auth") == {"Authorizer": "Partner"}
)
RESOURCES: Final = "/v3/resources"
ERROR_FIELDS: Final = {"success", "error", "message", "code", "requestId", "timestamp"}
ISO: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture(scope="module")
def viewer(make_partner) -> Partner:
    return make_partner(Role.VIEWER)


@pytest.fixture(scope="module")
def rival(make_partner) -> Partner:
    """Another organisation's, that may do everything there."""
    return make_partner()


def stranger(partner: Partner) -> Api:
    return Api(partner.base_url, None, "")


def concrete(path: str) -> str:
    return path.replace("{jobId}", str(uuid4())).replace("{shareCode}", "nothing")


def body_for(method: str) -> Any:
    return {} if method in {"POST", "PATCH"} else None


def refused(answer: Answer, status: int, code: str) -> bool:
    """Check the one shape that all refusals have, the gateway's too."""
    assert (answer.status, answer.json["code"]) == (status, code), answer
    assert answer.json.keys() >= ERROR_FIELDS
    assert answer.json["success"] is False
    assert answer.json["requestId"]
    assert re.match(r"\d", answer.json["timestamp"])
    return is_open_to_browsers(answer)


def test_what_role_each_endpoint_needs_is_known_here() -> None:
    assert set(ENDPOINTS) <= NEEDS.keys()


# ── Tokens ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
@pytest.mark.parametrize("headers", [
    {}, {"Authorization": ""}, {"Authorization": "Bearer"}, {"Authorization": "Bearer "},
    {"Authorization": "Bearer wrong"}, {"Authorization": "Basic YTpi"},
    {"X-API-Key": "{key}"}, {"Authorization": "Bearer {key}"},
], ids=str)  # fmt: skip
def test_nobody_gets_in_without_a_token(viewer, method, path, headers) -> None:
    filled = {name: value.format(key=viewer.api_key) for name, value in headers.items()}

    answer = stranger(viewer).send(method, concrete(path), b"{", headers=filled)

    assert refused(answer, 401, "INVALID_TOKEN")


@pytest.fixture(scope="module")
def pool_key(cloud: Cloud) -> Any:
    """The public key that the pool signs with."""
    pool = cloud.stack.outputs["UserPoolId"]
    address = f"{cloud.stack.aws_endpoint_url}/{pool}/.well-known/jwks.json"
    with urllib.request.urlopen(address) as answer:
        return json.load(answer)["keys"][0]


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_token_that_nobody_has_issued_is_invalid(viewer, pool_key, forge) -> None:
    forged = viewer.with_token(forge(viewer.token, pool_key))

    assert viewer.get(RESOURCES).status == 200
    assert refused(forged.get(RESOURCES), 401, "INVALID_TOKEN")


@pytest.fixture
def client_of(cloud: Cloud, viewer: Partner) -> Callable[..., Partner]:
    """Make an app client of a pool, with these settings, as nobody's but Cognito's."""

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


def test_a_token_that_has_expired_is_invalid(client_of, registry, cloud) -> None:
    brief = client_of(
        cloud.stack.outputs["UserPoolId"],
        AccessTokenValidity=1,
        TokenValidityUnits={"AccessToken": "seconds"},
    )
    registered(registry, brief)

    answer = eventually(lambda: brief.get(RESOURCES), lambda seen: seen.status != 200)

    assert refused(answer, 401, "INVALID_TOKEN")


def test_a_token_of_another_pool_is_invalid_even_if_the_registry_knows_its_client(
    client_of, registry, cloud
) -> None:
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
    assert refused(foreign.get(RESOURCES), 401, "INVALID_TOKEN")


def test_a_client_of_the_pool_that_the_registry_does_not_know_is_nobody(
    client_of, registry, cloud
) -> None:
    unknown = client_of(cloud.stack.outputs["UserPoolId"])
    assert unknown.ask_for_token().status == 401
    known = registered(registry, replace(unknown))
    token = known.token
    cloud.client("dynamodb").delete_item(
        TableName=cloud.registry,
        Key={"PK": {"S": f"CLIENT#{known.client_id}"}, "SK": {"S": "CLIENT"}},
    )

    answer = unknown.with_token(token).get(RESOURCES)

    assert refused(answer, 401, "INVALID_TOKEN")
    assert ISO.fullmatch(answer.json["timestamp"])


# ── Roles ───────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def of_role(make_partner: Callable[..., Partner]) -> Callable[[Role], Partner]:
    """One partner of each role, all of one organisation."""
    tenant = f"partner-{uuid4().hex[:12]}"
    partners = {role: make_partner(role, tenant) for role in Role}
    return partners.__getitem__


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_each_role_may_do_what_it_is_for_and_no_more(of_role, method, path, role) -> None:
    answer = of_role(role).send(method, concrete(path), body_for(method))

    if role < NEEDS[method, path]:
        assert refused(answer, 403, "INSUFFICIENT_PERMISSIONS")
        assert ISO.fullmatch(answer.json["timestamp"])
    else:
        assert answer.status in {200, 400, 404}, answer
        assert is_open_to_browsers(answer)


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_who_may_not_learns_nothing_about_what_is_there(of_role, method, path) -> None:
    """Neither its body nor what it names is looked at."""
    if NEEDS[method, path] is Role.VIEWER:
        return
    answer = of_role(Role.VIEWER).send(method, concrete(path), b"{")

    assert refused(answer, 403, "INSUFFICIENT_PERMISSIONS")


# ── Organisations ───────────────────────────────────────────────────────────────


def without_ids(answer: Answer) -> tuple[int, Any]:
    body = dict(answer.json)
    for name in ("requestId", "timestamp"):
        body.pop(name, None)
    return answer.status, body


@pytest.fixture(scope="module")
def job_id(demo_partner: Partner, stack: LocalStack) -> str:
    """A mission of the demo organisation's that starts in a day."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    answer = demo_partner.post("/v3/jobs/create", {
        "name": "Ours",
        "deviceGroupId": stack.seeded["missions"]["deviceGroupId"],
        "scheduledAt": tomorrow.isoformat(),
    })  # fmt: skip
    assert answer.status == 201, answer
    return str(answer.json["job"]["jobId"])


@pytest.mark.parametrize(("method", "path"), [each for each in ENDPOINTS if "{jobId}" in each[1]])
def test_another_organisations_job_is_like_one_that_does_not_exist(
    demo_partner, rival, job_id, method, path
) -> None:
    body = {"name": "Mine now"} if method == "PATCH" else None

    theirs = rival.send(method, path.replace("{jobId}", job_id), body)
    unknown = rival.send(method, path.replace("{jobId}", str(uuid4())), body)

    assert without_ids(theirs) == without_ids(unknown)
    assert theirs.json["error"] == "Job not found"
    still = demo_partner.get(f"/v3/jobs/{job_id}").json["job"]
    assert (still["name"], still["status"]) == ("Ours", "PENDING")


def test_another_organisations_device_group_is_like_one_that_does_not_exist(rival, stack) -> None:
    group = stack.seeded["missions"]["deviceGroupId"]

    theirs, unknown = (
        rival.post("/v3/jobs/create", {"name": "Mine", "deviceGroupId": each})
        for each in (group, "nowhere")
    )

    assert without_ids(theirs) == without_ids(unknown)
    assert refused(theirs, 404, "DEVICE_GROUP_NOT_FOUND")


def test_nobody_sees_another_organisations_jobs_or_drones(demo_partner, rival, job_id) -> None:
    assert job_id in [job["jobId"] for job in demo_partner.get("/v3/jobs?limit=100").json["jobs"]]
    assert rival.get("/v3/jobs").json["jobs"] == []
    assert demo_partner.get(RESOURCES).json["count"] > 0
    assert rival.get(RESOURCES).json["resources"] == []


# ── Versions, limits, browsers ──────────────────────────────────────────────────


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_another_version_of_the_api_is_not_to_be_had(rival, method, path) -> None:
    accept = {"Accept": "application/vnd.idi-fly.api-v2+json"}

    answer = rival.send(method, concrete(path), body_for(method), accept)

    assert refused(answer, 415, "UNSUPPORTED_VERSION")
    assert answer.json["supportedVersions"] == ["v3"]


def test_this_version_is(rival) -> None:
    assert rival.get(RESOURCES, Accept="application/vnd.idi-fly.api-v3+json").status == 200


@pytest.mark.parametrize(("path", "most"), [("/v3/jobs/create", 60)])
def test_who_asks_too_often_is_told_when_to_come_back(make_partner, cloud, path, most) -> None:
    partner = make_partner()
    first = partner.post(path, {})
    assert (first.status, first.headers["x-ratelimit-remaining"]) == (400, str(most - 1))
    [item] = cloud.client("dynamodb").query(
        TableName=cloud.stack.outputs["MissionTableName"],
        KeyConditionExpression="PK = :pk",
        ExpressionAttributeValues={
            ":pk": {"S": f"LIMIT#{partner.tenant}#{path.rsplit('/', 1)[1]}"}
        },
    )["Items"]
    full = item | {"taken": {"N": str(most)}, "resets_at": {"N": str(2**42)}}
    cloud.client("dynamodb").put_item(TableName=cloud.stack.outputs["MissionTableName"], Item=full)

    answer = partner.post(path, {})

    assert refused(answer, 429, "RATE_LIMITED")
    assert answer.headers["x-ratelimit-limit"] == str(most)
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert int(answer.headers["x-ratelimit-reset"]) == -(-(2**42) // 1000)
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_browsers_may_ask_first(viewer, method, path) -> None:
    question = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }

    answer = stranger(viewer).send("OPTIONS", concrete(path), headers=question)

    assert 200 <= answer.status < 300
    assert is_open_to_browsers(answer)
    assert method in answer.headers["access-control-allow-methods"]
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()
