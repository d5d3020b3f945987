"""Operations: alarms, the dashboard, metrics and commands."""

import json
from typing import Any
from uuid import uuid4

from tests.e2e.api import Api, eventually
from tests.e2e.cloud import Cloud
from tests.e2e.events import Bus

# ── Alarms, dashboard, metrics ──────────────────────────────────────────────────


def accept(topic: str, queue: str) -> dict[str, Any]:
    """Return the policy of a queue that lets a topic send."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    return {"Version": "2012-10-17", "Statement": statement}


def test_alarm_notifies_subscribers_of_both_states(cloud: Cloud) -> None:
    sqs, topic = cloud.client("sqs"), cloud.stack.outputs["AlarmTopicArn"]
    queue = sqs.create_queue(QueueName=f"operator-{uuid4().hex[:8]}")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    arn = found["Attributes"]["QueueArn"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(accept(topic, arn))})
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    alarm = cloud.resource("StreamDeadLetters")

    for state in ("ALARM", "OK"):
        cloud.client("cloudwatch").set_alarm_state(
            AlarmName=alarm, StateValue=state, StateReason="a test"
        )

    received: list[Any] = []

    def listen() -> list[Any]:
        for message in sqs.receive_message(QueueUrl=queue).get("Messages", []):
            received.append(json.loads(json.loads(message["Body"])["Message"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return received

    eventually(listen, lambda found: len(found) == 2)
    assert {(each["AlarmName"], each["NewStateValue"]) for each in received} == {
        (alarm, "ALARM"),
        (alarm, "OK"),
    }


def test_dashboard_shows_the_deployed_queues_tables_and_alarms(cloud: Cloud) -> None:
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


def test_succeeded_job_emits_a_metric_of_the_stack(api: Api, bus: Bus, cloud: Cloud) -> None:
    bus.until(api.create(), "PENDING", "RUNNING", "SUCCEEDED")
    logs = cloud.client("logs")
    pages = logs.get_paginator("describe_log_groups").paginate()
    groups = [each["logGroupName"] for page in pages for each in page["logGroups"]]
    [group] = [each for each in groups if "PublishEvents" in each]

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


# ── Commands ────────────────────────────────────────────────────────────────────


def test_command_for_an_unknown_stack_or_queue_names_it(make, tmp_path) -> None:
    registry = tmp_path / "registry.yaml"
    registry.write_text("tenant: acme\nkeys: [a]")

    failed = {
        "no-such-stack": [
            make("redrive", STACK="no-such-stack"),
            make("registry", FILE=registry, STACK="no-such-stack"),
        ],
        "StreamDeadLetterQueue": [make("redrive", QUEUE="NoQueue")],
        "TENANT=acme": [make("webhook-secret", TENANT="Not/one")],
    }

    for complaint, commands in failed.items():
        for done in commands:
            assert done.returncode != 0
            assert complaint in done.stderr
            assert "Traceback" not in done.stderr


def test_doctor_examines_the_stack_and_its_account(make, stack) -> None:
    done = make("doctor")

    found = {tuple(line.split()[:2]) for line in done.stdout.splitlines() if line}
    assert f"Stack {stack.name} in eu-central-1, account 000000000000" in done.stdout
    assert {("ok", "Lambda"), ("ok", "AWS"), ("ok", "secret")} <= found
    assert {"alarms", "API", "Step"} <= {subject for _, subject in found}
    assert ("MISSING", "secret") not in found
    assert done.returncode in {0, 1}, done.stderr
