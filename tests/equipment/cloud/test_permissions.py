"""The emulator evaluates the policies of roles as AWS does."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from local.cloud.aws import REGION
from tests.equipment.cloud.conftest import TRUST

ACCOUNT = "000000000000"
OURS = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["LIMIT#*"]}}

type Client = Callable[[str], Any]
type Grant = Callable[..., Client]


@pytest.fixture
def grant(ministack, root) -> Grant:
    """Make a role with these statements; return clients with its credentials."""

    def make(*statements: dict[str, Any]) -> Client:
        name = f"role-{uuid4()}"
        role = root("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        policy = {"Version": "2012-10-17", "Statement": list(statements)}
        root("iam").put_role_policy(
            RoleName=name, PolicyName="own", PolicyDocument=json.dumps(policy)
        )
        arn = role["Role"]["Arn"]
        own = root("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        session: Any = boto3.Session(
            own["AccessKeyId"], own["SecretAccessKey"], own["SessionToken"], region_name=REGION
        )
        return lambda service: session.client(service, endpoint_url=ministack.url)

    return make


@pytest.fixture
def table(root) -> str:
    name = f"table-{uuid4()}"
    root("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": each, "AttributeType": "S"} for each in ("PK", "kind")
        ],
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_kind",
                "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    return name


def allow(actions: str | list[str], resource: str, **more: Any) -> dict[str, Any]:
    service = (actions if isinstance(actions, str) else actions[0]).split(":")[0]
    arn = f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"
    return {"Effect": "Allow", "Action": actions, "Resource": arn, **more}


def key(value: str) -> dict[str, Any]:
    return {"PK": {"S": value}}


def test_denied_call_names_caller_action_and_resource(grant, table) -> None:
    dynamodb = grant(allow("dynamodb:GetItem", f"table/{table}"))("dynamodb")

    with pytest.raises(ClientError) as denied:
        dynamodb.delete_item(TableName=table, Key=key("1"))

    error = denied.value.response
    assert error["Error"]["Code"] == "AccessDeniedException"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"
    denial = f"dynamodb:DeleteItem on resource: {arn} because no identity-based policy allows"
    assert denial in error["Error"]["Message"]


def test_batch_of_messages_needs_the_grant_of_one(grant, root) -> None:
    url = root("sqs").create_queue(QueueName="granted")["QueueUrl"]
    batch = {"QueueUrl": url, "Entries": [{"Id": "1", "MessageBody": "Hello"}]}

    grant(allow("sqs:SendMessage", "granted"))("sqs").send_message_batch(**batch)

    with pytest.raises(ClientError, match="AccessDenied"):
        grant(allow("sqs:SendMessage", "other"))("sqs").send_message_batch(**batch)


def read_one(dynamodb: Any, table: str, pk: str) -> None:
    dynamodb.get_item(TableName=table, Key=key(pk))


def read_batch(dynamodb: Any, table: str, pk: str) -> None:
    keys = [key("LIMIT#1"), key(f"{pk}#2")]
    dynamodb.batch_get_item(RequestItems={table: {"Keys": keys}})


def query(dynamodb: Any, table: str, pk: str) -> None:
    dynamodb.query(
        TableName=table,
        KeyConditionExpression="#pk = :pk",
        ExpressionAttributeNames={"#pk": "PK"},
        ExpressionAttributeValues={":pk": {"S": pk}},
    )


def query_index(dynamodb: Any, table: str, pk: str) -> None:
    dynamodb.query(
        TableName=table,
        IndexName="by_kind",
        KeyConditionExpression="kind = :kind",
        ExpressionAttributeValues={":kind": {"S": pk}},
    )


def write(dynamodb: Any, table: str, pk: str) -> None:
    dynamodb.put_item(TableName=table, Item=key(pk))


def update_in_transaction(dynamodb: Any, table: str, pk: str) -> None:
    update = {
        "TableName": table,
        "Key": key(pk),
        "UpdateExpression": "ADD taken :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    dynamodb.transact_write_items(TransactItems=[{"Update": update}])


@pytest.mark.parametrize(
    "call", [read_one, read_batch, query, query_index, write, update_in_transaction]
)
def test_leading_keys_limit_a_grant_to_partitions(grant, table, call) -> None:
    verbs = ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem")
    statement = allow([f"dynamodb:{verb}" for verb in verbs], f"table/{table}*", Condition=OURS)
    dynamodb = grant(statement)("dynamodb")

    call(dynamodb, table, "LIMIT#1")

    with pytest.raises(ClientError, match="AccessDenied"):
        call(dynamodb, table, "JOB#1")


def test_transaction_is_authorized_item_by_item(grant, table) -> None:
    dynamodb = grant(
        allow("dynamodb:UpdateItem", f"table/{table}", Condition=OURS),
        allow("dynamodb:PutItem", f"table/{table}"),
    )("dynamodb")
    update = {
        "TableName": table,
        "Key": key("LIMIT#1"),
        "UpdateExpression": "ADD taken :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }

    dynamodb.transact_write_items(
        TransactItems=[
            {"Update": update},
            {"Put": {"TableName": table, "Item": key("JOB#1")}},
        ]
    )

    with pytest.raises(ClientError, match="AccessDenied"):
        dynamodb.transact_write_items(TransactItems=[{"Update": {**update, "Key": key("JOB#1")}}])


@pytest.mark.parametrize("missing", ["job", "thing"])
def test_device_job_needs_grants_on_job_and_thing(grant, root, missing) -> None:
    thing = root("iot").create_thing(thingName=f"dock-{uuid4()}")
    arns = {"job": "job/order-*", "thing": f"thing/{thing['thingName']}"}
    actions = ["iot:CreateJob", "iot:DescribeJobExecution", "iot:CancelJobExecution"]
    complete = grant(*(allow(actions, arn) for arn in arns.values()))("iot")
    partial = grant(*(allow(actions, arn) for kind, arn in arns.items() if kind != missing))("iot")
    job = {"jobId": f"order-{uuid4()}", "targets": [thing["thingArn"]], "document": "{}"}
    execution = {"jobId": job["jobId"], "thingName": thing["thingName"]}

    with pytest.raises(ClientError, match="AccessDenied"):
        partial.create_job(**job)
    complete.create_job(**job)
    with pytest.raises(ClientError, match="AccessDenied"):
        partial.describe_job_execution(**execution)
    complete.describe_job_execution(**execution)
    with pytest.raises(ClientError, match="AccessDenied"):
        partial.cancel_job_execution(**execution)
    complete.cancel_job_execution(**execution)
