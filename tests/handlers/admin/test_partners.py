"""Partners: programs for the missions API."""

import json
from dataclasses import replace

import pytest

from jobs.admin.errors import EntryChangedError
from jobs.admin.wiring import wiring as admin_wiring
from jobs.auth.adapters.resources import KEYS
from jobs.auth.authenticate import new_key
from jobs.kit.errors import UnavailableError
from jobs.missions.adapters.resources import PARTNERS
from jobs.missions.errors import TooManyPartnersError, TopicsTakenError
from jobs.missions.partner import Client, Role
from tests.handlers.admin.conftest import PARTNER_ID, TENANT
from tests.support import HOUR, NOON, Broken

OLD = Client(id=PARTNER_ID, tenant=TENANT, name="App", role=Role.PILOT)


def create(ask, event, idempotency_key=None, **fields):
    once = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
    headers = event("admin/create_partner")["headers"] | once
    body = json.dumps({"name": "App", "role": "pilot"} | fields)
    return ask("create_partner", headers=headers, body=body)


def address(partner):
    return {"tenant": TENANT, "partnerId": partner["id"]}


@pytest.fixture
def list_partners(ask, event):
    """List them at their own route, as API Gateway does."""
    path = "/admin/tenants/{tenant}/partners"
    context = event("admin/list_entries")["requestContext"] | {"resourcePath": path}

    def answer():
        parameters = {"tenant": TENANT}
        return ask("list_entries", pathParameters=parameters, requestContext=context).body

    return answer


def key_of(admin, partner):
    return admin.registry.find(KEYS, TENANT, partner["keyId"])


def test_created_partner_has_a_client_and_a_key_that_are_shown_once(
    ask, event, admin, list_partners
) -> None:
    answer = create(ask, event)

    shown = answer.body
    assert (answer.status, bool(shown.pop("clientSecret"))) == (201, True)
    assert shown.pop("apiKey").startswith(f"sortie_{shown['keyId']}_")
    assert list_partners() == {"partners": [shown]}
    assert (shown["name"], shown["role"]) == ("App", "pilot")
    assert shown["createdAt"] == "2026-01-01T12:00:00.000Z"
    assert admin.app_clients.roles == {shown["id"]: Role.PILOT}
    assert (key_of(admin, shown).value.opens, key_of(admin, shown).value.name) == (
        "missions", "App",
    )  # fmt: skip


@pytest.mark.parametrize("fields", [
    {"name": ""}, {"name": "a" * 65}, {"name": "a;b"}, {"name": "\u202ea"}, {"name": None},
    {"role": "admin"}, {"role": "PILOT"}, {"role": None}, {"tenant": "quay"},
], ids=str)  # fmt: skip
def test_invalid_partner_is_refused(ask, event, admin, fields) -> None:
    answer = create(ask, event, **fields)

    assert (answer.status, answer.body["code"]) == (400, "INVALID_REQUEST")
    assert admin.app_clients.roles == {}


def test_partner_of_unknown_tenant_is_not_created(ask, admin) -> None:
    answer = ask("create_partner", pathParameters={"tenant": "quay"})

    assert (answer.status, answer.body["code"]) == (404, "TENANT_NOT_FOUND")
    assert admin.app_clients.roles == {}


@pytest.mark.parametrize(("name", "old"), [("create_partner", []), ("rotate_partner", [OLD])])
@pytest.mark.parametrize(("error", "status"), [
    (UnavailableError("ThrottlingException"), 503), (EntryChangedError(), 409),
])  # fmt: skip
def test_client_whose_entry_is_not_written_is_deleted(  # noqa: PLR0913, PLR0917
    ask, admin, monkeypatch, name, old, error, status
) -> None:
    for each in old:
        admin.add(each)

    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(admin.registry, "commit", refuse)

    assert ask(name).status == status
    assert admin.app_clients.roles == {}


def test_repeated_create_returns_the_partner_without_its_secrets(ask, event, admin) -> None:
    first = create(ask, event, "once")

    second = create(ask, event, "once")

    assert (first.status, second.status) == (201, 200)
    secrets = {"clientSecret", "apiKey"}
    assert second.body == {name: it for name, it in first.body.items() if name not in secrets}
    assert len(admin.app_clients.roles) == 1


@pytest.mark.parametrize("fields", [{"name": "Other"}, {"role": "viewer"}], ids=str)
def test_other_create_with_the_same_idempotency_key_is_refused(ask, event, admin, fields) -> None:
    create(ask, event, "once")

    answer = create(ask, event, "once", **fields)

    assert (answer.status, answer.body["code"]) == (409, "IDEMPOTENCY_CONFLICT")
    assert len(admin.app_clients.roles) == 1


def test_rotated_partner_works_until_the_overlap_ends(
    ask, event, admin, clock, list_partners
) -> None:
    old = create(ask, event, role="manager").body
    clock.advance(HOUR)

    new = ask("rotate_partner", pathParameters=address(old), body='{"overlapSeconds": 60}')

    assert (new.status, new.body["name"], new.body["role"]) == (201, "App", "manager")
    [retired] = [each for each in list_partners()["partners"] if each["id"] == old["id"]]
    assert (retired["expiresAt"], retired["replacedBy"]) == (
        "2026-01-01T13:01:00.000Z", new.body["id"],
    )  # fmt: skip
    assert key_of(admin, old).value.expires_at == NOON + HOUR + 60_000
    assert key_of(admin, new.body).value.expires_at is None
    assert {*admin.app_clients.roles} == {old["id"], new.body["id"]}


