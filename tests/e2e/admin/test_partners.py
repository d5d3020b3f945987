"""A partner's life, from the admin API to the missions API."""

from uuid import uuid4

from tests.e2e.admin.test_keys import send
from tests.e2e.api import Api
from tests.e2e.partners import Partner


def test_partner_lives_from_its_creation_to_its_revocation(stack) -> None:
    operator = Api(stack.base_url, stack.seeded["admin"]["apiKey"], "")
    tenant = f"t-{uuid4().hex[:12]}"
    path = f"/admin/tenants/{tenant}"
    operator.post("/admin/tenants", {"id": tenant})

    def enrolled(where: str, body: object) -> Partner:
        made = operator.post(where, body, {"Idempotency-Key": uuid4().hex}).json
        return Partner(stack.base_url, tenant, made["apiKey"], made["id"], made["clientSecret"])

    first = enrolled(f"{path}/partners", {"name": "Inspections", "role": "viewer"})
    assert first.get("/v3/resources").status == 200

    second = enrolled(f"{path}/partners/{first.client_id}/rotate", {"overlapSeconds": 0})
    assert first.ask_for_token().status == 403
    assert second.get("/v3/resources").status == 200

    listed = operator.get(f"{path}/partners").json["partners"]
    assert {each["id"] for each in listed} == {first.client_id, second.client_id}
    keys = {each["id"]: each for each in operator.get(f"{path}/keys").json["keys"]}
    assert all("lastUsedAt" in keys[each["keyId"]] for each in listed)
    for each in (first, second):
        assert send(operator, "DELETE", f"{path}/partners/{each.client_id}").status == 200
    assert second.ask_for_token().status == 403
    assert send(operator, "DELETE", path).status == 200
