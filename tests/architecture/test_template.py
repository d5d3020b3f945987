"""template.yaml, functions/, statemachines/ and events/ describe the same system."""

import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from jobs.auth.authenticate import new_key
from jobs.docs.tail import Pace
from jobs.kit.aws.client import CONFIG
from jobs.missions.api import access as missions_access
from jobs.webhooks.deliver_webhook import ATTEMPTS, pause

ROOT = Path(__file__).parents[2]
OPEN = {
    *("/docs", "/docs/{file}", "/openapi/{document}", "/tracking"),
    "/v3/auth/token",  # looks at an API key itself
}
PAID = {("POST", "/api/messaging/jobs"), ("GET", "/api/messaging/jobs/{jobId}")}
LOSABLE = {"OutputTable", "WebhookTable"}  # a job's outcome is with the job
UNPREFIXED = {"auth", "workers"}
ERROR_FIELDS = {"success", "error", "code", "message", "requestId", "timestamp"}


def events_of(functions, *kinds: str) -> list[tuple[str, dict]]:
    return [
        (name, event["Properties"])
        for name, properties in functions.items()
        for event in properties.get("Events", {}).values()
        if event["Type"] in kinds
    ]


def statements_of(properties) -> list[dict]:
    found = [policy["Statement"] for policy in properties.get("Policies", [])]
    flat = [each for some in found for each in (some if isinstance(some, list) else [some])]
    return [each["Fn::If"][1] if "Fn::If" in each else each for each in flat]


def listed(value) -> list:
    return value if isinstance(value, list) else [value]


# ── Files ───────────────────────────────────────────────────────────────────────


def test_every_handler_file_is_deployed_once(python_functions, handlers) -> None:
    deployed = [
        each["Handler"].removesuffix(".lambda_handler").replace(".", "/")
        for each in python_functions.values()
    ]

    assert sorted(deployed) == sorted(handlers)


def test_a_web_server_is_started_by_a_script_that_can_be_run(functions) -> None:
    scripts = [ROOT / "functions" / each["Handler"] for each in functions.values()]
    servers = [script for script in scripts if script.suffix == ".sh"]

    assert sorted(servers) == sorted((ROOT / "functions").rglob("*.sh"))
    assert [script for script in servers if not os.access(script, os.X_OK)] == []


def test_a_stream_is_given_all_the_time_that_its_function_has_and_ends_before(functions) -> None:
    for name, route in events_of(functions, "Api"):
        if route.get("ResponseTransferMode") == "RESPONSE_STREAM":
            assert functions[name]["Timeout"] * 1000 == route["TimeoutInMillis"] == 900_000
            assert functions[name]["Timeout"] > Pace().longest


def test_logical_ids_follow_from_file_names(functions) -> None:
    wrong = {}
    for name, properties in functions.items():
        package, module, *_ = re.split(r"[./]", properties["Handler"])
        words = module.split("_") if package in UNPREFIXED else [package, *module.split("_")]
        wanted = "".join(word.capitalize() for word in words) + "Function"
        if name != wanted:
            wrong[name] = wanted

    assert wrong == {}


def event_file(function) -> Path:
    handler = function["Handler"].removesuffix(".lambda_handler").removesuffix(".sh")
    return ROOT / f"events/{handler.replace('.', '/')}.json"


def test_every_function_has_an_event_and_every_event_a_function(functions) -> None:
    assert set((ROOT / "events").rglob("*.json")) == set(map(event_file, functions.values()))


def test_an_apis_event_is_of_the_path_that_its_function_answers(functions) -> None:
    routes = {name: set[tuple[str, str]]() for name, _ in events_of(functions, "Api")}
    for name, route in events_of(functions, "Api"):
        routes[name].add((route["Method"], route["Path"]))
    for name, answered in routes.items():
        event = json.loads(event_file(functions[name]).read_text())
        assert (event["httpMethod"], event["resource"]) in answered


