"""Alarms watch every queue, table, state machine, stream consumer and API."""

import pytest

from tests.architecture.template import (
    dead_letter_queues,
    events_of,
    metrics_of,
    of_type,
    stream_consumers,
)

ADVICE = "add an alarm to its feature in template.yaml, and its section to docs/runbook.md"


@pytest.fixture(scope="module")
def watched(alarms) -> set[tuple[str, str]]:
    """Each metric that an alarm watches, with each resource in its dimensions."""
    metrics = [metric for alarm in alarms.values() for metric in metrics_of(alarm)]
    return {(metric.name, name) for metric in metrics for name in metric.of}


def test_dead_letter_queue_has_an_alarm(resources, watched) -> None:
    metric = "ApproximateNumberOfMessagesVisible"
    missing = {each for each in dead_letter_queues(resources) if (metric, each) not in watched}

    assert missing == set(), f"{metric}: {ADVICE}"


def test_dead_letter_queue_with_a_consumer_has_an_alarm_on_receipts(
    functions, resources, watched
) -> None:
    consumed = {event["Queue"]["Fn::GetAtt"][0] for _, event in events_of(functions, "SQS")}
    taken = consumed & dead_letter_queues(resources)

    assert taken
    assert {each for each in taken if ("NumberOfMessagesReceived", each) not in watched} == set()


def test_work_queue_has_an_alarm_on_its_oldest_message(resources, watched) -> None:
    metric = "ApproximateAgeOfOldestMessage"
    queues = of_type(resources, "AWS::SQS::Queue").keys() - dead_letter_queues(resources)

    assert {each for each in queues if (metric, each) not in watched} == set(), ADVICE


def test_state_machine_has_an_alarm_on_failures(resources, watched) -> None:
    machines = of_type(resources, "AWS::Serverless::StateMachine")

    assert {each for each in machines if ("ExecutionsFailed", each) not in watched} == set(), ADVICE


@pytest.mark.parametrize("metric", ["ReadThrottleEvents", "WriteThrottleEvents"])
def test_table_has_an_alarm_on_throttles(resources, watched, metric) -> None:
    tables = of_type(resources, "AWS::DynamoDB::Table")

    assert {each for each in tables if (metric, each) not in watched} == set(), ADVICE


def test_table_alarm_watches_every_index(resources, alarms) -> None:
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
def test_stream_consumer_has_alarms_on_lag_and_errors(functions, watched, metric) -> None:
    readers = stream_consumers(functions)

    assert readers
    assert {each for each in readers if (metric, each) not in watched} == set(), ADVICE


def test_both_apis_have_an_alarm_on_errors(watched) -> None:
    assert ("5XXError", "AWS::StackName") in watched
    assert ("ExecutionError", "WebSocketApi") in watched


def test_errors_of_all_functions_are_counted_in_one_log_group(template, resources, alarms) -> None:
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
