"""Functions have few permissions, each on named resources."""

import pytest
import yaml

from local.cloud.omit import find_references
from tests.architecture.template import ROOT, as_list, of_type, statements_of

INTEGRATIONS = {  # of Step Functions: the action, and the argument that names its resource
    "lambda:invoke": ("lambda:InvokeFunction", "FunctionName"),
    "sqs:sendMessage": ("sqs:SendMessage", "QueueUrl"),
}
OF_PREVIOUS_VERSION = {
    "JobTimeout": {("lambda:InvokeFunction", "ExpireJobFunction")},
    "Mission": {("lambda:InvokeFunction", "WatchMissionFunction")},
    "ShareExpiry": {("lambda:InvokeFunction", "ExpireShareFunction")},
    "PaymentFollowUp": {("lambda:InvokeFunction", "WatchPaymentFunction")},
}
"""Calls of executions that the previous version has started: they keep their definition.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-read-consistency.html
"""


def test_statement_names_its_actions_and_resources(functions) -> None:
    for name, properties in functions.items():
        for statement in statements_of(properties):
            assert statement["Effect"] == "Allow", name
            assert not [each for each in as_list(statement["Action"]) if "*" in each], name
            assert "*" not in as_list(statement["Resource"]), name


def test_function_has_no_permissions_beside_its_statements(functions) -> None:
    for name, properties in functions.items():
        assert "Role" not in properties, name
        assert all(policy.keys() == {"Statement"} for policy in properties["Policies"]), name


def test_index_grant_has_only_the_actions_of_an_index(functions) -> None:
    """Only queries and scans work on an index; AWS ignores other grants on it."""
    for name, properties in functions.items():
        for statement in statements_of(properties):
            on_index = [r for r in as_list(statement["Resource"]) if "/index/" in str(r)]
            assert not on_index or as_list(statement["Action"]) == ["dynamodb:Query"], name


def test_state_machine_may_call_exactly_what_it_calls(resources) -> None:
    for name, machine in of_type(resources, "AWS::Serverless::StateMachine").items():
        definition = yaml.safe_load((ROOT / machine["DefinitionUri"]).read_text())
        called = set()
        for state in definition["States"].values():
            if state["Type"] == "Task":
                integration = state["Resource"].rpartition(":::")[2]
                action, argument = INTEGRATIONS[integration]
                placeholder = state["Arguments"][argument].strip("${}")
                [target] = find_references(machine["DefinitionSubstitutions"][placeholder])
                called.add((action, target))

        granted = {
            (action, target)
            for statement in statements_of(machine)
            for action in as_list(statement["Action"])
            for target in find_references(statement["Resource"])
        }
        assert granted == called | OF_PREVIOUS_VERSION.get(name, set()), name


def test_role_of_device_rules_may_send_exactly_to_their_queues(resources) -> None:
    rules = of_type(resources, "AWS::IoT::TopicRule").values()
    payloads = [rule["TopicRulePayload"] for rule in rules]
    actions = [each for p in payloads for each in (*p["Actions"], p["ErrorAction"])]

    [policy] = resources["DeviceRulesRole"]["Properties"]["Policies"]

    statement = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "sqs:SendMessage"
    granted = set(find_references(statement["Resource"]))
    assert granted == {each["Sqs"]["QueueUrl"]["Ref"] for each in actions}


def test_messages_may_use_payments_only_where_payments_are_on(functions) -> None:
    [policy] = functions["MessagingCreateJobFunction"]["Policies"]
    on_payments = [each for each in policy["Statement"] if "PaymentTable" in str(each)]

    assert [each["Fn::If"][0] for each in on_payments] == ["TakesPayments"]


def test_docs_and_tokens_change_only_rate_limits_of_the_mission_table(functions) -> None:
    for name, properties in functions.items():
        if not name.startswith(("Docs", "MissionsCreateToken", "MissionsCreateJob", "RequestJob")):
            continue
        for statement in statements_of(properties):
            if "MissionTable" in str(statement["Resource"]) and "UpdateItem" in str(statement):
                condition = statement["Condition"]["ForAllValues:StringLike"]
                assert condition == {"dynamodb:LeadingKeys": "LIMIT#*"}, name


@pytest.mark.parametrize(("name", "action"), [
    ("FollowUpdatesFunction", "dynamodb:PutItem"), ("MissionsGetJobFunction", "dynamodb:Query"),
])  # fmt: skip
def test_worker_stores_and_reader_reads_only_tracks(functions, name, action) -> None:
    on_missions = [
        each for each in statements_of(functions[name])
        if "MissionTable" in str(each["Resource"]) and each["Action"] == action
    ]  # fmt: skip

    [condition] = [each["Condition"]["ForAllValues:StringLike"] for each in on_missions]
    assert condition == {"dynamodb:LeadingKeys": "TRACK#*"}
