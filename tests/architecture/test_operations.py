"""Alarms look at what there is, and at all of it; new code comes gradually and goes on alarms."""

import ast
import json
import re
from pathlib import Path

import pytest

from jobs.core.status import JobStatus
from local.cloud.omit import find_references
from tests.architecture.watched import metrics_of, of_type

ROOT = Path(__file__).parents[2]
JOBS = ROOT / "layers/jobs/jobs"
PSEUDO = {"AWS::StackName", "AWS::Region"}
ADVICE = "add an alarm to its feature in template.yaml, and its section to docs/runbook.md"


@pytest.fixture(scope="module")
def watched(alarms) -> set[tuple[str, str]]:
    """Each metric that some alarm looks at, with each resource it is about."""
    metrics = [metric for alarm in alarms.values() for metric in metrics_of(alarm)]
    return {(metric.name, name) for metric in metrics for name in metric.of}


def dead_letter_queues(resources) -> set[str]:
    """Wherever something ends that nobody could process."""
    queues = of_type(resources, "AWS::SQS::Queue")
    redriven = {
        name
        for queue in queues.values()
        for name in find_references(queue.get("RedrivePolicy", {}))
    }
    return redriven | {name for name in queues if name.endswith("DeadLetterQueue")}


def stream_consumers(functions) -> set[str]:
    return {
        name
        for name, function in functions.items()
        for event in function.get("Events", {}).values()
        if event["Type"] == "DynamoDB"
    }


# ── Everything is watched ───────────────────────────────────────────────────────


def test_every_dead_letter_queue_has_an_alarm(resources, watched) -> None:
    metric = "ApproximateNumberOfMessagesVisible"
    missing = {each for each in dead_letter_queues(resources) if (metric, each) not in watched}

    assert missing == set(), f"{metric}: {ADVICE}"


def test_letters_that_a_function_takes_at_once_are_noticed_all_the_same(
    functions, resources, watched
) -> None:
    taken = {
        event["Properties"]["Queue"]["Fn::GetAtt"][0]
        for function in functions.values()
        for event in function.get("Events", {}).values()
        if event["Type"] == "SQS"
    } & dead_letter_queues(resources)

    assert taken
    assert {each for each in taken if ("NumberOfMessagesReceived", each) not in watched} == set()


def test_every_work_queue_has_an_alarm_on_its_oldest_message(resources, watched) -> None:
    metric = "ApproximateAgeOfOldestMessage"
    queues = of_type(resources, "AWS::SQS::Queue").keys() - dead_letter_queues(resources)

    assert {each for each in queues if (metric, each) not in watched} == set(), ADVICE


@pytest.mark.parametrize("metric", ["ExecutionsFailed", "ExecutionsTimedOut"])
def test_every_state_machine_has_an_alarm(resources, watched, metric) -> None:
    machines = of_type(resources, "AWS::Serverless::StateMachine")

    assert {each for each in machines if (metric, each) not in watched} == set(), ADVICE


@pytest.mark.parametrize("metric", ["ReadThrottleEvents", "WriteThrottleEvents"])
def test_every_table_has_an_alarm_on_throttles(resources, watched, metric) -> None:
    tables = of_type(resources, "AWS::DynamoDB::Table")

    assert {each for each in tables if (metric, each) not in watched} == set(), ADVICE


def test_a_tables_alarm_looks_at_its_indexes_too(resources, alarms) -> None:
    watched = {
        (next(iter(metric.of)), metric.dimensions["GlobalSecondaryIndexName"])
        for alarm in alarms.values()
        for metric in metrics_of(alarm)
        if "GlobalSecondaryIndexName" in metric.dimensions
    }
    indexes = {
        (name, index["IndexName"])
        for name, table in of_type(resources, "AWS::DynamoDB::Table").items()
        for index in table.get("GlobalSecondaryIndexes", [])
    }

    assert watched == indexes


@pytest.mark.parametrize("metric", ["IteratorAge", "Errors"])
def test_every_reader_of_a_stream_has_an_alarm(functions, watched, metric) -> None:
    readers = stream_consumers(functions)

    assert readers
    assert {each for each in readers if (metric, each) not in watched} == set(), ADVICE


def test_both_apis_have_an_alarm(watched) -> None:
    assert ("5XXError", "AWS::StackName") in watched
    assert ("ExecutionError", "WebSocketApi") in watched


def test_no_functions_errors_go_unseen_as_all_log_to_the_group_that_is_counted(
    template, resources, alarms
) -> None:
    [counted] = of_type(resources, "AWS::Logs::MetricFilter").values()
    [transformation] = counted["MetricTransformations"]
    functions = of_type(resources, "AWS::Serverless::Function")

    assert counted["LogGroupName"] == {"Ref": "LogGroup"}
    assert template["Globals"]["Function"]["LoggingConfig"] == {
        "LogFormat": "JSON",
        "LogGroup": {"Ref": "LogGroup"},
    }
    assert [name for name, each in functions.items() if "LoggingConfig" in each] == []
    assert [(metric.namespace, metric.name) for metric in metrics_of(alarms["CodeFails"])] == [
        (transformation["MetricNamespace"], transformation["MetricName"])
    ]


