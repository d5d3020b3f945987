"""The policies of MQTT clients in AWS IoT Core."""

import base64
import json
from fnmatch import fnmatchcase
from types import SimpleNamespace

import pytest

from jobs.core.ids import new_job_id, tenant_tag
from jobs.missions.device import DeviceGroup
from jobs.tracking.wiring import wiring as tracking
from tests.handlers.fleet import CLIENT
from tests.handlers.tracking.conftest import CODE
from tests.handlers.tracking.test_sockets import CLAIMS, JWT
from tests.support import HOUR, NOON

ARN = "arn:aws:iot:eu-central-1:123456789012"
REFUSED = {"isAuthenticated": False}


@pytest.fixture(autouse=True)
def claims(watching, rewire) -> dict:
    claims = dict(CLAIMS)
    verifier = SimpleNamespace(claims=lambda token: claims if token == JWT else {})
    rewire(tracking, token_verifier=verifier)
    return claims


@pytest.fixture
def authorize(invoke, event):
    def ask(password: str | bytes):
        raw = password if isinstance(password, bytes) else password.encode()
        mqtt = {"username": "any", "clientId": "x", "password": base64.b64encode(raw).decode()}
        return invoke("auth/authorize_mqtt", protocolData={"mqtt": mqtt})

    return ask


def allows(answer, action: str, resource: str) -> bool:
    """Evaluate the policies as AWS does: `*` matches slashes too, and the default is deny."""
    statements = [each for document in answer["policyDocuments"] for each in document["Statement"]]
    assert {each["Effect"] for each in statements} == {"Allow"}
    return any(
        each["Action"] == action
        and any(fnmatchcase(f"{ARN}:{resource}", pattern) for pattern in each["Resource"])
        for each in statements
    )


def follows(answer, topic: str) -> bool:
    subscribes = allows(answer, "iot:Subscribe", f"topicfilter/{topic}")
    assert subscribes == allows(answer, "iot:Receive", f"topic/{topic}")
    return subscribes


def test_partner_may_subscribe_to_own_missions_and_groups(authorize) -> None:
    answer = authorize(JWT)

    own = new_job_id(NOON, tag=tenant_tag("demo", stack="sortie-dev"))
    assert answer["isAuthenticated"] is True
    assert follows(answer, f"{own}/JOB/STATUS")
    assert follows(answer, "harbour/DEVICE/STATUS")


@pytest.mark.parametrize("topic", [
    f"019b7963-4a00-7000-8000-{tenant_tag('rival', stack='sortie-dev')}/JOB/STATUS",
    f"019b7963-4a00-7000-8000-{tenant_tag('demo', stack='sortie-prod')}/JOB/STATUS",
    "theirs/DEVICE/STATUS",
    f"{CODE}/SHARE/STATUS", "devices/dock-1/telemetry", "$aws/things/dock-1/jobs/notify-next",
    "+/JOB/STATUS", "+/DEVICE/STATUS", "+/+/STATUS", "#", "+/SHARE/STATUS", "harbour/#",
])  # fmt: skip
def test_partner_may_not_subscribe_to_foreign_topics_or_wildcards(authorize, topic) -> None:
    assert not follows(authorize(JWT), topic)


def test_viewer_may_subscribe_only_to_share(authorize, share) -> None:
    answer = authorize(CODE)

    assert follows(answer, f"{CODE}/SHARE/STATUS")
    for topic in ("harbour/DEVICE/STATUS", "+/SHARE/STATUS", "#", f"{CODE}/DEVICE/STATUS"):
        assert not follows(answer, topic)


def test_no_client_may_publish(authorize, share) -> None:
    for answer in (authorize(JWT), authorize(CODE)):
        assert not allows(answer, "iot:Publish", "topic/harbour/DEVICE/STATUS")
        assert not allows(answer, "iot:Publish", f"topic/{CODE}/SHARE/STATUS")


def test_client_id_must_have_prefix_of_principal(authorize, share) -> None:
    partner, viewer = authorize(JWT), authorize(CODE)

    assert allows(partner, "iot:Connect", f"client/{CLIENT}-1")
    assert allows(viewer, "iot:Connect", f"client/{CODE[:8]}-1")
    for answer in (partner, viewer):
        assert not allows(answer, "iot:Connect", "client/dock-1")
        assert answer["principalId"].isalnum()


def test_connection_ends_with_token_or_share(authorize, claims, share) -> None:
    claims["exp"] += 1800

    assert authorize(JWT)["disconnectAfterInSeconds"] == 5400
    assert authorize(CODE)["disconnectAfterInSeconds"] == 3600


def test_connection_lasts_at_least_five_minutes(authorize, clock, share) -> None:
    clock.advance(HOUR - 1000)

    assert authorize(CODE)["disconnectAfterInSeconds"] == 300


def test_policy_is_refreshed_every_five_minutes(authorize, share) -> None:
    assert authorize(CODE)["refreshAfterInSeconds"] == 300


@pytest.mark.parametrize("groups", [0, 1, 8, 40, 300])
def test_policies_stay_within_aws_limits(authorize, fleet_registry, groups) -> None:
    for n in range(groups):
        group = DeviceGroup(id=f"a-device-group-{n}", tenant="demo", name="G")
        fleet_registry.put_group(group)

    documents = authorize(JWT)["policyDocuments"]

    assert len(documents) <= 10
    assert max(len(json.dumps(each)) for each in documents) <= 2048


def test_partner_may_subscribe_to_40_groups(authorize, fleet_registry) -> None:
    ids = [f"a-device-group-{n}" for n in range(40)]
    for group_id in ids:
        fleet_registry.put_group(DeviceGroup(id=group_id, tenant="demo", name="G"))

    answer = authorize(JWT)

    assert all(follows(answer, f"{group_id}/DEVICE/STATUS") for group_id in ids)


@pytest.mark.parametrize("password", ["", "x", "a.b.c", b"\xff", CODE])
def test_invalid_password_is_denied(authorize, password) -> None:
    assert authorize(password) == REFUSED


def test_expired_share_is_denied(authorize, clock, share) -> None:
    clock.advance(HOUR)

    assert authorize(CODE) == REFUSED


@pytest.mark.parametrize("event", [
    {"protocolData": {}}, {"protocolData": {"mqtt": {"username": "any"}}},
    {"protocolData": {"mqtt": {"password": "not base64"}}},
])  # fmt: skip
def test_connection_without_password_is_denied(invoke, event) -> None:
    assert invoke("auth/authorize_mqtt", event) == REFUSED


def test_example_event_is_allowed(invoke, share) -> None:
    assert invoke("auth/authorize_mqtt")["isAuthenticated"] is True
