"""What a deployed stack lacks: subscribers of alarms, secrets, access to models."""

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from jobs.kit.aws.secrets import SecretsManager
from jobs.kit.clock import now
from jobs.kit.errors import UnavailableError
from jobs.payments.adapters.json_rpc import JsonRpcChain
from jobs.payments.adapters.nodes import SecretNodes
from jobs.payments.payment import NETWORKS
from scripts.doctor.findings import Finding, Level, Patient, run

if TYPE_CHECKING:
    from mypy_boto3_bedrock import BedrockClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient

_GEOGRAPHY: Final = re.compile(r"^(?:us-gov|us|eu|apac|jp|au|ca|global)\.")
_PENDING: Final = "PendingConfirmation"


def check_alarms(patient: Patient) -> Iterator[Finding]:
    """Somebody must have confirmed that they want the alarms."""
    client: SNSClient = patient.session.client("sns")
    pages = client.get_paginator("list_subscriptions_by_topic").paginate(
        TopicArn=patient.outputs["AlarmTopicArn"]
    )
    found = [each for page in pages for each in page["Subscriptions"]]
    confirmed = [each for each in found if each["SubscriptionArn"] != _PENDING]
    pending = ", ".join(each["Endpoint"] for each in found if each not in confirmed)
    if confirmed:
        yield Finding(Level.OK, "alarms", f"{len(confirmed)} confirmed subscriptions")
    elif pending:
        yield Finding(Level.MISSING, "alarms", f"{pending} must confirm the subscription by email")
    else:
        yield Finding(Level.MISSING, "alarms", "nobody gets them. Set AlarmEmail and deploy")


def check_payments(patient: Patient) -> Iterator[Finding]:
    if patient.parameters["Payments"] == "off":
        return
    name = patient.parameters["PaymentNodesSecret"]
    nodes = SecretNodes(SecretsManager(patient.session.client("secretsmanager"), now), name)
    chain = JsonRpcChain(nodes)
    try:
        urls = nodes()
    except UnavailableError:
        yield Finding(
            Level.MISSING, "payments", f"create the secret {name!r} with a URL by network"
        )
        return
    for network in patient.parameters["PaymentNetworks"].split(","):
        subject = f"payments on {network}"
        if network not in urls:
            yield Finding(Level.MISSING, subject, f"the secret {name!r} has no URL for it")
        elif chain.is_working(NETWORKS[network]):
            yield Finding(Level.OK, subject, "its node works")
        else:
            yield Finding(
                Level.MISSING, subject, "its node does not answer, or is of another chain"
            )
    if facilitator := patient.parameters["FacilitatorKeySecret"]:
        yield from _check_secret(patient, facilitator, "the facilitator's key")


def check_registry(patient: Patient) -> Iterator[Finding]:
    """Check the secrets and models of all registered agents and projects, and webhooks' secrets."""
    client: DynamoDBClient = patient.session.client("dynamodb")
    pages = client.get_paginator("scan").paginate(TableName=patient.outputs["RegistryTableName"])
    rows = [row for page in pages for row in page["Items"]]
    secrets, models = dict[str, str](), dict[str, str]()
    for row in rows:
        tenant = row["PK"]["S"].removeprefix("TENANT#")
        kind, _, name = row["SK"]["S"].partition("#")
        if kind in {"AGENT", "PROJECT"} and row.get("active", {}).get("N") != "0":
            owner = f"{kind.lower()} {name} of {tenant}"
            settings = json.loads(row["settings"]["S"])
            for secret in (
                settings.get("apiKeySecret"),
                row.get("credentials_secret", {}).get("S"),
            ):
                if secret:
                    secrets[secret] = owner
            if row["provider"]["S"] == "bedrock":
                named = [
                    settings.get("modelId"),
                    *json.loads(row.get("models", {"S": "{}"})["S"]).values(),
                ]
                models |= {model: owner for model in named if model}
        elif kind == "WEBHOOK":
            secrets[f"{patient.stack}/webhooks/{tenant}"] = f"the webhooks of {tenant}"
    for secret, owner in sorted(secrets.items()):
        yield from _check_secret(patient, secret, owner)
    for model, owner in sorted(models.items()):
        check = partial(_check_model, model=model, owner=owner)
        yield from run(f"model {model}", check, patient)


def _check_secret(patient: Patient, name: str, owner: str) -> Iterator[Finding]:
    client: SecretsManagerClient = patient.session.client("secretsmanager")
    try:
        client.describe_secret(SecretId=name)
    except client.exceptions.ResourceNotFoundException:
        text = f"does not exist, but {owner} needs it. Create it in {patient.region}"
        yield Finding(Level.MISSING, f"secret {name}", text)
    else:
        yield Finding(Level.OK, f"secret {name}", f"exists, for {owner}")


def _check_model(patient: Patient, model: str, owner: str) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetFoundationModelAvailability.html"""
    client: BedrockClient = patient.session.client("bedrock")
    found = client.get_foundation_model_availability(modelId=_GEOGRAPHY.sub("", model))
    states = {
        "entitlementAvailability": "AVAILABLE",
        "authorizationStatus": "AUTHORIZED",
        "regionAvailability": "AVAILABLE",
    }
    missing = [name for name, wanted in states.items() if found[name] != wanted]  # type: ignore[literal-required]
    if missing:
        text = (
            f"this account cannot use it ({', '.join(missing)}), but {owner} does. Request access"
        )
        yield Finding(Level.MISSING, f"model {model}", text)
    else:
        yield Finding(Level.OK, f"model {model}", f"can be used, by {owner}")
