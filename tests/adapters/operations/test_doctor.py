"""`make doctor`, on moto; what moto lacks is faked."""

from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from jobs.docs.adapters.dynamodb.projects import DynamoProjects
from jobs.docs.docs_job import Project
from jobs.messaging.agent import Agent
from local.cloud.aws import REGION
from local.cloud.template import load_template
from local.kit.paths import ROOT
from scripts.doctor import account, stack
from scripts.doctor.__main__ import examine
from scripts.doctor.findings import Level, Patient
from scripts.registry_table import RegistryTable
from tests.adapters.engines import DynamoDb, client
from tests.adapters.upstream import reply, running
from tests.support import FrozenClock

DEFAULTS = {
    name: str(each["Default"])
    for name, each in load_template(ROOT / "template.yaml")["Parameters"].items()
}
ADDRESS = "ops@example.com"


class Session:
    """boto3's session, with these clients in place of its own."""

    def __init__(self, **fakes: Any) -> None:
        self.fakes = fakes
        self._own = boto3.Session(
            region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
        )

    def client(self, name: str) -> Any:
        return self.fakes.get(name) or self._own.client(name)  # type: ignore[call-overload]

    def get_partition_for_region(self, region: str) -> str:
        return self._own.get_partition_for_region(region)


def lambda_with(concurrency: int = 1000, used: int = 0, layer: str = "") -> Any:
    def get_layer(**_: str) -> None:
        if layer:
            raise ClientError({"Error": {"Code": layer}}, "GetLayerVersionByArn")

    settings = {
        "AccountLimit": {
            "UnreservedConcurrentExecutions": concurrency, "TotalCodeSize": 80 * 10**9,
        },
        "AccountUsage": {"TotalCodeSize": used},
    }  # fmt: skip
    return SimpleNamespace(
        get_account_settings=lambda: settings, get_layer_version_by_arn=get_layer
    )


def quotas_of(*but: Any) -> Any:
    pages = SimpleNamespace(paginate=lambda **_: [{"Quotas": but}])
    return SimpleNamespace(get_paginator=lambda _: pages)


def bedrock_with(**states: str) -> Any:
    found = {
        "entitlementAvailability": "AVAILABLE", "authorizationStatus": "AUTHORIZED",
        "regionAvailability": "AVAILABLE",
    } | states  # fmt: skip
    asked: list[str] = []

    def get(modelId: str) -> Any:  # noqa: N803
        asked.append(modelId)
        return found

    return SimpleNamespace(get_foundation_model_availability=get, asked=asked)


@pytest.fixture
def moto():
    """Each test has an account of its own."""
    with mock_aws():
        yield DynamoDb(client("dynamodb"), remote=False)


@pytest.fixture
def patient(moto):
    """Make a patient with these parameters and clients, deployed on moto."""
    session = Session()
    topic = session.client("sns").create_topic(Name="alarms")["TopicArn"]
    outputs = {"AlarmTopicArn": topic, "RegistryTableName": moto.registry}

    def make(parameters: dict[str, str] | None = None, **fakes: Any) -> Patient:
        return Patient(
            stack="sortie-dev",
            region=REGION,
            session=Session(**{name.replace("_", "-"): it for name, it in fakes.items()}),  # type: ignore[arg-type]
            parameters=DEFAULTS | (parameters or {}),
            outputs=outputs,
        )

    return make


@pytest.fixture
def registry(moto) -> RegistryTable:
    return RegistryTable(moto.client, moto.registry, FrozenClock())


def levels(findings: Any) -> dict[str, Level]:
    return {each.subject: each.level for each in findings}


# ── The account ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("limit", "level"), [
    (10, Level.MISSING), (350, Level.MISSING), (351, Level.OK), (1000, Level.OK),
])  # fmt: skip
def test_concurrency_below_that_of_the_workers_is_missing(patient, limit, level) -> None:
    [found] = account.check_concurrency(patient(**{"lambda": lambda_with(limit)}))

    assert found.level is level
    assert ("request-service-quota-increase" in found.text) is (level is Level.MISSING)


