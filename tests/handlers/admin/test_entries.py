"""Entries of the registry: agents, drones, projects, webhooks and limits."""

import pytest

from jobs import kinds
from jobs.messaging.wiring import wiring as messaging
from jobs.missions.errors import GroupTakenError
from jobs.missions.wiring import wiring as missions
from tests.handlers.admin.conftest import TENANT

AGENT_ID = "11111111-1111-4111-8111-111111111111"
AGENT = {
    "id": AGENT_ID, "name": "Ada", "bio": "", "order": 0, "active": True, "provider": "bedrock",
    "settings": {"modelId": "m"},
}  # fmt: skip
GROUP = {"id": "quay", "name": "Quay", "description": "By the river"}
DEVICE = {"id": "quay-1", "name": "Dock", "groupId": "quay", "rangeMeters": 5000}
MISSION = {"id": "round", "name": "Round", "waypoints": [[9.967, 53.5455, 40.0]]}
PROJECT = {
    "id": "handbook", "repository": "https://git.example/acme/handbook.git", "folder": "docs",
    "subdomain": "", "provider": "openai", "models": {"sonnet": "s", "opus": "o"},
    "settings": {"baseUrl": "https://models.example/v1"}, "defaultBranch": "trunk",
    "secret": "acme/git", "pullRequests": "acme/handbook", "allowDefaultBranch": False,
    "allowHiddenFiles": True, "githubApi": "https://github.example/api/v3",
}  # fmt: skip
WEBHOOK = {
    "id": "crm", "url": "https://hooks.example/in?token=secret", "events": ["completed"],
    "active": True,
}  # fmt: skip
ENTRIES = {
    "agents": AGENT, "device-groups": GROUP, "devices": DEVICE, "missions": MISSION,
    "projects": PROJECT, "webhooks": WEBHOOK,
}  # fmt: skip
FIELDS = {"device-groups": "deviceGroups"}


@pytest.fixture(autouse=True)
def claimed(rewire, admin) -> list[str]:
    groups: list[str] = []
    rewire(missions, claim_group=groups.append)
    return groups


@pytest.fixture
def put(ask_for):
    """Put an entry, and the group of a device first."""

    def answer(resource, entry, **headers):
        if resource == "devices":
            ask_for("put_entry", "device-groups", "quay", GROUP)
        return ask_for("put_entry", resource, entry["id"], entry, **headers)

    return answer


@pytest.mark.parametrize(("resource", "entry"), ENTRIES.items())
def test_put_entry_is_created_read_listed_and_deleted(ask_for, put, resource, entry) -> None:
    created = put(resource, entry)

    assert (created.status, created.body) == (201, entry)
    read = ask_for("get_entry", resource, entry["id"])
    assert (read.body, read.headers["ETag"]) == (entry, created.headers["ETag"])
    listed = ask_for("list_entries", resource).body
    assert listed == {FIELDS.get(resource, resource): [entry]}
    assert ask_for("delete_entry", resource, entry["id"]).body == {
        "id": entry["id"], "deleted": True,
    }  # fmt: skip
    assert ask_for("get_entry", resource, entry["id"]).status == 404


def test_put_agent_with_a_function_of_the_stack_is_created(put) -> None:
    entry = AGENT | {"provider": "lambda", "settings": {"function": "sortie-dev-agent-orders"}}

    assert put("agents", entry).body == entry


@pytest.mark.parametrize("stack", ["sortie-dev", None])
def test_put_agent_with_a_function_of_others_is_refused(rewire, put, admin, stack) -> None:
    rewire(messaging, stack=stack)
    records = len(admin.registry.records)
    entry = AGENT | {"provider": "lambda", "settings": {"function": "sortie-prod-agent-orders"}}

    refused = put("agents", entry)

    reason = "must begin with sortie-dev-agent-" if stack else "needs a stack on AWS"
    assert (refused.status, refused.body["code"]) == (400, "INVALID_REQUEST")
    assert reason in refused.body["error"]
    assert len(admin.registry.records) == records


def test_every_kind_of_entry_is_tested() -> None:
    assert {*ENTRIES, "limits"} == set(kinds.RESOURCES)


@pytest.mark.parametrize(("resource", "entry"), ENTRIES.items())
def test_unchanged_entry_is_not_written(put, admin, resource, entry) -> None:
    first = put(resource, entry)
    records = len(admin.registry.records)

    again = put(resource, entry)

    assert (again.status, again.headers["ETag"]) == (200, first.headers["ETag"])
    assert len(admin.registry.records) == records


