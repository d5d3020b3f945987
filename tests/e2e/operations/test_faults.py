"""Dead letters of streams and queues, and their redrive."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.api import Api, eventually
from tests.e2e.cloud import Cloud
from tests.e2e.events import Bus


@contextmanager
def deployed(cloud: Cloud, function: str, **environment: str) -> Iterator[None]:
    """Point a function's alias at a version with these variables, then back."""
    functions, name = cloud.client("lambda"), cloud.resource(f"{function}Function")
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
def short_record_age(cloud: Cloud, function: str) -> Iterator[None]:
    """Let Lambda give up stream records after a second instead of a day."""
    cloud.configure(function, MaximumRecordAgeInSeconds=1)
    try:
        yield
    finally:
        cloud.configure(function, MaximumRecordAgeInSeconds=86_400)


def test_stream_dead_letters_are_published_after_a_redrive(
    api: Api, bus: Bus, cloud: Cloud, make
) -> None:
    with (
        short_record_age(cloud, "PublishEvents"),
        deployed(cloud, "PublishEvents", COUNTER_TABLE="none"),
    ):
        job_id = api.create()
        api.until(job_id)
        eventually(lambda: cloud.waiting("StreamDeadLetterQueueUrl"), lambda count: count)
        too_early = make("redrive", QUEUE="StreamDeadLetterQueue")
        assert "0 redriven" in too_early.stdout, too_early
        assert too_early.returncode == 2
        assert bus.of(job_id) == []

    completed = make("redrive", QUEUE="StreamDeadLetterQueue")

    assert completed.returncode == 0, completed.stdout + completed.stderr
    eventually(
        lambda: set(bus.of(job_id)),
        lambda statuses: statuses == {"PENDING", "RUNNING", "SUCCEEDED"},
    )
    eventually(lambda: api.health()["statusCounts"]["completed"], lambda count: count == 1)
    assert cloud.waiting("StreamDeadLetterQueueUrl") == 0


def test_redriven_message_returns_to_its_source_queue(cloud: Cloud, make) -> None:
    sqs, source = cloud.client("sqs"), cloud.resource("RequestQueue")
    dead, body = cloud.resource("RequestDeadLetterQueue"), json.dumps({"detail": "nobody's"})
    attributes = sqs.get_queue_attributes(QueueUrl=source, AttributeNames=["RedrivePolicy"])
    policy = json.loads(attributes["Attributes"]["RedrivePolicy"])
    cloud.consume("RequestJob", enabled=False)
    try:
        sqs.send_message(QueueUrl=source, MessageBody=body)
        for _ in range(
            policy["maxReceiveCount"] + 1
        ):  # this receive exceeds the maximum receive count
            sqs.receive_message(QueueUrl=source, VisibilityTimeout=0)
        listed = make("redrive")
        done = make("redrive", QUEUE="RequestDeadLetterQueue")
        [back] = sqs.receive_message(QueueUrl=source, VisibilityTimeout=0)["Messages"]
    finally:
        sqs.purge_queue(QueueUrl=source)
        cloud.consume("RequestJob", enabled=True)

    assert "RequestDeadLetterQueue\t1" in listed.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert back["Body"] == body
    assert "Messages" not in sqs.receive_message(QueueUrl=dead)