def test_each_machines_gaps_are_what_the_template_fills(resources) -> None:
    for resource in resources.values():
        if resource["Type"] == "AWS::Serverless::StateMachine":
            definition = (ROOT / resource["Properties"]["DefinitionUri"]).read_text()
            filled = resource["Properties"]["DefinitionSubstitutions"].keys()
            assert set(re.findall(r"\$\{([^}]*)\}", definition)) == filled


# ── The API ─────────────────────────────────────────────────────────────────────


def test_every_path_has_exactly_one_function(functions) -> None:
    routes = Counter((each["Method"], each["Path"]) for _, each in events_of(functions, "Api"))

    assert routes
    assert set(routes.values()) == {1}


def test_every_route_asks_for_a_key_or_for_a_partners_token(functions, resources) -> None:
    assert resources["Api"]["Properties"]["Auth"]["DefaultAuthorizer"] == {"Ref": "Payments"}
    for name, route in events_of(functions, "Api"):
        if route["Path"] in OPEN:
            assert route["Auth"] == {"Authorizer": "NONE"}
        elif route["Path"].startswith("/v3/"):
            assert route["Auth"] == {"Authorizer": "Partner"}, name
        elif "/agent/" in route["Path"]:
            assert route["Auth"] == {"Authorizer": "DocsKey"}, name
        elif (route["Method"], route["Path"]) in PAID:
            assert "Auth" not in route, name
        else:
            assert route["Auth"] == {"Authorizer": "ApiKey"}, name


def test_an_agents_first_version_is_what_answers_without_a_version(functions) -> None:
    routes = {(each["Method"], each["Path"]): name for name, each in events_of(functions, "Api")}
    first = {key: name for key, name in routes.items() if key[1].startswith("/v1/agent/")}

    assert first
    assert all(
        routes[method, path.removeprefix("/v1")] == name
        for (method, path), name in first.items()
        if not path.endswith("/stream")
    )


def test_the_gateway_asks_partners_for_a_scope_which_makes_it_want_an_access_token(
    resources,
) -> None:
    authorizer = resources["Api"]["Properties"]["Auth"]["Authorizers"]["Partner"]

    assert {*authorizer["AuthorizationScopes"]} == {*missions_access.SCOPES.values()}


def test_the_scopes_that_roles_are_spelled_as_can_be_granted(resources) -> None:
    server = resources["MissionScopes"]["Properties"]
    granted = {f"{server['Identifier']}/{scope['ScopeName']}" for scope in server["Scopes"]}

    assert granted == {*missions_access.SCOPES.values()}


@pytest.mark.parametrize(("name", "header", "opens", "before"), [
    ("ApiKey", "X-API-Key", "messaging", {""}),
    ("DocsKey", "Authorization", "docs", {"Bearer ", "bearer ", "BEARER  "}),
])  # fmt: skip
def test_the_gateway_lets_keys_of_our_shape_through_to_an_authorizer_that_sees_them_whole(
    resources, name, header, opens, before
) -> None:
    authorizer = resources["Api"]["Properties"]["Auth"]["Authorizers"][name]
    credential, _ = new_key("acme", opens=opens)
    shape = authorizer["Identity"]["ValidationExpression"]

    assert authorizer["FunctionPayloadType"] == "TOKEN"
    assert authorizer["Identity"]["Header"] == header
    tried = {"", " ", "Bearer ", "bearer ", "BEARER  ", "Bearer", "Basic "}
    assert {each for each in tried if re.fullmatch(shape, each + credential)} == before


@pytest.mark.parametrize("mode", ["off", "required"])
def test_where_a_key_is_asked_for_it_is_asked_for_alike(resources, mode) -> None:
    authorizers = resources["Api"]["Properties"]["Auth"]["Authorizers"]

    same = authorizers[mode] | {"DisableFunctionDefaultPermissions": None}
    assert same == authorizers["ApiKey"] | {"DisableFunctionDefaultPermissions": None}