# ── Nothing is watched that is not there ────────────────────────────────────────


def test_alarms_refer_to_what_exists(template, alarms) -> None:
    known = template["Resources"].keys() | template["Parameters"].keys() | PSEUDO

    for name, alarm in alarms.items():
        assert {each for each in find_references(alarm) if each not in known} == set(), name


def test_what_an_alarm_names_it_names_by_reference(alarms, resources) -> None:
    """But for what our own code prints, and for indexes, which have no other name."""
    spelled = {
        value
        for alarm in alarms.values()
        for metric in metrics_of(alarm)
        for key, value in metric.dimensions.items()
        if isinstance(value, str) and key != "GlobalSecondaryIndexName"
    }

    assert spelled <= {"sortie", *JobStatus}


def test_the_apis_alarm_calls_the_api_by_the_name_that_it_has(resources, alarms) -> None:
    api = resources["Api"]["Properties"]

    for metric in metrics_of(alarms["ApiFails"]):
        assert metric.dimensions == {"ApiName": api["Name"], "Stage": api["StageName"]}


def test_the_stacks_own_metrics_are_those_that_are_printed_or_counted(resources, alarms) -> None:
    printed = {
        str(ast.literal_eval(node.args[0]))
        for node in ast.walk(ast.parse((JOBS / "core/adapters/metrics.py").read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "metrics.add_metric"
    }
    [counted] = of_type(resources, "AWS::Logs::MetricFilter").values()
    known = printed | {each["MetricName"] for each in counted["MetricTransformations"]}
    own = {
        metric.name
        for alarm in alarms.values()
        for metric in metrics_of(alarm)
        if metric.namespace == {"Ref": "AWS::StackName"}
    }

    assert own
    assert own <= known


def test_what_is_printed_of_jobs_is_looked_at_by_status_alone(alarms) -> None:
    """PrintedMetrics prints it so too; an alarm on other dimensions would never see a value."""
    for metric in metrics_of(alarms["JobsFail"]):
        assert metric.dimensions.keys() == {"service", "status"}


def test_what_an_alarm_computes_with_it_has(alarms) -> None:
    for name, alarm in alarms.items():
        metrics = {each["Id"]: each for each in alarm.get("Metrics", [])}
        used = {
            word
            for each in metrics.values()
            for word in re.findall(r"\b[a-z]\w*\b", each.get("Expression", ""))
        }
        returned = [each["Id"] for each in metrics.values() if each.get("ReturnData", True)]
        assert used == metrics.keys() - set(returned), name
        assert len(returned) == bool(metrics), name


def test_every_alarm_tells_when_it_goes_off_and_when_it_is_over(alarms) -> None:
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}], name
        assert alarm["TreatMissingData"] == "notBreaching", name


# ── Deployments ─────────────────────────────────────────────────────────────────


def test_whoever_gets_new_code_gradually_gives_it_back_on_the_same_alarms(
    functions, alarms
) -> None:
    gradual = {n: each for n, each in functions.items() if "DeploymentPreference" in each}
    [preference] = {json.dumps(each["DeploymentPreference"]) for each in gradual.values()}

    assert set(find_references(json.loads(preference)["Alarms"])) <= alarms.keys()
    assert json.loads(preference)["Enabled"] == {"Ref": "SafeDeploys"}
    for name, each in gradual.items():
        assert each["AutoPublishAlias"] == "live", name
        assert each["AutoPublishAliasAllProperties"], name


def test_who_starts_jobs_and_who_runs_or_tells_of_them_gets_new_code_gradually(functions) -> None:
    """These see all work there is: a mistake shows here first."""
    gradual = {name for name, each in functions.items() if "DeploymentPreference" in each}
    creates = {
        name
        for name, each in functions.items()
        if re.search(r"create_job|stream_job|request_job|send_message", each["Handler"])
    }
    runs = {name for name in functions if re.fullmatch(r"Run\w+Function", name)}

    assert creates | runs | {"AuthorizeApiKeyFunction", "DeliverWebhookFunction"} <= gradual


def test_the_gateway_asks_the_authorizer_by_its_alias(resources) -> None:
    authorizers = resources["Api"]["Properties"]["Auth"]["Authorizers"]
    asked = [each["FunctionArn"] for each in authorizers.values() if "FunctionArn" in each]

    assert asked
    assert all(each == {"Ref": "AuthorizeApiKeyFunction.Alias"} for each in asked)


def test_new_shared_code_makes_new_versions(resources) -> None:
    for name, layer in of_type(resources, "AWS::Serverless::LayerVersion").items():
        assert layer["PublishLambdaVersion"], name