def test_replaced_entry_has_a_new_etag_and_a_record(ask, put, clock) -> None:
    first = put("agents", AGENT)
    clock.advance(1)

    second = put("agents", AGENT | {"name": "Ben"})

    assert (second.status, second.body["name"]) == (200, "Ben")
    assert second.headers["ETag"] != first.headers["ETag"]
    [record, _] = ask("list_audit").body["records"]
    assert (record["action"], record["before"]["name"], record["after"]["name"]) == (
        "replace", "Ada", "Ben",
    )  # fmt: skip


def test_limits_of_a_tenant_are_replaced_and_reset(ask_for) -> None:
    limits = {"messagesPerMinute": 60, "agentConcurrency": 2}

    assert ask_for("put_entry", "limits", body=limits).status == 201
    assert ask_for("get_entry", "limits").body == limits
    assert ask_for("put_entry", "limits", body={}).body == {}
    assert ask_for("delete_entry", "limits").status == 200


@pytest.mark.parametrize(("resource", "changes"), [
    ("agents", {"id": "22222222-2222-4222-8222-222222222222"}), ("agents", {"name": ""}),
    ("agents", {"settings": {"modelId": ""}}), ("agents", {"settings": {"secret": "x"}}),
    ("agents", {"provider": "lambda", "settings": {}}),
    ("agents", {"provider": "lambda", "settings": {"function": "arn:aws:lambda:x"}}),
    ("agents", {"provider": "lambda", "settings": {"function": "f", "qualifier": "a b"}}),
    ("agents", {"order": "1"}), ("agents", {"surprise": 1}), ("agents", {"provider": "psychic"}),
    ("device-groups", {"name": 1}), ("device-groups", {"devices": []}),
    ("devices", {"groupId": ""}), ("devices", {"groupId": None}), ("devices", {"rangeMeters": 0}),
    ("missions", {"waypoints": []}), ("missions", {"waypoints": [[0, 100, 40]]}),
    ("missions", {"waypoints": [[9.123456789, 53.123456789, 40]] * 2000}),
    ("projects", {"repository": "https://me:word@git.example/d"}),
    ("projects", {"repository": "file:///etc/passwd"}), ("projects", {"folder": "../x"}),
    ("webhooks", {"url": "http://hooks.example/"}), ("webhooks", {"url": "https://10.0.0.1/"}),
    ("webhooks", {"events": ["ended"]}),
], ids=str)  # fmt: skip
def test_invalid_entry_is_refused(ask_for, admin, resource, changes) -> None:
    entry = ENTRIES[resource]

    answer = ask_for("put_entry", resource, entry["id"], entry | changes)

    assert (answer.status, answer.body["code"]) == (400, "INVALID_REQUEST")
    assert admin.registry.records == []


def test_refusal_names_the_field_and_not_its_value(ask_for) -> None:
    wrong = PROJECT | {"repository": "https://me:password@git.example/d"}

    error = ask_for("put_entry", "projects", "handbook", wrong).body["error"]

    assert "repository" in error
    assert "password" not in error


@pytest.mark.parametrize("body", ["[]", "null", "1", "{", ""])
def test_body_that_is_no_object_is_refused(ask, body) -> None:
    assert ask("put_entry", body=body).status == 400


def test_too_large_entry_is_refused(ask_for) -> None:
    large = AGENT | {"bio": "a" * 100_000}

    assert ask_for("put_entry", "agents", AGENT_ID, large).status == 413


# ── Conditions ──────────────────────────────────────────────────────────────────


def test_if_match_replaces_only_the_version_that_was_read(put, ask_for) -> None:
    etag = put("agents", AGENT).headers["ETag"]
    ben = AGENT | {"name": "Ben"}
    assert put("agents", ben, If_Match=etag).status == 200

    for stale in (etag, '"0"'):
        answer = put("agents", AGENT, If_Match=stale)
        assert (answer.status, answer.body["code"]) == (412, "PRECONDITION_FAILED")
        assert ask_for("delete_entry", "agents", AGENT_ID, If_Match=stale).status == 412
    assert ask_for("get_entry", "agents", AGENT_ID).body == ben


def test_if_none_match_creates_only(put) -> None:
    assert put("agents", AGENT, If_None_Match="*").status == 201
    assert put("agents", AGENT, If_None_Match="*").status == 412


def test_if_match_of_an_absent_entry_fails(put) -> None:
    assert put("agents", AGENT, If_Match="*").status == 412


