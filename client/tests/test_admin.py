"""The admin API: `sortie.admin`."""

from dataclasses import replace
from datetime import UTC, date, datetime

import httpx
import pytest

from client.tests.conftest import SETTINGS
from client.tests.responses import NOON, error, ok
from sortie_client import ConflictError, InvalidIdError, NotConfiguredError

KEY_ID = "0123456789ab"
TENANT = {"id": "acme", "name": "Acme", "createdAt": NOON}
KEY = {
    "id": KEY_ID, "api": "docs", "prefix": f"mint_{KEY_ID}", "name": "ci", "scopes": ["read"],
    "createdAt": NOON, "lastUsedAt": NOON,
}  # fmt: skip
PARTNER = {"id": "app", "name": "App", "role": "pilot", "keyId": KEY_ID, "createdAt": NOON}
RECORD = {
    "id": "r-1", "at": NOON, "actor": {"name": "ops", "keyId": KEY_ID}, "action": "create",
    "resource": "keys", "tenant": "acme", "entry": KEY_ID, "after": {"name": "ci"},
}  # fmt: skip
COUNTS = {
    "jobs": [{
        "dialect": "docs", "succeeded": 2, "failed": 1, "cancelled": 0, "timedOut": 0,
        "runSeconds": 61.5, "inputTokens": 1200, "outputTokens": 300,
    }],
    "webhookAttempts": 5,
    "payments": [{"network": "base", "asset": "USDC", "count": 2, "amount": "40000"}],
}  # fmt: skip
USAGE = {
    "tenant": "acme", "firstDay": "2026-01-01", "lastDay": "2026-01-30", "total": COUNTS,
    "days": [{"day": "2026-01-02", **COUNTS}],
}  # fmt: skip


def test_call_authenticates_with_the_admin_key(caller, server) -> None:
    server.will(ok({"tenants": []}))

    assert not caller.call(lambda sortie: sortie.admin.list_tenants())

    assert server.headers("X-API-Key") == ["admin-key"]


def test_call_without_admin_key_sends_nothing(caller, server) -> None:
    with pytest.raises(NotConfiguredError, match="SORTIE_ADMIN_KEY"):
        caller.call(
            lambda sortie: sortie.admin.list_tenants(), settings=replace(SETTINGS, admin_key=None)
        )

    assert server.requests == []


def test_tenant_lives_and_ends(client, server) -> None:
    server.will(ok(TENANT, 201), ok(TENANT), ok(TENANT), ok({"id": "acme", "deleted": True}))

    created = client.admin.create_tenant("acme")
    client.admin.rename_tenant("acme", "Acme")
    client.admin.get_tenant("acme")
    client.admin.delete_tenant("acme")

    assert created.created_at == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert server.paths == [
        "POST /admin/tenants",
        "PUT /admin/tenants/acme",
        "GET /admin/tenants/acme",
        "DELETE /admin/tenants/acme",
    ]
    assert server.bodies == [{"id": "acme"}, {"name": "Acme"}]


def test_delete_tenant_in_use_raises_conflict(client, server) -> None:
    server.will(error(409, "Tenant acme still has entries", "IN_USE"))

    with pytest.raises(ConflictError, match="IN_USE"):
        client.admin.delete_tenant("acme")


def test_list_follows_all_pages(caller, server) -> None:
    server.will(
        ok({"tenants": [TENANT], "nextCursor": "YQ=="}), ok({"tenants": [TENANT | {"id": "b"}]})
    )

    found = caller.call(lambda sortie: sortie.admin.list_tenants())

    assert [each.id for each in found] == ["acme", "b"]
    assert server.paths == ["GET /admin/tenants", "GET /admin/tenants?cursor=YQ%3D%3D"]


def test_create_key_returns_the_secret_and_hides_it(client, server) -> None:
    server.will(httpx.ReadError("lost"), ok(KEY | {"secret": "mint_whole"}, 201))

    key = client.admin.create_key("acme", "ci", api="docs", scopes=["read"], expires_in_days=30)

    assert key.secret == "mint_whole"
    assert "mint_whole" not in repr(key)
    assert server.paths == ["POST /admin/tenants/acme/keys"] * 2
    assert len(set(server.headers("Idempotency-Key"))) == 1
    assert server.bodies[0] == {
        "name": "ci", "api": "docs", "scopes": ["read"], "expiresInDays": 30
    }  # fmt: skip


def test_partner_lives_and_ends(client, server) -> None:
    secrets = {"clientSecret": "s3cret", "apiKey": "sortie_whole"}
    server.will(
        ok(PARTNER | secrets, 201), ok({"partners": [PARTNER]}), ok(PARTNER | secrets, 201),
        ok({"id": "app", "deleted": True}),
    )  # fmt: skip

    made = client.admin.create_partner("acme", "App", "pilot")
    [listed] = client.admin.list_partners("acme")
    client.admin.rotate_partner("acme", "app", overlap_seconds=60)
    client.admin.revoke_partner("acme", "app")

    assert (made.client_secret, made.api_key) == ("s3cret", "sortie_whole")
    assert not [secret for secret in secrets.values() if secret in repr(made)]
    assert (listed.role, listed.key_id, listed.api_key) == ("pilot", KEY_ID, None)
    assert server.paths == [
        "POST /admin/tenants/acme/partners",
        "GET /admin/tenants/acme/partners",
        "POST /admin/tenants/acme/partners/app/rotate",
        "DELETE /admin/tenants/acme/partners/app",
    ]
    assert server.bodies == [{"name": "App", "role": "pilot"}, {"overlapSeconds": 60}]
    assert [bool(each) for each in server.headers("Idempotency-Key")] == [True, False] * 2


