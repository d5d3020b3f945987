"""What `make registry` writes."""

from dataclasses import replace
from uuid import uuid4

import pytest
from moto import mock_aws

from jobs.admin.adapters.registry import DynamoAuditLog
from jobs.admin.errors import IdTakenError
from jobs.admin.tenant import TENANTS
from jobs.auth.adapters.api_keys import DynamoApiKeys
from jobs.auth.adapters.resources import KEYS
from jobs.messaging.adapters.agents import DynamoAgents
from jobs.messaging.entries import FunctionAgent
from jobs.messaging.errors import FunctionRefusedError
from local.models.model import read_model
from local.stack.model import AGENT, forget_model, with_model
from local.stack.seed import REGISTRY
from scripts.first_admin_key import create_first_admin_key
from scripts.registry_file import RegistryFile
from scripts.registry_load import (
    MAKE,
    create_admin_key,
    create_keys,
    find_missing_keys,
    load,
    open_registry,
)
from tests.adapters.engines import DynamoDb, client

VARIABLES = {"STACK": "s", "BASE_URL": "http://127.0.0.1:1", "GIT_URL": "http://127.0.0.1:2"}


@pytest.fixture
def registry(moto):
    tables = {"RegistryTableName": moto.registry, "AuditTableName": moto.audit}
    return open_registry(moto.client, tables)


@pytest.fixture
def file(tenant, tmp_path) -> RegistryFile:
    """The demo registry for another tenant, with ids of its own."""
    text = REGISTRY.read_text().replace("tenant: demo", f"tenant: {tenant}")
    for name in ("harbour", "quarry", "dock-"):
        text = text.replace(f"id: {name}", f"id: {tenant[:20]}-{name}")
    path = tmp_path / "registry.yaml"
    path.write_text(text)
    return RegistryFile.read(path, VARIABLES)


def test_start_without_model_forgets_the_last_one(registry, file, moto) -> None:
    model = read_model({"MODEL": "ollama:qwen3"})
    agents = DynamoAgents(moto.client, moto.registry, lambda: 0)
    load(with_model(file, model, "s"), registry)
    assert next(each.id for each in agents.agents(file.tenant)) == AGENT

    load(file, registry)
    for _ in range(2):
        forget_model(registry, file.tenant)

    assert [each.name for each in agents.agents(file.tenant)] == ["Echo", "Second echo", "Far echo"]


def test_second_load_changes_nothing(registry, file, moto) -> None:
    first = load(file, registry)
    records = DynamoAuditLog(moto.client, moto.audit).page(file.tenant, None).entries

    second = load(file, registry)

    assert {*first.values()} == {"created"}
    assert {*second.values()} == {"unchanged"}
    assert len(first) == len(second) == len(records) - 1
    assert {record.actor for record in records} == {MAKE}
    assert DynamoAuditLog(moto.client, moto.audit).page(file.tenant, None).entries == records


def test_changed_entry_alone_is_written(registry, file) -> None:
    load(file, registry)
    agents = [file.agents[0].model_copy(update={"name": "Other"}), *file.agents[1:]]

    outcomes = load(file.model_copy(update={"agents": agents}), registry)

    changed = [entry for entry, outcome in outcomes.items() if outcome != "unchanged"]
    assert changed == [f"agents/{agents[0].id}"]


@pytest.mark.parametrize(("stack", "reason"), [
    ("sortie-dev", "must begin with sortie-dev-agent-"), (None, "needs a stack on AWS"),
])  # fmt: skip
def test_file_with_a_function_of_others_writes_nothing(registry, file, stack, reason) -> None:
    mine, other = (
        FunctionAgent(id=uuid4(), name="F", provider="lambda", settings={"function": name})
        for name in ("sortie-dev-agent-x", "sortie-prod-agent-x")
    )
    agents = [mine, other] if stack else [mine]

    with pytest.raises(FunctionRefusedError, match=reason) as error:
        load(file.model_copy(update={"agents": agents}), registry, stack=stack)

    assert str(error.value).startswith(f"agents.{len(agents) - 1}.")
    assert registry.find(TENANTS, file.tenant, file.tenant) is None


def test_keys_are_created_once_by_their_names(registry, file) -> None:
    load(file, registry)
    made = create_keys(find_missing_keys(file, registry), registry)

    assert made.keys() == {"demo", "demo-docs"}
    assert not find_missing_keys(file, registry)


def test_expired_key_is_missing(registry, file, moto) -> None:
    load(file, registry)
    create_keys(find_missing_keys(file, registry), registry)
    for key in registry.page(KEYS, file.tenant, None).entries:
        DynamoApiKeys(moto.client, moto.registry).put_key(replace(key, expires_at=1))

    assert [each.name for each in find_missing_keys(file, registry)] == ["demo", "demo-docs"]


def test_group_of_other_tenant_is_refused(registry, file) -> None:
    load(file, registry)

    with pytest.raises(IdTakenError):
        load(file.model_copy(update={"tenant": f"{file.tenant}-rival"}), registry)


def test_admin_key_is_created_once(registry) -> None:
    created = create_admin_key(registry, "ops")

    assert created
    assert created.startswith("sortie_admin_")
    assert create_admin_key(registry, "ops") is None


def test_first_deployment_creates_a_key_and_lists_known_tenants(tenant) -> None:
    with mock_aws():
        engine = DynamoDb(client("dynamodb"), remote=False)
        tables = {"RegistryTableName": engine.registry, "AuditTableName": engine.audit}
        for key in ({"PK": f"TENANT#{tenant}", "SK": "AGENT#1"},
                    {"PK": "KEY#0123456789ab", "SK": "KEY", "tenant": f"{tenant}-b"}):  # fmt: skip
            item = {name: {"S": value} for name, value in key.items()}
            engine.client.put_item(TableName=engine.registry, Item=item)

        first = create_first_admin_key(engine.client, tables)

        assert first
        assert create_first_admin_key(engine.client, tables) is None
        listed = open_registry(engine.client, tables).page(TENANTS, "", None).entries
        assert [each.id for each in listed] == [tenant, f"{tenant}-b"]