def test_each_mode_of_payments_has_an_authorizer(resources, template) -> None:
    authorizers = resources["Api"]["Properties"]["Auth"]["Authorizers"]

    assert {*template["Parameters"]["Payments"]["AllowedValues"]} <= authorizers.keys()


def test_where_a_payment_is_enough_nothing_is_cached_for_those_without_a_key(resources) -> None:
    authorizer = resources["Api"]["Properties"]["Auth"]["Authorizers"]["instead-of-key"]

    assert authorizer["FunctionPayloadType"] == "REQUEST"
    assert authorizer["Identity"] == {"ReauthorizeEvery": 0}


@pytest.mark.parametrize("name", ["ApiKey", "DocsKey"])
def test_a_revoked_key_opens_for_a_minute_at_most(resources, name) -> None:
    authorizer = resources["Api"]["Properties"]["Auth"]["Authorizers"][name]

    assert authorizer["Identity"]["ReauthorizeEvery"] <= 60


def test_what_the_gateway_says_itself_suits_every_client(resources) -> None:
    responses = resources["Api"]["Properties"]["GatewayResponses"]

    assert {"DEFAULT_4XX", "DEFAULT_5XX", "UNAUTHORIZED", "ACCESS_DENIED", "THROTTLED"} <= set(
        responses
    )
    for response in responses.values():
        [(kind, text)] = response["ResponseTemplates"].items()
        body = json.loads(text)
        assert kind == "application/json"
        assert body.keys() == ERROR_FIELDS
        assert body["success"] is False
        assert body["error"] == body["message"]
        assert body["requestId"] == "$context.requestId"
        assert body["timestamp"] == "$context.requestTime"
        headers = response["ResponseParameters"]["Headers"]
        assert headers["Access-Control-Allow-Origin"] == "'*'"


@pytest.mark.parametrize(
    "busy",
    [
        "THROTTLED",
        "AUTHORIZER_FAILURE",
        "AUTHORIZER_CONFIGURATION_ERROR",
        "INTEGRATION_FAILURE",
    ],
)
def test_who_is_turned_away_for_now_learns_when_to_come_back(resources, busy) -> None:
    headers = resources["Api"]["Properties"]["GatewayResponses"][busy]["ResponseParameters"][
        "Headers"
    ]

    assert headers["Retry-After"] == "'1'"
    assert "Retry-After" in headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("header", [
    "Content-Type", "X-API-Key", "Idempotency-Key", "Prefer", "X-PAYMENT",
])  # fmt: skip
def test_browsers_may_send_what_the_contracts_name(resources, header) -> None:
    allowed = resources["Api"]["Properties"]["Cors"]["AllowHeaders"].strip("'").split(",")

    assert header in allowed


# ── Rights ──────────────────────────────────────────────────────────────────────


def test_no_function_may_do_everything_or_touch_everything(functions) -> None:
    for name, properties in functions.items():
        for statement in statements_of(properties):
            assert statement["Effect"] == "Allow", name
            assert not [a for a in listed(statement["Action"]) if "*" in a], name
            assert "*" not in listed(statement["Resource"]), name


def test_no_function_has_a_role_or_a_managed_policy_beside_its_statements(functions) -> None:
    for name, properties in functions.items():
        assert "Role" not in properties, name
        assert all(policy.keys() == {"Statement"} for policy in properties["Policies"]), name


# ── Devices ─────────────────────────────────────────────────────────────────────


def test_no_rule_waits_for_what_aws_iot_tells_a_device_alone(resources) -> None:
    rules = [
        resource["Properties"]["TopicRulePayload"]["Sql"]
        for resource in resources.values()
        if resource["Type"] == "AWS::IoT::TopicRule"
    ]

    assert rules
    assert not [sql for sql in rules if "/accepted" in sql or "/rejected" in sql]


# ── Queues and streams ──────────────────────────────────────────────────────────


