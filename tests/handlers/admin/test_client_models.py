"""The Python client understands the responses of the admin API."""

import pytest

from jobs.auth.authenticate import new_key
from jobs.missions.partner import Client, Role
from sortie_client._core.models import decode
from sortie_client.admin.models import (
    AuditPage,
    Key,
    KeyPage,
    Partner,
    Tenant,
    TenantPage,
    Usage,
)
from tests.handlers.admin.conftest import KEY_ID, PARTNER_ID, TENANT


@pytest.mark.parametrize(("endpoint", "model"), [
    ("get_tenant", Tenant),
    ("list_tenants", TenantPage),
    ("create_key", Key),
    ("rotate_key", Key),
    ("list_keys", KeyPage),
    ("create_partner", Partner),
    ("rotate_partner", Partner),
    ("list_audit", AuditPage),
    ("get_usage", Usage),
])  # fmt: skip
def test_response_is_decoded(ask, admin, endpoint, model) -> None:
    admin.add(new_key(TENANT, key_id=KEY_ID, name="ci")[1])
    admin.add(Client(id=PARTNER_ID, tenant=TENANT, name="App", role=Role.PILOT))
    ask("rename_tenant")  # leaves an audit record

    answer = ask(endpoint)

    assert answer.status in {200, 201}
    assert decode(model, answer.body).raw == answer.body
