"""Entries of the registry, from the admin API to the APIs that use them."""

import json
from uuid import uuid4

from tests.e2e.admin.test_keys import send
from tests.e2e.api import Api

BOTH_WAYS = True


def test_agent_of_an_operator_answers_to_a_key_of_an_operator(stack) -> None:
    operator = Api(stack.base_url, stack.seeded["admin"]["apiKey"], "")
    tenant, agent = f"t-{uuid4().hex[:12]}", str(uuid4())
    path = f"/admin/tenants/{tenant}"
    operator.post("/admin/tenants", {"id": tenant})
    entry = {"id": agent, "name": "Mine", "provider": "echo"}
    assert send(operator, "PUT", f"{path}/agents/{agent}", entry).status == 201
    assert operator.get(f"{path}/agents/{agent}").headers["etag"]
    assert send(operator, "PUT", f"{path}/limits", {"messagesPerMinute": 60}).status == 201

    key = operator.post(f"{path}/keys", {"api": "messaging", "name": "app"}).json["secret"]

    caller = Api(stack.base_url, key, tenant)
    answered = caller.until(caller.create("Hello"))
    assert answered["agentId"] == agent
    assert caller.ask().headers["x-ratelimit-limit"] == "60"


def test_drones_are_deleted_from_the_device_to_the_group(stack) -> None:
    operator = Api(stack.base_url, stack.seeded["admin"]["apiKey"], "")
    tenant = f"t-{uuid4().hex[:12]}"
    path = f"/admin/tenants/{tenant}"
    operator.post("/admin/tenants", {"id": tenant})
    group, device = f"{tenant}-quay", f"{tenant}-1"
    entries = {
        f"{path}/device-groups/{group}": {"id": group, "name": "Quay"},
        f"{path}/devices/{device}": {"id": device, "name": "Dock", "groupId": group},
    }
    for each, entry in entries.items():
        assert send(operator, "PUT", each, entry).status == 201
    first = next(iter(entries))
    assert send(operator, "PUT", first, {"id": group, "name": "Pit"}).status == 200

    assert send(operator, "DELETE", first).error[0] == 409
    for each in reversed(entries):
        assert send(operator, "DELETE", each).status == 200
    assert json.dumps(operator.get(f"{path}/devices").json) == '{"devices": []}'
