"""No message of a queue is lost, or processed twice at once."""

import ast

import pytest
import yaml

from jobs.webhooks.deliver_webhook import MAX_ATTEMPTS, retry_delay_s
from jobs.webhooks.flow import LEASE_MS
from tests.architecture.template import ROOT, events_of, of_type

WORTHLESS_LATER = {"ConnectionQueue", "PollQueue"}
"""Queues whose messages expire: an idle connection closes meanwhile, and its client returns. A
delegated job that is not polled times out.
"""


def test_unprocessable_message_goes_to_a_dead_letter_queue(functions, resources) -> None:
    queues = {e["Queue"]["Fn::GetAtt"][0]: name for name, e in events_of(functions, "SQS")}
    redrives = {
        queue: resources[queue]["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][
            0
        ]
        for queue in queues
        if "RedrivePolicy" in resources[queue]["Properties"]
    }

    assert set(queues) - WORTHLESS_LATER <= redrives.keys() | redrives.values()


@pytest.mark.parametrize("queue", ["AgentQueue", "DocsQueue", "MissionQueue"])
def test_dead_letter_of_a_work_queue_ends_its_job(functions, queue) -> None:
    ends = [
        e["Queue"] for name, e in events_of(functions, "SQS") if name == "EndDeadLettersFunction"
    ]

    assert {"Fn::GetAtt": [f"{queue.removesuffix('Queue')}DeadLetterQueue", "Arn"]} in ends


def test_job_survives_five_receives_of_its_message(functions, resources) -> None:
    """A message counts as received even if Lambda throttles its function.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """
    ends_jobs = {
        event["Queue"]["Fn::GetAtt"][0]
        for name, event in events_of(functions, "SQS")
        if name == "EndDeadLettersFunction"
    }
    redrives = {
        name: queue["RedrivePolicy"]
        for name, queue in of_type(resources, "AWS::SQS::Queue").items()
        if "RedrivePolicy" in queue
    }
    receives = {
        name: redrive["maxReceiveCount"]
        for name, redrive in redrives.items()
        if redrive["deadLetterTargetArn"]["Fn::GetAtt"][0] in ends_jobs
    }

    assert receives.keys() >= {"AgentQueue", "DocsQueue", "MissionQueue"}
    assert min(receives.values()) >= 6


def test_message_becomes_a_dead_letter_before_it_expires(resources) -> None:
    queues = of_type(resources, "AWS::SQS::Queue")
    redriven = {name: queue for name, queue in queues.items() if "RedrivePolicy" in queue}

    assert redriven
    for name, queue in redriven.items():
        receives = queue["RedrivePolicy"]["maxReceiveCount"]
        assert receives * queue["VisibilityTimeout"] < queue["MessageRetentionPeriod"], name


def test_message_stays_invisible_while_its_function_may_run(functions, resources, template) -> None:
    for name, event in events_of(functions, "SQS"):
        [queue, _] = event["Queue"]["Fn::GetAtt"]
        timeout = functions[name].get("Timeout", template["Globals"]["Function"]["Timeout"])
        assert resources[queue]["Properties"]["VisibilityTimeout"] >= timeout, queue


def test_webhook_message_of_an_earlier_version_makes_all_its_attempts(resources) -> None:
    """Earlier versions hid one message between the attempts, so its receives were the attempts."""
    queue = resources["WebhookQueue"]["Properties"]
    a_day = sum(retry_delay_s(n) for n in range(1, MAX_ATTEMPTS))

    assert queue["RedrivePolicy"]["maxReceiveCount"] == MAX_ATTEMPTS
    assert a_day < queue["MessageRetentionPeriod"]


def test_webhook_may_take_as_long_as_its_function(functions) -> None:
    """Then another attempt may take its place."""
    assert functions["DeliverWebhookFunction"]["Timeout"] * 1000 == LEASE_MS


def test_consumer_reports_failed_items_or_bisects_its_batch(functions) -> None:
    consumers = events_of(functions, "SQS", "DynamoDB")

    assert consumers
    for name, event in consumers:
        reports = event.get("FunctionResponseTypes") == ["ReportBatchItemFailures"]
        assert reports or event.get("BisectBatchOnFunctionError"), name


def test_worker_of_a_queue_has_a_maximum_concurrency(functions) -> None:
    """A burst of one queue never takes the concurrency of others: `make doctor` counts it."""
    for name, event in events_of(functions, "SQS"):
        assert event["ScalingConfig"]["MaximumConcurrency"], name


def test_message_has_a_message_group() -> None:
    """It is the tenant. AWS IoT and EventBridge cannot set it."""
    sends = [
        (path.name, node)
        for path in (ROOT / "layers/jobs/jobs").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith(("send_message", "send_message_batch"))
        and any(each.arg == "QueueUrl" for each in node.keywords)
    ]

    assert sends
    assert [name for name, call in sends if "MessageGroupId" not in ast.unparse(call)] == []


def test_message_of_a_state_machine_has_a_message_group(resources) -> None:
    for name, machine in of_type(resources, "AWS::Serverless::StateMachine").items():
        definition = yaml.safe_load((ROOT / machine["DefinitionUri"]).read_text())
        for state in definition["States"].values():
            if state.get("Resource", "").endswith("sqs:sendMessage"):
                assert "tenant" in state["Arguments"]["MessageGroupId"], name
