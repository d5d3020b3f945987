"""Our client of JSON services makes the calls that botocore makes."""

import re
import string
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
from botocore.credentials import Credentials
from botocore.session import get_session
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.kit.aws import json_client
from jobs.kit.aws.json_client import SERVICES, JsonClient, suits
from tests.adapters.kit.json_calls import LAMBDA, both_clients, in_lambda

TEXT = st.text(string.printable + 'äöü€漢字😀\u2028\\"', max_size=20)
PLAIN = st.one_of(
    st.builds(lambda v: {"S": v}, TEXT),
    st.builds(lambda v: {"N": str(v)}, st.integers(0, 10**12)),
    st.builds(lambda v: {"BOOL": v}, st.booleans()),
)
VALUE = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.builds(lambda v: {"L": v}, st.lists(inner, max_size=3)),
        st.builds(lambda v: {"M": v}, st.dictionaries(TEXT, inner, max_size=3)),
    ),
    max_leaves=4,
)
ITEM = st.dictionaries(st.sampled_from(["PK", "SK", "a", "b"]), VALUE, min_size=1)
QUEUE = st.just("https://sqs.us-east-1.amazonaws.com/1/q")
CALLS = {
    ("cognito-idp", "create_user_pool_client"): {
        "UserPoolId": TEXT, "ClientName": TEXT, "GenerateSecret": st.booleans(),
        "AllowedOAuthScopes": st.lists(TEXT, max_size=2), "AccessTokenValidity": st.integers(1, 60),
        "TokenValidityUnits": st.just({"AccessToken": "minutes"}),
    },
    ("cognito-idp", "delete_user_pool_client"): {"UserPoolId": TEXT, "ClientId": TEXT},
    ("dynamodb", "put_item"): {"TableName": TEXT, "Item": ITEM, "ConditionExpression": TEXT},
    ("dynamodb", "get_item"): {"TableName": TEXT, "Key": ITEM, "ConsistentRead": st.booleans()},
    ("dynamodb", "delete_item"): {"TableName": TEXT, "Key": ITEM, "ReturnValues": TEXT},
    ("dynamodb", "update_item"): {
        "TableName": TEXT, "Key": ITEM, "UpdateExpression": TEXT,
        "ExpressionAttributeNames": st.dictionaries(TEXT, TEXT, max_size=2),
        "ExpressionAttributeValues": ITEM, "ReturnValuesOnConditionCheckFailure": TEXT,
    },
    ("dynamodb", "query"): {
        "TableName": TEXT, "KeyConditionExpression": TEXT, "ExpressionAttributeValues": ITEM,
        "Limit": st.integers(1, 99), "ScanIndexForward": st.booleans(), "ExclusiveStartKey": ITEM,
    },
    ("dynamodb", "batch_get_item"): {
        "RequestItems": st.builds(
            lambda keys: {"T": {"Keys": keys, "ConsistentRead": True}}, st.lists(ITEM, max_size=2)
        ),
    },
    ("dynamodb", "transact_write_items"): {
        "TransactItems": st.builds(
            lambda a, b: [
                {"Put": {"TableName": "T", "Item": a}},
                {"ConditionCheck": {"TableName": "T", "Key": b, "ConditionExpression": "c"}},
            ],
            ITEM, ITEM,
        ),
        "ClientRequestToken": st.just("11111111-2222-4333-8444-555555555555"),
    },
    ("sqs", "send_message"): {
        "QueueUrl": QUEUE, "MessageBody": TEXT, "DelaySeconds": st.integers(0, 900),
        "MessageGroupId": TEXT,
    },
    ("sqs", "send_message_batch"): {
        "QueueUrl": QUEUE,
        "Entries": st.lists(st.builds(lambda b: {"Id": "0", "MessageBody": b}, TEXT), max_size=2),
    },
    ("sqs", "change_message_visibility"): {
        "QueueUrl": QUEUE, "ReceiptHandle": TEXT, "VisibilityTimeout": st.integers(0, 900),
    },
    ("stepfunctions", "start_execution"): {
        "stateMachineArn": st.just("arn:aws:states:us-east-1:1:stateMachine:m"), "name": TEXT,
        "input": TEXT,
    },
    ("events", "put_events"): {
        "Entries": st.lists(st.builds(lambda d: {"Source": "s", "Detail": d}, TEXT), max_size=2),
    },
    ("secretsmanager", "get_secret_value"): {"SecretId": TEXT},
}  # fmt: skip


class SentError(Exception):
    """The request has been seen; it need not be sent."""


@pytest.fixture(scope="module")
def pairs() -> Iterator[dict[str, tuple[Any, Any, dict[str, Any]]]]:
    """Return both clients of each service, and the last request of each."""
    made = {}
    with in_lambda(), ExitStack() as patches:
        for service in SERVICES:
            theirs, ours = patches.enter_context(both_clients(service))
            seen: dict[str, Any] = {}
            made[service] = (theirs, ours, seen)

            def catch(request: Any, seen: dict[str, Any] = seen, **_: Any) -> None:
                seen["theirs"] = request
                raise SentError

            def keep(*request: Any, seen: dict[str, Any] = seen) -> None:
                seen["ours"] = request
                raise SentError

            theirs.meta.events.register("before-send", catch)
            socket = SimpleNamespace(exchange=keep)
            patches.enter_context(patch.object(ours, "_connect", return_value=socket))
        yield made


