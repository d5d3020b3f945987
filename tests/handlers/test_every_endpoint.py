"""Every endpoint of every API, on its example event: a wrong or missing event fails.

The endpoints are the files in functions/. Each has an event that it answers with success, in a
world with all that the events name. `tests/streams` tests the streaming endpoints.
"""

import base64
import re
from typing import Final

import pytest

from jobs import kinds
from jobs.admin.tenant import TENANTS
from jobs.auth.adapters.resources import KEYS
from jobs.core.ids import is_uuid
from jobs.messaging.agent import Agent
from jobs.missions.adapters.resources import PARTNERS
from local.cloud.template import load_template
from local.kit.paths import ROOT
from scripts.openapi.apis import APIS
from tests.handlers.admin.conftest import KEY_ID, PARTNER_ID
from tests.handlers.admin.conftest import TENANT as MANAGED
from tests.handlers.conftest import AGENT_ID
from tests.handlers.everything import *  # noqa: F403 - fixtures
from tests.handlers.everything import ENDPOINTS, load

ROUTES: Final = {
    (each["Properties"]["Handler"].removesuffix(".lambda_handler").replace(".", "/"), *at)
    for each in load_template(ROOT / "template.yaml")["Resources"].values()
    if each["Type"] == "AWS::Serverless::Function"
    for event in each["Properties"].get("Events", {}).values()
    if event["Type"] == "Api"
    for at in [(event["Properties"]["Method"], event["Properties"]["Path"])]
}
SUCCESS: Final = {
    f"{name}/{each.handler or each.name}": max(s for s in each.responses if s // 100 == 2)
    for name, api in APIS.items()
    for each in api.operations
}
WITH_BODY: Final = [each for each in ENDPOINTS if load(each)["body"]]
WITH_ID: Final = [
    each
    for each in ENDPOINTS
    if any(map(is_uuid, [*(load(each)["pathParameters"] or {}).values()]))
    or is_uuid((load(each)["queryStringParameters"] or {}).get("jobId", ""))
]


def status_of(endpoint: str) -> int:
    """Return the status of success. The page and its files have no document."""
    return 302 if endpoint == "openapi/get_root" else SUCCESS.get(endpoint, 200)


@pytest.fixture(autouse=True)
def prepared(everything, admin, endpoint) -> None:
    """Remove what an event of its own creates, or what hinders its deletion."""
    match endpoint:
        case "admin/create_tenant":
            admin.registry.remove(TENANTS, MANAGED, MANAGED)
        case "admin/get_entry" | "admin/delete_entry":
            agent = Agent(id=AGENT_ID, name="Echo")
            admin.registry.put(kinds.resource("agents"), MANAGED, AGENT_ID, agent)
        case "admin/delete_tenant":
            admin.registry.remove(KEYS, MANAGED, KEY_ID)
            admin.registry.remove(PARTNERS, MANAGED, PARTNER_ID)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_event_is_a_request_to_a_route_of_its_endpoint(endpoint) -> None:
    event = load(endpoint)
    context = event["requestContext"]
    given = event["pathParameters"] or {}

    assert (endpoint, event["httpMethod"], event["resource"]) in ROUTES
    assert (context["httpMethod"], context["resourcePath"]) == (
        event["httpMethod"], event["resource"],
    )  # fmt: skip
    assert event["path"] == event["resource"].format_map(given)
    assert context["path"] == f"/{context['stage']}{event['path']}"
    for one, several in (("headers", "multiValueHeaders"),
                         ("queryStringParameters", "multiValueQueryStringParameters")):  # fmt: skip
        assert {k: [v] for k, v in (event[one] or {}).items()} == (event[several] or {})


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_event_is_answered_with_success(invoke, endpoint) -> None:
    assert invoke(endpoint)["statusCode"] == status_of(endpoint)


@pytest.mark.parametrize("endpoint", WITH_ID)
def test_id_in_capitals_is_found(invoke, endpoint) -> None:
    event = load(endpoint)
    for field in ("pathParameters", "queryStringParameters"):
        event[field] = {
            name: value.upper() if is_uuid(value) else value
            for name, value in (event[field] or {}).items()
        }

    assert invoke(endpoint, event)["statusCode"] == status_of(endpoint)


@pytest.mark.parametrize("endpoint", WITH_BODY)
@pytest.mark.parametrize("encoded", [True, False])
def test_body_that_is_not_utf8_is_400_and_changes_nothing(invoke, world, endpoint, encoded) -> None:
    before = [*world.repository.changes]
    event = load(endpoint)
    sent = event["body"].replace("{", '{"\u00fc": 0, ', 1).encode("latin-1")
    event["isBase64Encoded"] = encoded
    event["body"] = base64.b64encode(sent).decode() if encoded else sent.decode(errors="replace")

    answer = invoke(endpoint, event)

    assert answer["statusCode"] == 400
    assert "UTF-8" in answer["body"]
    assert world.repository.changes == before


@pytest.mark.parametrize("endpoint", WITH_BODY)
def test_integers_written_as_floats_are_taken(invoke, endpoint) -> None:
    event = load(endpoint)
    body = re.sub(r'(": \d+)(?=[,}])', r"\1.0", event["body"])

    assert invoke(endpoint, event | {"body": body})["statusCode"] == status_of(endpoint)


@pytest.mark.parametrize("endpoint", WITH_BODY)
def test_body_after_byte_order_mark_is_taken(invoke, endpoint) -> None:
    event = load(endpoint)

    answer = invoke(endpoint, event | {"body": "\ufeff" + event["body"]})

    assert answer["statusCode"] == status_of(endpoint)
