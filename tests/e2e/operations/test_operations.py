"""The stack as its operators have it: alarms, the dashboard, metrics, `make redrive`."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from local.cloud.aws import CREDENTIALS
from local.kit.paths import ROOT
from local.stack.local_stack import LocalStack
from tests.e2e.api import Api, eventually
from tests.e2e.cloud import Cloud
from tests.e2e.events import Bus

type Redrive = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def redrive(stack: LocalStack) -> Redrive:
    def make(queue: str = "", name: str = stack.name) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", "--no-print-directory", "redrive", f"QUEUE={queue}", f"STACK={name}"],
            cwd=ROOT,
            env=os.environ | CREDENTIALS | {"AWS_ENDPOINT_URL": stack.aws_endpoint_url},
            capture_output=True,
            text=True,
            check=False,
        )

    return make


def resource(cloud: Cloud, name: str) -> str:
    found = cloud.client("cloudformation").describe_stack_resource(
        StackName=cloud.stack.name, LogicalResourceId=name
    )
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


# ── Alarms, dashboard, metrics ──────────────────────────────────────────────────


def test_an_alarm_tells_the_topics_subscribers_when_it_goes_off_and_when_it_is_over(
    cloud: Cloud,
) -> None:
    sqs, topic = cloud.client("sqs"), cloud.stack.outputs["AlarmTopicArn"]
    queue = sqs.create_queue(QueueName=f"operator-{uuid4().hex[:8]}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    alarm = resource(cloud, "StreamDeadLetters")

    for state in ("ALARM", "OK"):
        cloud.client("cloudwatch").set_alarm_state(
            AlarmName=alarm, StateValue=state, StateReason="a test"
        )

    heard: list[Any] = []

    def listen() -> list[Any]:
        for message in sqs.receive_message(QueueUrl=queue).get("Messages", []):
            heard.append(json.loads(json.loads(message["Body"])["Message"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return heard

    eventually(listen, lambda found: len(found) == 2)
    assert {(each["AlarmName"], each["NewStateValue"]) for each in heard} == {
        (alarm, "ALARM"),
        (alarm, "OK"),
    }


def test_the_dashboard_shows_the_queues_tables_and_alarms_that_were_made(cloud: Cloud) -> None:
    name = cloud.stack.outputs["DashboardName"]
    body = cloud.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"]
    [shown] = [each for each in json.loads(body)["widgets"] if each["type"] == "alarm"]
    pages = cloud.client("cloudformation").get_paginator("list_stack_resources")
    made = {
        each["PhysicalResourceId"]
        for page in pages.paginate(StackName=cloud.stack.name)
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == "AWS::CloudWatch::Alarm"
    }

    assert "${" not in body
    assert {each.rpartition(":alarm:")[2] for each in shown["properties"]["alarms"]} == made
    for resource_name in ("AgentQueueUrl", "StreamDeadLetterQueueUrl"):
        assert json.dumps(cloud.stack.outputs[resource_name].rsplit("/", 1)[-1]) in body
    assert json.dumps(cloud.stack.outputs["JobTableName"]) in body


def test_a_job_that_succeeds_is_a_metric_of_the_stack(api: Api, bus: Bus, cloud: Cloud) -> None:
    bus.until(api.create(), "PENDING", "RUNNING", "SUCCEEDED")
    logs = cloud.client("logs")
    groups = logs.describe_log_groups()["logGroups"]
    [group] = [each["logGroupName"] for each in groups if "PublishEvents" in each["logGroupName"]]

    def printed() -> list[Any]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        lines = [event["message"] for page in pages for event in page["events"]]
        return [json.loads(line) for line in lines if line.startswith('{"_aws"')]

    found = eventually(
        lambda: [each for each in printed() if each["status"] == "SUCCEEDED"], lambda some: some
    )
    assert found[-1]["_aws"]["CloudWatchMetrics"][0]["Namespace"] == cloud.stack.name
    assert found[-1]["dialect"] == "messaging"
    assert found[-1]["ProcessingTime"][0] > 0


# ── Dead letters ────────────────────────────────────────────────────────────────


@contextmanager
def deployed(cloud: Cloud, function: str, **environment: str) -> Iterator[None]:
    """Have a function's calls go to a new version with these variables, then to the old again."""
    functions, name = cloud.client("lambda"), resource(cloud, f"{function}Function")
    before = functions.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]

    def configure(values: dict[str, str]) -> None:
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": values}
        )

    configure(variables | environment)
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
    try:
        yield
    finally:
        functions.update_alias(FunctionName=name, Name="live", FunctionVersion=before)
        configure(variables)


