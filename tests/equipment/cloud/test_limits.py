"""The emulator refuses requests over the limits of AWS."""

import io
import json
import zipfile
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

MIB = 2**20
CODE = """
def lambda_handler(event, context):
    return "x" * event["length"]
"""


def refused(call: Any, **request: Any) -> tuple[str, int]:
    """Return the error's code and status."""
    with pytest.raises(ClientError) as refusal:
        call(**request)
    response = refusal.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture(scope="module")
def queue(root) -> str:
    return str(root("sqs").create_queue(QueueName="limits")["QueueUrl"])


@pytest.fixture(scope="module")
def function(root, role) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("function.py", CODE)
    root("lambda").create_function(
        FunctionName="limits",
        Runtime="python3.13",
        Role=role,
        Handler="function.lambda_handler",
        Code={"ZipFile": archive.getvalue()},
    )
    root("lambda").get_waiter("function_active_v2").wait(FunctionName="limits")
    return "limits"


@pytest.fixture(scope="module")
def machine(root, role) -> str:
    definition = {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}
    made = root("stepfunctions").create_state_machine(
        name="limits", roleArn=role, definition=json.dumps(definition)
    )
    return str(made["stateMachineArn"])


def test_query_with_a_reserved_word_is_refused_without_items(root) -> None:
    root("dynamodb").create_table(
        TableName="limits",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
    )

    refusal = refused(
        root("dynamodb").query,
        TableName="limits",
        KeyConditionExpression="PK = :one",
        FilterExpression="status = :one",
        ExpressionAttributeValues={":one": {"S": "1"}},
    )

    assert refusal == ("ValidationException", 400)


@pytest.mark.parametrize("seconds", [-1, 901])
def test_message_with_an_invalid_delay_is_refused(root, queue, seconds) -> None:
    message = {"QueueUrl": queue, "MessageBody": "Hello", "DelaySeconds": seconds}

    assert refused(root("sqs").send_message, **message) == ("InvalidParameterValue", 400)


def test_invalid_delay_fails_only_its_entry_of_a_batch(root, queue) -> None:
    entries = [
        {"Id": str(seconds), "MessageBody": "Hello", "DelaySeconds": seconds}
        for seconds in (900, 901)
    ]

    response = root("sqs").send_message_batch(QueueUrl=queue, Entries=entries)

    assert [each["Id"] for each in response["Successful"]] == ["900"]
    [failed] = response["Failed"]
    assert (failed["Id"], failed["Code"]) == ("901", "InvalidParameterValue")


def test_visibility_timeout_over_twelve_hours_is_refused(root, queue) -> None:
    change = {"QueueUrl": queue, "ReceiptHandle": "any", "VisibilityTimeout": 43_201}

    assert refused(root("sqs").change_message_visibility, **change)[0] == "InvalidParameterValue"


def test_events_over_a_mebibyte_in_total_are_refused(root) -> None:
    detail = json.dumps({"text": "x" * (MIB // 2)})
    entries = [{"Source": "test", "DetailType": "test", "Detail": detail}] * 2

    root("events").put_events(Entries=entries[:1])
    assert refused(root("events").put_events, Entries=entries) == ("ValidationException", 400)


@pytest.mark.parametrize("name", ["x" * 81, "a b", "a#b", "a:b", "a/b"])
def test_execution_with_an_invalid_name_is_refused(root, machine, name) -> None:
    start = root("stepfunctions").start_execution

    assert refused(start, stateMachineArn=machine, name=name) == ("InvalidName", 400)


@pytest.mark.parametrize("text", [json.dumps("é" * 131_072, ensure_ascii=False), "{"])
def test_execution_with_an_invalid_input_is_refused(root, machine, text) -> None:
    start = root("stepfunctions").start_execution

    assert refused(start, stateMachineArn=machine, input=text) == ("InvalidExecutionInput", 400)


def test_device_job_over_32_kb_in_utf8_is_refused(root) -> None:
    thing = root("iot").create_thing(thingName=f"dock-{uuid4()}")["thingArn"]
    document = json.dumps({"text": "é" * 16_384}, ensure_ascii=False)
    job = {"jobId": "limits", "targets": [thing], "document": document}

    assert refused(root("iot").create_job, **job) == ("InvalidRequestException", 400)


@pytest.mark.parametrize(
    ("topic", "payload", "refusal"),
    [
        ("a", b"x" * 131_073, ("RequestEntityTooLargeException", 413)),
        ("1/2/3/4/5/6/7/8/9", b"", ("InvalidRequestException", 400)),
    ],
)
def test_mqtt_message_over_the_limits_is_refused(root, topic, payload, refusal) -> None:
    assert refused(root("iot-data").publish, topic=topic, payload=payload) == refusal


@pytest.mark.parametrize(("name", "text"), [("a b", "x"), ("a" * 513, "x"), ("long", "x" * 65_537)])
def test_secret_over_the_limits_is_refused(root, name, text) -> None:
    create = root("secretsmanager").create_secret

    assert refused(create, Name=name, SecretString=text) == ("ValidationException", 400)


@pytest.mark.parametrize(("kind", "maximum"), [("RequestResponse", 6 * MIB), ("Event", MIB)])
def test_invocation_over_the_limit_is_refused(root, function, kind, maximum) -> None:
    request = {
        "FunctionName": function,
        "InvocationType": kind,
        "Payload": json.dumps({"length": 1, "text": "x" * maximum}),
    }

    assert refused(root("lambda").invoke, **request) == ("RequestTooLargeException", 413)


def test_response_over_the_limit_fails_the_invocation(root, function) -> None:
    payload = json.dumps({"length": 6 * MIB + 100})

    response = root("lambda").invoke(FunctionName=function, Payload=payload)

    assert response["FunctionError"] == "Unhandled"
    assert json.load(response["Payload"])["errorType"] == "Function.ResponseSizeTooLarge"