def make_call(client: Any, method: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(SentError):
        getattr(client, method)(**parameters)


def text(header: bytes | str) -> str:
    return header.decode() if isinstance(header, bytes) else header


def sign_with_botocore(url: str, body: bytes, sent: dict[str, str], service: str) -> str:
    """Return the signature of these headers at their moment."""
    unsigned = {"authorization", "x-amz-date", "x-amz-security-token", "x-amzn-trace-id"}
    headers = {name: value for name, value in sent.items() if name not in unsigned}
    request = AWSRequest("POST", f"{url}/", headers=headers, data=body)
    moment = datetime.strptime(sent["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    credentials = Credentials(
        LAMBDA["AWS_ACCESS_KEY_ID"], LAMBDA["AWS_SECRET_ACCESS_KEY"],
        sent.get("x-amz-security-token"),
    )  # fmt: skip
    with patch.object(botocore.auth, "get_current_datetime", lambda: moment):
        signer = botocore.auth.SigV4Auth(credentials, SERVICES[service].name, "us-east-1")
        signer.add_auth(request)
    return str(request.headers["Authorization"])


def test_calls_of_the_test_are_all_calls() -> None:
    methods = {
        (service, re.sub("(?<!^)([A-Z])", r"_\1", operation).lower())
        for service, about in SERVICES.items()
        for operation in about.operations
    }

    assert methods == set(CALLS)


@pytest.mark.parametrize(("service", "method"), CALLS)
@settings(max_examples=25)
@given(data=st.data())
def test_request_equals_botocores(pairs, service, method, data) -> None:
    theirs, ours, seen = pairs[service]
    parameters = data.draw(st.fixed_dictionaries(CALLS[service, method]))
    token = data.draw(st.sampled_from([None, "t" * 700]))

    with in_lambda(AWS_SESSION_TOKEN=token, _X_AMZN_TRACE_ID="Root=1-a;Sampled=1;Lineage=é"):
        make_call(theirs, method, parameters)
        make_call(ours, method, dict(parameters))
        verb, path, headers, body = seen["ours"]
        signature = sign_with_botocore(ours.url, body, headers, service)

    request = seen["theirs"]
    assert (verb, f"{ours.url}{path}", body) == (request.method, request.url, request.body)
    for name in ("Content-Type", "X-Amz-Target", "X-Amzn-Trace-Id"):
        assert headers[name.lower()] == text(request.headers[name])
    assert headers["authorization"] == signature


@pytest.mark.parametrize("service", SERVICES)
def test_endpoint_of_each_region_equals_botocores(service) -> None:
    session, few = get_session(), 3 if service != "dynamodb" else None
    for partition in ("aws", "aws-us-gov", "aws-cn", "aws-iso"):
        regions = session.get_available_regions(service, partition_name=partition)
        for region in regions[:few]:
            with in_lambda(AWS_REGION=region):
                assert suits(service) is (partition in {"aws", "aws-us-gov"})
                if suits(service):
                    theirs = session.create_client(service, region_name=region)
                    assert JsonClient(service).url == theirs.meta.endpoint_url


def test_transaction_without_token_gets_one(pairs) -> None:
    _, ours, seen = pairs["dynamodb"]

    with in_lambda():
        make_call(ours, "transact_write_items", {"TransactItems": []})

    assert re.search(rb'"ClientRequestToken": "[0-9a-f-]{36}"', seen["ours"][3])


def test_client_has_no_other_operations() -> None:
    with in_lambda(), pytest.raises(AttributeError):
        JsonClient("dynamodb").create_table(TableName="t")


@pytest.mark.parametrize(("settings_", "expected"), [
    ({}, True), ({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, True),
    ({"AWS_ENDPOINT_URL": "https://vpce-1.example.com"}, False),
    ({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566/path"}, False),
    ({"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:8000"}, False),
    ({"AWS_REGION": "cn-north-1"}, False), ({"AWS_REGION": "us-isob-east-1"}, False),
    ({"AWS_ACCESS_KEY_ID": None}, False), ({"AWS_LAMBDA_FUNCTION_NAME": None}, False),
    *[({name: "x"}, False) for name in sorted(json_client.UNUSUAL_SETTINGS)],
])  # fmt: skip
def test_client_suits_only_the_settings_that_it_knows(settings_, expected) -> None:
    with in_lambda(**settings_):
        assert suits("dynamodb") is expected
        assert not suits("iot")


def test_every_setting_of_botocore_is_considered() -> None:
    read = {
        name
        for _, names, *_ in BOTOCORE_DEFAUT_SESSION_VARIABLES.values()
        for name in ([names] if isinstance(names, str) else names or [])
    }
    of_other_calls = {
        # the instance's metadata, as there are credentials; client-side metrics without CSM_ENABLED
        *{name for name in read if re.match("AWS_(EC2|IMDS|METADATA|CSM|S3|STS)_", name)},
        # what the policy states, and what these services do not use
        "AWS_DISABLE_HOST_PREFIX_INJECTION", "AWS_DISABLE_REQUEST_COMPRESSION", "AWS_MAX_ATTEMPTS",
        "AWS_REQUEST_CHECKSUM_CALCULATION", "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES",
        "AWS_RESPONSE_CHECKSUM_VALIDATION", "AWS_RETRY_MODE", "AWS_SDK_UA_APP_ID",
        "AWS_SIGV4A_SIGNING_REGION_SET",
    }  # fmt: skip

    assert read <= json_client.HANDLED_SETTINGS | json_client.UNUSUAL_SETTINGS | of_other_calls


def test_layers_operations_are_those_of_the_client() -> None:
    trimmed: dict[str, Any] = {"__name__": "trim"}
    exec(Path("layers/jobs/trim_botocore.py").read_text(), trimmed)  # noqa: S102 - a script

    operations = {name: trimmed["OPERATIONS"][name] for name in SERVICES}
    assert operations == {name: set(about.operations) for name, about in SERVICES.items()}