def test_rotation_does_not_prolong_the_previous_key(ask, event, admin) -> None:
    old = create(ask, event).body
    key = key_of(admin, old).value
    admin.add(replace(key, expires_at=NOON + 1))

    ask("rotate_partner", pathParameters=address(old))

    assert key_of(admin, old).value.expires_at == NOON + 1


def test_partner_is_rotated_once(ask, admin) -> None:
    admin.add(OLD)
    new = ask("rotate_partner").body

    again = ask("rotate_partner")

    assert (again.status, again.body["code"]) == (409, "PARTNER_ROTATED")
    assert new["id"] in again.body["error"]


def test_repeated_rotation_returns_the_new_partner_without_its_secrets(ask, event, admin) -> None:
    admin.add(OLD)
    headers = event("admin/rotate_partner")["headers"] | {"Idempotency-Key": "once"}
    first = ask("rotate_partner", headers=headers)

    second = ask("rotate_partner", headers=headers)

    assert (first.status, second.status) == (201, 200)
    assert (second.body["id"], "apiKey" in second.body) == (first.body["id"], False)


def test_expired_partner_is_not_rotated(ask, admin) -> None:
    admin.add(replace(OLD, expires_at=NOON))

    answer = ask("rotate_partner")

    assert (answer.status, answer.body["code"]) == (409, "PARTNER_EXPIRED")


def test_revoked_partner_has_neither_client_nor_key(ask, event, admin, list_partners) -> None:
    kept, gone = create(ask, event).body, create(ask, event).body

    answer = ask("revoke_partner", pathParameters=address(gone))

    assert answer.body == {"id": gone["id"], "deleted": True}
    assert [each["id"] for each in list_partners()["partners"]] == [kept["id"]]
    assert {*admin.app_clients.roles} == {kept["id"]}
    assert (key_of(admin, gone), bool(key_of(admin, kept))) == (None, True)
    assert ask("revoke_partner", pathParameters=address(gone)).status == 404


def test_revoked_partner_loses_the_key_that_replaced_its_own(ask, event, admin) -> None:
    partner = create(ask, event).body
    path = {"tenant": TENANT, "keyId": partner["keyId"]}
    successor = ask("rotate_key", pathParameters=path).body["id"]

    ask("revoke_partner", pathParameters=address(partner))

    assert admin.registry.find(KEYS, TENANT, successor) is None


def test_revoked_predecessor_leaves_the_new_partner_its_key(ask, event, admin) -> None:
    old = create(ask, event).body
    new = ask("rotate_partner", pathParameters=address(old)).body

    ask("revoke_partner", pathParameters=address(old))

    assert key_of(admin, old) is None
    assert key_of(admin, new)


def test_failed_revocation_is_repeated(ask, admin, monkeypatch) -> None:
    admin.add(OLD)
    broken = UnavailableError("ThrottlingException")
    with monkeypatch.context() as patch:
        patch.setattr(admin.registry, "commit", lambda *_: (_ for _ in ()).throw(broken))
        assert ask("revoke_partner").status == 503

    assert ask("revoke_partner").status == 200
    assert admin.registry.find(PARTNERS, TENANT, PARTNER_ID) is None


def test_provider_without_room_returns_409_and_writes_nothing(ask, admin, rewire) -> None:
    admin.add(OLD)
    rewire(admin_wiring, app_clients=Broken(TooManyPartnersError()))

    for name in ("create_partner", "rotate_partner"):
        answer = ask(name)
        assert (answer.status, answer.body["code"]) == (409, "TOO_MANY_PARTNERS")
    assert admin.registry.records == []


def test_tenant_with_topics_of_another_gets_no_partner(ask, admin, rewire) -> None:
    def refuse(tenant: str) -> None:
        raise TopicsTakenError(tenant)

    admin.add(OLD)
    rewire(admin_wiring, claim_topics=refuse)

    for name in ("create_partner", "rotate_partner"):
        answer = ask(name)
        assert (answer.status, answer.body["code"]) == (409, "TOPICS_TAKEN")
    assert admin.registry.records == []


def test_provider_that_does_not_answer_returns_503_and_writes_nothing(ask, admin, rewire) -> None:
    admin.add(OLD)
    rewire(admin_wiring, app_clients=Broken(UnavailableError("TooManyRequestsException")))

    for name in ("create_partner", "rotate_partner", "revoke_partner"):
        assert ask(name).status == 503
    assert admin.registry.records == []


@pytest.mark.parametrize("name", ["rotate_partner", "revoke_partner"])
@pytest.mark.parametrize("partner_id", ["unknown", "", "a" * 129, "a b", "\u00fc"])
def test_unknown_partner_is_not_found(ask, admin, name, partner_id) -> None:
    answer = ask(name, pathParameters={"tenant": TENANT, "partnerId": partner_id})

    assert (answer.status, answer.body["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("name", ["rotate_partner", "revoke_partner"])
def test_partner_of_other_tenant_is_not_found(ask, admin, name) -> None:
    admin.add(replace(OLD, tenant="quay"))

    assert ask(name).status == 404


def test_partner_of_an_earlier_version_is_listed_and_revoked(ask, admin, list_partners) -> None:
    admin.add(OLD)
    shared = new_key(TENANT, opens="missions")[1]
    admin.add(shared)

    assert list_partners()["partners"] == [{"id": PARTNER_ID, "name": "App", "role": "pilot"}]
    assert ask("revoke_partner").status == 200
    assert admin.registry.find(KEYS, TENANT, shared.id)


def test_tenant_with_a_partner_is_not_deleted(ask, admin) -> None:
    admin.add(OLD)

    assert ask("delete_tenant").body["code"] == "IN_USE"