@pytest.mark.parametrize("value", ["", "1", '"a", "b"', 'W/"1"', "a" * 3000])
def test_condition_that_is_no_etag_is_refused(put, value) -> None:
    assert put("agents", AGENT, If_Match=value).status == 400


# ── Tenants, groups and devices ─────────────────────────────────────────────────


def test_entry_of_unknown_tenant_is_not_created(ask_for) -> None:
    answer = ask_for("put_entry", "agents", AGENT_ID, AGENT, tenant="quay")

    assert (answer.status, answer.body["code"]) == (404, "TENANT_NOT_FOUND")


def test_device_of_unknown_group_is_not_created(ask_for) -> None:
    answer = ask_for("put_entry", "devices", "quay-1", DEVICE)

    assert (answer.status, answer.body["code"]) == (409, "PARENT_NOT_FOUND")


def test_group_with_devices_is_not_deleted(put, ask_for) -> None:
    put("devices", DEVICE)

    answer = ask_for("delete_entry", "device-groups", "quay")

    assert (answer.status, answer.body["code"]) == (409, "IN_USE")


def test_group_of_other_tenant_is_taken(put, ask, ask_for) -> None:
    put("device-groups", GROUP)
    ask("create_tenant", body='{"id": "rival"}')

    answer = ask_for("put_entry", "device-groups", "quay", GROUP, tenant="rival")

    assert (answer.status, answer.body["code"]) == (409, "ID_TAKEN")


def test_group_is_claimed_for_this_stack_before_it_is_written(put, claimed, rewire, admin) -> None:
    put("device-groups", GROUP)
    assert claimed == ["quay"]

    def refuse(group: str) -> None:
        raise GroupTakenError(group, "other", "thing-group")

    rewire(missions, claim_group=refuse)
    answer = put("device-groups", GROUP | {"name": "Pit"})

    assert (answer.status, answer.body["code"]) == (409, "ID_TAKEN")
    assert len(admin.registry.records) == 1


def test_group_of_unknown_tenant_is_not_claimed(ask_for, claimed) -> None:
    answer = ask_for("put_entry", "device-groups", "quay", GROUP, tenant="pit")

    assert (answer.status, answer.body["code"]) == (404, "TENANT_NOT_FOUND")
    assert claimed == []


@pytest.mark.parametrize("name", ["get_entry", "delete_entry"])
@pytest.mark.parametrize("entry", ["unknown", "a" * 129, "a" * 2000, "\u00fc" * 100])
def test_unknown_entry_is_not_found(ask_for, name, entry) -> None:
    answer = ask_for(name, "agents", entry)

    assert (answer.status, answer.body["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("name", ["list_entries", "get_entry", "put_entry", "delete_entry"])
@pytest.mark.parametrize("collection", ["unknown", "", "keys", "limits", "Agents", "a" * 2000])
def test_unknown_collection_is_not_found(ask, admin, name, collection) -> None:
    path = {"tenant": TENANT, "collection": collection, "entryId": AGENT_ID}

    answer = ask(name, pathParameters=path)

    assert (answer.status, answer.body["code"], answer.body["error"]) == (
        404, "NOT_FOUND", "Not found",
    )  # fmt: skip
    assert admin.registry.records == []


@pytest.mark.parametrize("resource", kinds.COLLECTIONS)
def test_route_of_the_previous_version_finds_its_collection(ask, event, resource) -> None:
    """API Gateway still sends requests of its routes while a deployment runs."""
    context = event("admin/list_entries")["requestContext"]
    path = f"/admin/tenants/{{tenant}}/{resource}"

    answer = ask("list_entries", pathParameters={"tenant": TENANT},
                 requestContext=context | {"resourcePath": path})  # fmt: skip

    assert answer.body == {FIELDS.get(resource, resource): []}


# ── Records ─────────────────────────────────────────────────────────────────────


def test_record_has_no_credentials_of_urls_and_no_long_text(ask, put, clock) -> None:
    put("webhooks", WEBHOOK)
    clock.advance(1)
    put("agents", AGENT | {
        "provider": "remote", "settings": {"baseUrl": "https://me:word@models.example/"},
        "bio": "a" * 50_000,
    })  # fmt: skip

    answer = ask("list_audit")

    [agent, webhook] = [each["after"] for each in answer.body["records"]]
    assert webhook["url"] == "https://hooks.example/in?…"
    assert agent["settings"]["baseUrl"] == "https://models.example/"
    assert len(answer.text) < 5000
    assert TENANT in answer.text
