"""`sortie admin`."""

import json

import pytest

from client.tests.responses import ok
from client.tests.test_admin import AGENT, KEY, KEY_ID, PARTNER, RECORD, TENANT, USAGE

SECRET = f"mint_{KEY_ID}_secret"
DELETED = {"id": KEY_ID, "deleted": True}


def test_keys_list_prints_a_line_per_key(sortie, server) -> None:
    server.will(ok({"keys": [KEY, KEY | {"id": "ba9876543210", "replacedBy": KEY_ID}]}))

    result = sortie("admin", "keys", "list", "--tenant", "acme")

    assert [line.split("\t")[0] for line in result.out.splitlines()] == [KEY_ID, "ba9876543210"]
    assert f"(replaced by {KEY_ID})" in result.out
    assert server.paths == ["GET /admin/tenants/acme/keys"]


def test_keys_create_prints_only_the_secret_to_standard_output(sortie, server) -> None:
    server.will(ok(KEY | {"secret": SECRET}, 201))

    result = sortie("admin", "keys", "create", "ci", "--tenant", "acme", "--api", "docs")

    assert (result.code, result.out) == (0, f"{SECRET}\n")
    assert SECRET not in result.err
    assert server.bodies == [{"name": "ci", "api": "docs", "scopes": ["read", "write"]}]


@pytest.mark.parametrize(("options", "agents"), [([], "*"), (["--agent", "a"], ["a"])])
def test_keys_of_workers_are_for_some_agents_or_all(sortie, server, options, agents) -> None:
    server.will(ok(KEY | {"secret": SECRET}, 201))

    sortie("admin", "keys", "create", "gpu", "--tenant", "acme", "--api", "workers", *options)

    assert server.bodies == [{"name": "gpu", "api": "workers", "agents": agents}]


def test_keys_create_whose_secret_is_lost_says_what_to_do(sortie, server) -> None:
    server.will(ok(KEY))

    result = sortie("admin", "keys", "create", "ci", "--tenant", "acme")

    assert result.out == ""
    assert "Rotate" in result.err


def test_partners_create_prints_variables_for_programs(sortie, server) -> None:
    server.will(ok(PARTNER | {"clientSecret": "s3cret", "apiKey": SECRET}, 201))

    result = sortie("admin", "partners", "create", "App", "--role", "pilot", "--tenant", "acme")

    assert result.code == 0
    assert result.out.splitlines() == [
        f"SORTIE_MISSIONS_API_KEY={SECRET}", "SORTIE_CLIENT_ID=app", "SORTIE_CLIENT_SECRET=s3cret",
    ]  # fmt: skip
    assert "s3cret" not in result.err


def test_partners_are_listed_rotated_and_revoked(sortie, server) -> None:
    server.will(
        ok({"partners": [PARTNER, PARTNER | {"id": "old", "replacedBy": "app"}]}), ok(PARTNER),
        ok({"id": "app", "deleted": True}),
    )  # fmt: skip
    about = ("--tenant", "acme", "--yes")

    listed = sortie("admin", "partners", "list", "--tenant", "acme")
    rotated = sortie("admin", "partners", "rotate", "app", "--overlap", "0", *about)
    revoked = sortie("admin", "partners", "revoke", "app", *about)

    assert [line.split("\t")[0] for line in listed.out.splitlines()] == ["app", "old"]
    assert "(replaced by app)" in listed.out
    assert (rotated.out, "Rotate" in rotated.err) == ("", True)
    assert revoked.code == 0
    assert server.bodies == [{"overlapSeconds": 0}]


def test_keys_of_operators_have_no_tenant(sortie, server) -> None:
    server.will(ok({"keys": []}))

    assert sortie("admin", "keys", "list", "--operators").code == 0
    assert server.paths == ["GET /admin/keys"]


@pytest.mark.parametrize("arguments", [
    ["keys", "list"],
    ["keys", "list", "--operators", "--tenant", "acme"],
    ["keys", "revoke", KEY_ID, "--tenant", "acme"],
    ["keys", "rotate", KEY_ID, "--tenant", "acme"],
    ["partners", "create", "App", "--tenant", "acme"],
    ["partners", "revoke", "app", "--tenant", "acme"],
    ["partners", "rotate", "app", "--tenant", "acme"],
    ["tenants", "delete", "acme"],
    ["agents", "delete", "a-1", "--tenant", "acme"],
    ["agents", "put", "--tenant", "acme"],
    ["agents", "put", "no such file", "--tenant", "acme"],
    ["limits", "delete", "--tenant", "acme"],
    ["usage"],
    ["usage", "--tenant", "acme", "--since", "yesterday"],
])  # fmt: skip
def test_incomplete_or_unconfirmed_command_sends_nothing(sortie, server, arguments) -> None:
    assert sortie("admin", *arguments).code == 2
    assert server.requests == []


