"""Parameters have safe defaults, and refuse values that cannot work."""

from typing import Any

import pytest

from local.cloud.build import create_aws_target
from scripts.questions import find_problem
from tests.architecture.template import ROOT

PAID = {
    "Payments": "required", "PayTo": "0x" + "ab" * 20, "PaymentNodesSecret": "sortie/nodes",
}  # fmt: skip


def test_webhooks_go_to_the_public_internet_only_by_default(template) -> None:
    assert template["Parameters"]["WebhooksToLoopback"]["Default"] == "false"
    assert "WebhooksToLoopback" not in (ROOT / "samconfig.toml").read_text()


def test_every_default_is_a_valid_value(template) -> None:
    for name, definition in template["Parameters"].items():
        assert find_problem(definition, str(definition["Default"])) is None, name


def test_layers_can_be_built_for_each_architecture_on_offer(template) -> None:
    offered = template["Parameters"]["Architecture"]["AllowedValues"]

    assert {create_aws_target(each).layer_arch for each in offered} == {"aarch64", "x86_64"}


@pytest.mark.parametrize(("name", "value"), [
    ("PublicUrl", "https://api.example.com"),
    ("PublicUrl", "https://example.com/sortie/v1"),
    ("PublicUrl", "http://127.0.0.1:8080"),
    ("PublicWebSocketUrl", "wss://live.example.com"),
    ("AlarmEmail", "ops+sortie@example.com"),
    ("PaymentNodesSecret", "sortie/nodes"),
    ("WebAdapterLayerArn", "arn:aws-cn:lambda:cn-north-1:123456789012:layer:LambdaAdapter:1"),
])  # fmt: skip
def test_usable_value_is_accepted(template, name, value) -> None:
    assert find_problem(template["Parameters"][name], value) is None


@pytest.mark.parametrize(("name", "value"), [
    ("PublicUrl", "api.example.com"),
    ("PublicUrl", "https://api.example.com/"),
    ("PublicUrl", "https://api.example.com/a?b"),
    ("PublicUrl", "wss://api.example.com"),
    ("PublicWebSocketUrl", "https://live.example.com"),
    ("PublicWebSocketUrl", "wss://live.example.com/"),
    ("AlarmEmail", "nobody"),
    ("AlarmEmail", "a b@example.com"),
    ("PaymentNodesSecret", "https://node.example/key"),
    ("FacilitatorKeySecret", '{"id": "x"}'),
    ("WebAdapterLayerArn", "LambdaAdapter"),
])  # fmt: skip
def test_value_that_cannot_work_is_refused(template, name, value) -> None:
    assert find_problem(template["Parameters"][name], value)


@pytest.mark.parametrize(("changes", "accepted"), [
    ({}, True),
    ({"Payments": "instead-of-key"}, True),
    ({"PayTo": ""}, False),
    ({"PaymentNodesSecret": ""}, False),
    ({"Payments": "off", "PayTo": "", "PaymentNodesSecret": ""}, True),
], ids=str)  # fmt: skip
def test_payments_without_recipient_or_nodes_are_refused(template, changes, accepted) -> None:
    assert obeys_rules(template, PAID | changes) is accepted


def obeys_rules(template: dict[str, Any], parameters: dict[str, str]) -> bool:
    return all(
        evaluate(assertion["Assert"], parameters)
        for rule in template["Rules"].values()
        if evaluate(rule["RuleCondition"], parameters)
        for assertion in rule["Assertions"]
    )


def evaluate(expression: Any, parameters: dict[str, str]) -> Any:
    match expression:
        case {"Ref": name}:
            return parameters[name]
        case {"Fn::Equals": [one, other]}:
            return evaluate(one, parameters) == evaluate(other, parameters)
        case {"Fn::Not": [negated]}:
            return not evaluate(negated, parameters)
        case _:
            return expression