def test_every_consumer_reports_what_failed_or_halves_its_batch(functions) -> None:
    consumers = events_of(functions, "SQS", "DynamoDB")

    assert consumers
    for name, event in consumers:
        reports = event.get("FunctionResponseTypes") == ["ReportBatchItemFailures"]
        assert reports or event.get("BisectBatchOnFunctionError"), name


def test_no_record_of_a_stream_is_lost_or_blocks_it_for_ever(functions) -> None:
    for name, event in events_of(functions, "DynamoDB"):
        assert event["DestinationConfig"]["OnFailure"]["Type"] == "SQS", name
        assert event["MaximumRetryAttempts"] > 0, name
        assert event["MaximumRecordAgeInSeconds"] > 0, name


def test_every_stream_consumer_may_send_to_its_destination(functions) -> None:
    for name, event in events_of(functions, "DynamoDB"):
        [queue, _] = event["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"]
        sends = [s for s in statements_of(functions[name]) if s["Action"] == "sqs:SendMessage"]
        targets = [each["Fn::GetAtt"][0] for s in sends for each in listed(s["Resource"])]
        assert queue in targets, name


def test_what_no_consumer_of_a_queue_can_process_ends_in_another_queue(
    functions, resources
) -> None:
    queues = {e["Queue"]["Fn::GetAtt"][0]: name for name, e in events_of(functions, "SQS")}
    redrives = {
        queue: resources[queue]["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][
            0
        ]
        for queue in queues
        if "RedrivePolicy" in resources[queue]["Properties"]
    }

    assert set(queues) <= redrives.keys() | redrives.values()


@pytest.mark.parametrize("queue", ["AgentQueue", "DocsQueue", "MissionQueue"])
def test_what_no_worker_can_do_with_a_job_ends_it(functions, resources, queue) -> None:
    ends = [
        e["Queue"] for name, e in events_of(functions, "SQS") if name == "EndDeadLettersFunction"
    ]

    assert {"Fn::GetAtt": [f"{queue.removesuffix('Queue')}DeadLetterQueue", "Arn"]} in ends


def test_no_message_comes_again_while_its_function_may_still_run(
    functions, resources, template
) -> None:
    for name, event in events_of(functions, "SQS"):
        [queue, _] = event["Queue"]["Fn::GetAtt"]
        timeout = functions[name].get("Timeout", template["Globals"]["Function"]["Timeout"])
        assert resources[queue]["Properties"]["VisibilityTimeout"] >= timeout, queue


def test_a_webhook_is_given_up_by_its_queue_after_as_many_attempts_as_its_worker_counts(
    resources,
) -> None:
    queue = resources["WebhookQueue"]["Properties"]
    a_day = sum(pause(n) for n in range(1, ATTEMPTS))

    assert queue["RedrivePolicy"]["maxReceiveCount"] == ATTEMPTS
    assert a_day < queue["MessageRetentionPeriod"]


def test_webhooks_go_to_the_public_internet_unless_a_deployment_says_otherwise(template) -> None:
    assert template["Parameters"]["WebhooksToLoopback"]["Default"] == "false"
    assert "WebhooksToLoopback" not in (ROOT / "samconfig.toml").read_text()


def test_every_table_that_holds_data_is_kept_and_can_be_restored(resources) -> None:
    for name, resource in resources.items():
        if resource["Type"] == "AWS::DynamoDB::Table" and name not in LOSABLE:
            assert resource["UpdateReplacePolicy"] == "Retain", name
            assert resource["DeletionPolicy"] == "RetainExceptOnCreate", name
            recovery = resource["Properties"]["PointInTimeRecoverySpecification"]
            assert recovery["PointInTimeRecoveryEnabled"], name


def test_an_aws_call_without_an_answer_is_given_up_while_its_function_still_runs(
    functions, template
) -> None:
    longest = CONFIG.retries["total_max_attempts"] * CONFIG.read_timeout

    for name, properties in functions.items():
        assert properties.get("Timeout", template["Globals"]["Function"]["Timeout"]) > longest, name