@contextmanager
def impatient(cloud: Cloud, function: str) -> Iterator[None]:
    """Have Lambda give up the stream's records after a second, instead of a day."""
    cloud.let(function, MaximumRecordAgeInSeconds=1)
    try:
        yield
    finally:
        cloud.let(function, MaximumRecordAgeInSeconds=86_400)


def test_changes_that_broken_code_lost_are_told_once_it_is_taken_back_and_they_are_redriven(
    api: Api, bus: Bus, cloud: Cloud, redrive: Redrive
) -> None:
    with impatient(cloud, "PublishEvents"), deployed(cloud, "PublishEvents", COUNTER_TABLE="none"):
        job_id = api.create()
        api.until(job_id)
        eventually(lambda: cloud.waiting("StreamDeadLetterQueueUrl"), lambda count: count)
        too_early = redrive("StreamDeadLetterQueue")
        assert "0 redriven" in too_early.stdout, too_early
        assert too_early.returncode == 2
        assert bus.of(job_id) == []

    said = redrive("StreamDeadLetterQueue")

    assert said.returncode == 0, said.stdout + said.stderr
    eventually(
        lambda: set(bus.of(job_id)), lambda told: told == {"PENDING", "RUNNING", "SUCCEEDED"}
    )
    eventually(lambda: api.health()["statusCounts"]["completed"], lambda count: count == 1)
    assert cloud.waiting("StreamDeadLetterQueueUrl") == 0


def test_a_message_goes_back_to_the_queue_that_it_came_from(cloud: Cloud, redrive: Redrive) -> None:
    sqs, reports = cloud.client("sqs"), cloud.stack.outputs["DeviceReportQueueUrl"]
    dead, body = resource(cloud, "DeviceDeadLetterQueue"), json.dumps({"device": "nobody's"})
    cloud.consume("TakeDeviceReport", enabled=False)
    try:
        sqs.send_message(QueueUrl=reports, MessageBody=body)
        for _ in range(9):  # eight times are too many, which is found out at the next look
            sqs.receive_message(QueueUrl=reports, VisibilityTimeout=0)
        listed = redrive()
        said = redrive("DeviceDeadLetterQueue")
        [back] = sqs.receive_message(QueueUrl=reports, VisibilityTimeout=0)["Messages"]
    finally:
        sqs.purge_queue(QueueUrl=reports)
        cloud.consume("TakeDeviceReport", enabled=True)

    assert "DeviceDeadLetterQueue\t1" in listed.stdout.splitlines()
    assert said.returncode == 0, said.stdout + said.stderr
    assert back["Body"] == body
    assert "Messages" not in sqs.receive_message(QueueUrl=dead)


@pytest.mark.parametrize(("queue", "stack_name", "complaint"), [
    ("NoQueue", "sortie", "StreamDeadLetterQueue"),
    ("StreamDeadLetterQueue", "no-such-stack", "no-such-stack"),
])  # fmt: skip
def test_what_is_wrong_is_said(redrive: Redrive, queue, stack_name, complaint) -> None:
    said = redrive(queue, stack_name)

    assert said.returncode != 0
    assert complaint in said.stderr
    assert "Traceback" not in said.stderr