def test_concurrency_of_a_new_account_suffices_for_few_workers(patient) -> None:
    few = {"AgentConcurrency": "2", "WebhookConcurrency": "2"}

    [found] = account.check_concurrency(patient(few, **{"lambda": lambda_with(137)}))

    assert found.level is Level.OK


@pytest.mark.parametrize(("used", "level"), [(10**9, Level.OK), (70 * 10**9, Level.MISSING)])
def test_nearly_full_code_storage_is_missing(patient, used, level) -> None:
    [found] = account.check_code_storage(patient(**{"lambda": lambda_with(used=used)}))

    assert found.level is level


@pytest.mark.parametrize(("wanted", "level"), [("500", Level.OK), ("20000", Level.ADVICE)])
def test_rate_above_the_accounts_is_advised_against(patient, wanted, level) -> None:
    [found] = account.check_api_rate(patient({"ThrottleRate": wanted}))

    assert found.level is level


@pytest.mark.parametrize(("role", "exists", "level"), [
    (None, False, Level.ADVICE), ("logs", True, Level.OK), ("logs", False, Level.MISSING),
])  # fmt: skip
def test_role_for_logs_that_was_deleted_is_missing(patient, role, exists, level) -> None:
    session = Session()
    if exists:
        session.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument="{}")
    if role:
        arn = f"arn:aws:iam::123456789012:role/service-role/{role}"
        change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}
        session.client("apigateway").update_account(patchOperations=[change])

    [found] = account.check_log_role(patient())

    assert found.level is level


def test_start_rate_of_executions_is_shown(patient) -> None:
    quotas = [
        {"QuotaName": "StartExecution throttle token refill rate per second", "Value": 150.0},
        {"QuotaName": "Registered state machines", "Value": 1.0},
    ]

    [found] = account.check_executions(patient(service_quotas=quotas_of(*quotas)))

    assert found.level is Level.OK
    assert found.text.endswith("StartExecution throttle token refill rate per second: 150")


def test_iot_endpoint_is_shown(patient) -> None:
    [found] = account.check_iot(patient())

    assert (found.level, "iot" in found.text) == (Level.OK, True)


@pytest.mark.parametrize(("code", "level"), [
    ("", Level.OK),
    ("AccessDeniedException", Level.MISSING),
    ("ResourceNotFoundException", Level.MISSING),
])  # fmt: skip
def test_region_without_the_web_adapters_layer_is_missing(patient, code, level) -> None:
    [found] = account.check_web_adapter(patient(**{"lambda": lambda_with(layer=code)}))

    assert found.level is level
    assert f"arn:aws:lambda:{REGION}:753240598075:layer:LambdaAdapterLayerArm64:" in found.text


def test_layer_of_ones_own_is_checked_instead(patient) -> None:
    own = {"WebAdapterLayerArn": "arn:own"}

    [found] = account.check_web_adapter(patient(own, **{"lambda": lambda_with()}))

    assert found.text == "arn:own"


# ── The stack ───────────────────────────────────────────────────────────────────


def test_alarms_without_a_subscription_are_missing(patient) -> None:
    [found] = stack.check_alarms(patient())

    assert (found.level, "AlarmEmail" in found.text) == (Level.MISSING, True)


def test_confirmed_subscription_is_ok(patient) -> None:
    made = patient()
    made.session.client("sns").subscribe(
        TopicArn=made.outputs["AlarmTopicArn"], Protocol="email", Endpoint=ADDRESS
    )

    [found] = stack.check_alarms(made)

    assert found.level is Level.OK


def test_pending_subscription_is_missing(patient) -> None:
    """moto confirms each subscription at once."""
    pending = {"SubscriptionArn": "PendingConfirmation", "Endpoint": ADDRESS}
    pages = SimpleNamespace(paginate=lambda **_: [{"Subscriptions": [pending]}])

    [found] = stack.check_alarms(patient(sns=SimpleNamespace(get_paginator=lambda _: pages)))

    assert (found.level, ADDRESS in found.text) == (Level.MISSING, True)


def test_payments_that_are_off_need_nothing(patient) -> None:
    assert [*stack.check_payments(patient())] == []


PAID = {
    "Payments": "required", "PaymentNodesSecret": "nodes", "FacilitatorKeySecret": "facilitator",
}  # fmt: skip


