"""`make registry`, as an operator runs it."""

import json
from uuid import uuid4

import pytest

from tests.e2e.api import Api
from tests.e2e.cloud import Cloud


def test_registered_agent_answers_to_the_printed_key(make, stack, cloud: Cloud, tmp_path) -> None:
    file = tmp_path / "registry.yaml"
    tenant, agent_id = f"t-{uuid4()}", str(uuid4())
    file.write_text(
        f"tenant: {tenant}\nkeys: [first]\n"
        f"agents:\n  - {{id: {agent_id}, name: Mine, provider: echo}}\n"
    )

    first = make("registry", FILE=file).stdout
    key = first.rsplit(maxsplit=1)[-1]
    second = make("registry", FILE=file).stdout

    assert "1 entries created" in first
    assert second.splitlines() == [
        f"{tenant} in {stack.name}: 0 entries created, 0 changed, 1 left as they are"
    ]
    [agent] = Api(stack.base_url, key, tenant).get("/api/agents").json["data"]["agents"]
    assert (agent["id"], agent["name"]) == (agent_id, "Mine")
    scan = cloud.client("dynamodb").get_paginator("scan").paginate(TableName=cloud.registry)
    secret = key.split("_", maxsplit=2)[-1]
    assert len(secret) > 20
    assert secret not in json.dumps([*scan.search("Items[]")])


@pytest.mark.parametrize(("content", "complaint"), [
    (None, "does not exist"),
    ("tenant: acme\nkeys: [a]\nagents: [{id: 1}]", "is invalid"),
    ("tenant: ${NOWHERE}", "${NOWHERE}, which is not set"),
])  # fmt: skip
def test_invalid_registry_file_reports_its_error(make, tmp_path, content, complaint) -> None:
    file = tmp_path / "registry.yaml"
    if content is not None:
        file.write_text(content)

    done = make("registry", FILE=file)

    assert done.returncode != 0
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
