"""`make registry`, as an operator types it."""

import json
import os
import subprocess
import urllib.request
from uuid import uuid4

import pytest

from local.cloud.aws import CREDENTIALS, create_session
from local.kit.paths import ROOT


@pytest.fixture
def registry(stack):
    def make(file, stack_name=stack.name):
        return subprocess.run(
            ["make", "--no-print-directory", "registry", f"FILE={file}", f"STACK={stack_name}"],
            cwd=ROOT,
            env=os.environ | CREDENTIALS | {"AWS_ENDPOINT_URL": stack.aws_endpoint_url},
            capture_output=True,
            text=True,
            check=False,
        )

    return make


def test_agents_of_a_new_tenant_answer_to_the_key_that_is_shown(registry, stack, tmp_path) -> None:
    file = tmp_path / "registry.yaml"
    agent_id = str(uuid4())
    file.write_text(
        f"tenant: t-{uuid4()}\nkeys: [first]\n"
        f"agents:\n  - {{id: {agent_id}, name: Mine, provider: echo}}\n"
    )

    said = registry(file)

    key = said.stdout.rsplit(maxsplit=1)[-1]
    request = urllib.request.Request(f"{stack.base_url}/api/agents", headers={"X-API-Key": key})
    with urllib.request.urlopen(request) as answer:
        [agent] = json.load(answer)["data"]["agents"]
    assert (agent["id"], agent["name"]) == (agent_id, "Mine")


def test_a_key_is_kept_as_a_hash_only(registry, stack, tmp_path) -> None:
    file = tmp_path / "registry.yaml"
    file.write_text(f"tenant: t-{uuid4()}\nkeys: [first]\n")

    secret = registry(file).stdout.split("sortie_")[-1].split("_", maxsplit=1)[-1].strip()

    dynamodb = create_session().client("dynamodb", endpoint_url=stack.aws_endpoint_url)
    table = stack.outputs["RegistryTableName"]
    items = dynamodb.get_paginator("scan").paginate(TableName=table).search("Items[]")
    stored = "".join(json.dumps(item) for item in items)
    dynamodb.close()
    assert len(secret) > 20
    assert secret not in stored


@pytest.mark.parametrize(("content", "stack_name", "complaint"), [
    (None, "sortie", "there is no"),
    ("tenant: acme\nkeys: [a]\nagents: [{id: 1}]", "sortie", "is not right"),
    ("tenant: ${NOWHERE}", "sortie", "${NOWHERE}, which is not set"),
    ("tenant: acme\nkeys: [a]", "no-such-stack", "no-such-stack"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_written(
    registry, tmp_path, content, stack_name, complaint
) -> None:
    file = tmp_path / "registry.yaml"
    if content is not None:
        file.write_text(content)

    said = registry(file, stack_name)

    assert said.returncode != 0
    assert complaint in said.stderr
    assert "Traceback" not in said.stderr