def test_missing_secret_of_the_nodes_is_found(patient) -> None:
    [found] = stack.check_payments(patient(PAID))

    assert (found.level, "'nodes'" in found.text) == (Level.MISSING, True)


def test_each_network_needs_a_node_of_its_chain(patient) -> None:
    made = patient(PAID | {"PaymentNetworks": "base,polygon,base-sepolia"})
    secrets = made.session.client("secretsmanager")
    with running() as node:
        node.then(reply({"jsonrpc": "2.0", "id": 1, "result": "0x2105"}))
        secrets.create_secret(
            Name="nodes", SecretString=f'{{"base": "{node.url}", "polygon": "{node.url}"}}'
        )

        found = levels(stack.check_payments(made))

    assert found == {
        "payments on base": Level.OK,
        "payments on polygon": Level.MISSING,
        "payments on base-sepolia": Level.MISSING,
        "secret facilitator": Level.MISSING,
    }


def test_secrets_and_models_of_the_registry_are_checked(patient, registry, moto) -> None:
    bedrock = bedrock_with()
    made = patient(bedrock=bedrock)
    made.session.client("secretsmanager").create_secret(
        Name="sortie-dev/agents/a", SecretString="s"
    )
    for number, (name, settings) in enumerate({
        "openai": {"apiKeySecret": "sortie-dev/agents/a"},
        "remote": {"apiKeySecret": "sortie-dev/agents/b"},
        "bedrock": {"modelId": "eu.anthropic.claude"},
    }.items()):  # fmt: skip
        agent = Agent(id=str(number), name="A", provider=name, settings=settings)
        registry.put_agent("acme", agent)
    registry.put_agent(
        "acme", Agent(id="9", name="A", provider="remote", active=False,
                      settings={"apiKeySecret": "unused"}),
    )  # fmt: skip
    DynamoProjects(moto.client, moto.registry, FrozenClock()).put_project(
        Project(
            id="p", tenant="acme", repository="https://git.example/p", provider="bedrock",
            models={"sonnet": "s", "opus": "o"}, credentials_secret="sortie-dev/agents/git",
        )
    )  # fmt: skip

    found = levels(stack.check_registry(made))

    assert found == {
        "secret sortie-dev/agents/a": Level.OK,
        "secret sortie-dev/agents/b": Level.MISSING,
        "secret sortie-dev/agents/git": Level.MISSING,
        "model eu.anthropic.claude": Level.OK,
        "model s": Level.OK,
        "model o": Level.OK,
    }
    assert "anthropic.claude" in bedrock.asked


@pytest.mark.parametrize("state", [
    {"authorizationStatus": "NOT_AUTHORIZED"}, {"entitlementAvailability": "NOT_AVAILABLE"},
    {"regionAvailability": "NOT_AVAILABLE"},
], ids=str)  # fmt: skip
def test_model_without_access_is_missing(patient, registry, state) -> None:
    registry.put_agent(
        "acme", Agent(id="0", name="A", provider="bedrock", settings={"modelId": "m"})
    )

    [found] = stack.check_registry(patient(bedrock=bedrock_with(**state)))

    assert (found.level, next(iter(state)) in found.text) == (Level.MISSING, True)


# ── All of it ───────────────────────────────────────────────────────────────────


def test_refused_call_is_a_finding_and_ends_no_other_check(patient) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetAccountSettings")

    refusing = SimpleNamespace(get_account_settings=refuse, get_layer_version_by_arn=refuse)

    found = levels(examine(patient(service_quotas=quotas_of(), **{"lambda": refusing})))

    assert found["Lambda concurrency"] is Level.UNKNOWN
    assert found["alarms"] is Level.MISSING


def test_account_is_examined_before_the_first_deployment(patient) -> None:
    made = patient(service_quotas=quotas_of(), **{"lambda": lambda_with(10)})

    found = levels(examine(Patient(
        stack=made.stack, region=made.region, session=made.session,
        parameters=made.parameters, outputs={},
    )))  # fmt: skip

    assert found["Lambda concurrency"] is Level.MISSING
    assert found["stack"] is Level.ADVICE
    assert "alarms" not in found