def test_rotate_and_revoke_address_the_key(client, server) -> None:
    server.will(ok(KEY | {"secret": "new"}, 201), ok({"id": KEY_ID, "deleted": True}))

    client.admin.rotate_key("acme", KEY_ID, overlap_seconds=0)
    client.admin.revoke_key("acme", KEY_ID)

    assert server.bodies == [{"overlapSeconds": 0}]
    assert server.paths == [
        f"POST /admin/tenants/acme/keys/{KEY_ID}/rotate",
        f"DELETE /admin/tenants/acme/keys/{KEY_ID}",
    ]


def test_keys_without_tenant_are_those_of_the_admin_api(client, server) -> None:
    server.will(ok({"keys": [KEY]}), ok(KEY | {"secret": "new"}, 201))

    client.admin.list_keys()
    client.admin.create_key(None, "ops")

    assert server.paths == ["GET /admin/keys", "POST /admin/keys"]
    assert server.bodies == [{"name": "ops"}]


def test_audit_is_read_page_by_page(caller, server) -> None:
    server.will(ok({"records": [RECORD, RECORD], "nextCursor": "YQ=="}), ok({"records": [RECORD]}))

    records = caller.collect(lambda sortie: sortie.admin.list_audit("acme"))

    assert [each.actor.key_id for each in records] == [KEY_ID] * 3
    assert server.paths == [
        "GET /admin/audit?tenant=acme",
        "GET /admin/audit?tenant=acme&cursor=YQ%3D%3D",
    ]


def test_usage_of_a_key_decodes_days_and_total(caller, server) -> None:
    server.will(ok(USAGE | {"key": KEY_ID}))

    usage = caller.call(
        lambda sortie: sortie.admin.get_usage("acme", key=KEY_ID, since=date(2026, 1, 1))
    )

    assert server.paths == [f"GET /admin/usage?tenant=acme&key={KEY_ID}&from=2026-01-01"]
    assert (usage.first_day, usage.days[0].day) == ("2026-01-01", "2026-01-02")
    assert usage.total.jobs[0].run_seconds == 61.5
    assert usage.total.payments[0].amount == "40000"


AGENT = {"id": "a-1", "name": "Ada", "provider": "echo", "settings": {}}


def test_entries_are_put_read_listed_and_deleted(caller, server) -> None:
    deleted = ok({"id": "a-1", "deleted": True})
    found, page = ok(AGENT, ETag='"v1"'), ok({"agents": [AGENT]})
    server.will(ok(AGENT, 201, ETag='"v1"'), ok(AGENT), found, page, deleted)

    put = caller.call(lambda sortie: sortie.admin.put_entry("acme", "agents", AGENT))
    caller.call(lambda it: it.admin.put_entry("acme", "agents", AGENT, if_match=put.etag))
    got = caller.call(lambda sortie: sortie.admin.get_entry("acme", "agents", "a-1"))
    [listed] = caller.call(lambda sortie: sortie.admin.list_entries("acme", "agents"))
    caller.call(lambda sortie: sortie.admin.delete_entry("acme", "agents", "a-1"))

    assert (put.etag, got.raw, listed.name) == ('"v1"', AGENT, "Ada")
    assert server.headers("If-Match") == [None, '"v1"', None, None, None]
    assert server.bodies == [AGENT, AGENT]
    assert [path.split()[0] for path in server.paths] == ["PUT", "PUT", "GET", "GET", "DELETE"]
    assert {path.split()[1] for path in server.paths} == {
        "/admin/tenants/acme/agents", "/admin/tenants/acme/agents/a-1"
    }  # fmt: skip


def test_device_groups_are_listed_from_their_own_field(client, server) -> None:
    server.will(ok({"deviceGroups": [{"id": "quay", "name": "Quay"}]}))

    [group] = client.admin.list_entries("acme", "device-groups")

    assert (group.id, group.name) == ("quay", "Quay")


def test_limits_are_one_entry_without_an_id(client, server) -> None:
    limits = {"messagesPerMinute": 60}
    server.will(ok(limits, 201), ok(limits), ok({"id": "limits", "deleted": True}))

    client.admin.put_entry("acme", "limits", limits)
    client.admin.get_entry("acme", "limits")
    client.admin.delete_entry("acme", "limits")

    assert {path.split()[1] for path in server.paths} == {"/admin/tenants/acme/limits"}


def test_entry_without_an_id_is_not_sent(client, server) -> None:
    with pytest.raises(InvalidIdError):
        client.admin.put_entry("acme", "agents", {"name": "Ada"})

    assert server.requests == []