def test_confirmed_commands_change_and_delete(sortie, server) -> None:
    server.will(ok(DELETED), ok(KEY | {"secret": SECRET}, 201), ok({"id": "acme", "deleted": True}))

    assert sortie("admin", "keys", "revoke", KEY_ID, "--tenant", "acme", "--yes").code == 0
    rotated = sortie("admin", "keys", "rotate", KEY_ID, "--tenant", "acme", "-y", "--overlap", "60")
    assert sortie("admin", "tenants", "delete", "acme", "--yes").code == 0

    assert rotated.out == f"{SECRET}\n"
    assert [path.split()[0] for path in server.paths] == ["DELETE", "POST", "DELETE"]
    assert server.bodies == [{"overlapSeconds": 60}]


def test_revoke_in_a_terminal_asks_first(spawn, server) -> None:
    child = spawn("admin", "keys", "revoke", KEY_ID, "--tenant", "acme")
    child.expect("programs lose access")
    child.sendline("n")
    child.wait()
    assert server.requests == []

    server.will(ok(DELETED))
    child = spawn("admin", "keys", "revoke", KEY_ID, "--tenant", "acme")
    child.expect("programs lose access")
    child.sendline("y")
    child.expect(f"revoked {KEY_ID}")


def test_tenants_are_created_listed_and_shown(sortie, server) -> None:
    server.will(ok(TENANT, 201), ok({"tenants": [TENANT]}), ok(TENANT), ok(TENANT))

    sortie("admin", "tenants", "create", "acme", "--name", "Acme")
    listed = sortie("admin", "tenants", "list")
    sortie("admin", "tenants", "rename", "acme", "Acme")
    shown = sortie("admin", "tenants", "get", "acme", "--json")

    assert server.bodies == [{"id": "acme", "name": "Acme"}, {"name": "Acme"}]
    assert listed.out.startswith("acme\t")
    assert json.loads(shown.out) == TENANT


def test_audit_prints_as_many_changes_as_wanted(sortie, server) -> None:
    server.will(ok({"records": [RECORD] * 3, "nextCursor": "YQ=="}))

    result = sortie("admin", "audit", "--limit", "2")

    assert [line.split("\t")[1:] for line in result.out.splitlines()] == [
        ["ops", "create", "keys", "acme", KEY_ID]
    ] * 2


def test_usage_prints_days_then_the_total(sortie, server) -> None:
    server.will(ok(USAGE))

    result = sortie("admin", "usage", "--tenant", "acme", "--until", "2026-01-30")

    lines = [line.split("\t") for line in result.out.splitlines()]
    assert [line[0] for line in lines] == ["2026-01-02"] * 3 + ["total"] * 3
    assert [line[1:] for line in lines[:3]] == [
        ["docs", "2 succeeded, 1 failed, 61.5 s, 1200 tokens in, 300 out"],
        ["webhooks", "5 attempts"],
        ["payments", "2 payments, 0.040000 USDC on base"],
    ]
    assert server.paths == ["GET /admin/usage?tenant=acme&to=2026-01-30"]


def test_tenant_variable_is_the_default_tenant(sortie, server, monkeypatch) -> None:
    monkeypatch.setenv("SORTIE_TENANT", "acme")
    server.will(ok(USAGE))

    assert sortie("admin", "usage", "--json").code == 0
    assert server.paths == ["GET /admin/usage?tenant=acme"]


def test_entries_are_put_from_a_file_or_standard_input(sortie, server, tmp_path) -> None:
    (tmp_path / "agent.json").write_text(json.dumps(AGENT))
    server.will(ok(AGENT, 201), ok(AGENT), ok({"messagesPerMinute": 60}))

    assert sortie("admin", "agents", "put", "agent.json", "--tenant", "acme").code == 0
    sortie("admin", "agents", "put", "--tenant", "acme", stdin=json.dumps(AGENT))
    sortie("admin", "limits", "put", "--tenant", "acme", stdin='{"messagesPerMinute": 60}')

    assert server.bodies == [AGENT, AGENT, {"messagesPerMinute": 60}]


def test_entries_without_an_id_are_not_sent(sortie, server) -> None:
    result = sortie("admin", "agents", "put", "--tenant", "acme", stdin='{"name": "Ada"}')

    assert result.code == 2
    assert "needs an id" in result.err


def test_entries_are_listed_shown_and_deleted(sortie, server) -> None:
    group = {"id": "quay", "name": "Quay", "description": "At the river"}
    deleted = ok({"id": "quay", "deleted": True})
    server.will(ok({"deviceGroups": [group]}), ok(group), deleted, ok({"missions": []}), deleted)

    listed = sortie("admin", "groups", "list", "--tenant", "acme")
    shown = sortie("admin", "groups", "get", "quay", "--tenant", "acme")
    removed = sortie("admin", "groups", "delete", "quay", "--tenant", "acme", "--yes")
    sortie("admin", "missions", "list", "--tenant", "acme", "--json")
    sortie("admin", "limits", "delete", "--tenant", "acme", "--yes")

    assert listed.out == "quay\tQuay\tAt the river\n"
    assert json.loads(shown.out) == group
    assert removed.err == "deleted quay\n"
    assert server.paths[2] == "DELETE /admin/tenants/acme/device-groups/quay"
