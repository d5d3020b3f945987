"""Find grants that no function uses.

While all tests run, the emulator records each role with its policies and its calls
(local/cloud/emulator/calls.py). At the end, each grant of an action on a resource needs a call.
"""

import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

CALLS_FOLDER: Final = "CALLS_FOLDER"
GENERATED_ID: Final = re.compile(
    r"-[0-9A-F]{12,}|-[0-9a-f]{6}$|^[0-9a-f]{8}/[a-z]+/|(?<=^userpool/).+"
)
LEADING_KEYS: Final = "dynamodb:LeadingKeys"
SELDOM: Final[Mapping[str, Sequence[str]]] = {
    "Lambda itself sends the records that a function could not process": [
        "CountUsage sqs:SendMessage sortie-StreamDeadLetterQueue",
        "DispatchJobs sqs:SendMessage sortie-StreamDeadLetterQueue",
        "FollowPayments sqs:SendMessage sortie-StreamDeadLetterQueue",
        "PublishEvents sqs:SendMessage sortie-StreamDeadLetterQueue",
        "TrackConnections sqs:SendMessage sortie-StreamDeadLetterQueue",
    ],
    "the tests have no Bedrock": [
        "RunAgentJob bedrock:InvokeModelWithResponseStream foundation-model/*",
        "RunAgentJob bedrock:InvokeModelWithResponseStream inference-profile/*",
        "RunDocsJob bedrock:InvokeModelWithResponseStream foundation-model/*",
        "RunDocsJob bedrock:InvokeModelWithResponseStream inference-profile/*",
    ],
    "a reader stores that a job has timed out, if it is faster than the job's timer": [
        "DocsCreateJobV2 dynamodb:UpdateItem table/sortie-JobTable",
        "DocsGetJob dynamodb:UpdateItem table/sortie-JobTable",
        "DocsGetJobV2 dynamodb:UpdateItem table/sortie-JobTable",
        "MessagingCreateJob dynamodb:UpdateItem table/sortie-JobTable",
        "MessagingGetJob dynamodb:UpdateItem table/sortie-JobTable",
        "MissionsGetJob dynamodb:UpdateItem table/sortie-JobTable",
        "SessionsSendMessage dynamodb:UpdateItem table/sortie-JobTable",
    ],
    "a deleted session cancels its messages": [
        "SessionsDeleteSession dynamodb:UpdateItem table/sortie-JobTable",
    ],
    "large bodies have items of their own": [
        "MessagingListJobs dynamodb:BatchGetItem table/sortie-JobTable",
        "MissionsListJobs dynamodb:BatchGetItem table/sortie-JobTable",
        "PollRemoteJob dynamodb:PutItem table/sortie-JobTable",
    ],
    "a remote agent answers in a session": [
        "PollRemoteJob dynamodb:ConditionCheckItem table/sortie-SessionTable",
        "PollRemoteJob dynamodb:PutItem table/sortie-SessionTable",
    ],
    "a job ends whose next step AWS refuses": [
        "DispatchJobs dynamodb:Query table/sortie-JobTable",
    ],
    "a watcher has gone without a word": [
        "FollowUpdates dynamodb:DeleteItem table/sortie-MissionTable",
        "RefreshConnection dynamodb:DeleteItem table/sortie-MissionTable",
        "RefreshConnection dynamodb:UpdateItem table/sortie-MissionTable",
    ],
    "a mission names its device, or has an idempotency key": [
        "MissionsCreateJob dynamodb:BatchGetItem table/sortie-MissionTable",
        "MissionsCreateJob dynamodb:GetItem table/sortie-JobTable",
        "RequestJob dynamodb:BatchGetItem table/sortie-MissionTable",
    ],
    "an event requests a docs job": [
        "RequestJob dynamodb:GetItem table/sortie-JobTable",
    ],
    "another stack of the account has the device group": [
        "AdminPutEntry iot:DescribeThingGroup thinggroup/device-group-*",
    ],
    "a partner's entry is not written, so its app client is deleted again": [
        "AdminCreatePartner cognito-idp:DeleteUserPoolClient userpool/",
        "AdminRotatePartner cognito-idp:DeleteUserPoolClient userpool/",
    ],
    "an order was not sent, is declined, or belongs to an ended mission": [
        "FollowUpdates dynamodb:Query table/sortie-RegistryTable",
        "FollowUpdates iot:CancelJob job/*",
        "FollowUpdates sqs:SendMessage sortie-MissionQueue",
        "RunMission iot:CancelJob job/*",
        "TakeDeviceReport dynamodb:Query table/sortie-RegistryTable",
        "TakeDeviceReport dynamodb:UpdateItem table/sortie-MissionTable",
        "TakeDeviceReport iot:CancelJob job/*",
        "TakeDeviceReport sqs:SendMessage sortie-MissionQueue",
        "WatchMission dynamodb:Query table/sortie-RegistryTable",
        "WatchMission dynamodb:UpdateItem table/sortie-MissionTable",
        "WatchMission iot:CancelJob job/*",
        "WatchMission iot:CancelJobExecution job/*",
        "WatchMission iot:CancelJobExecution thing/sortie_*",
        "WatchMission iot:CreateJob job/*",
        "WatchMission iot:CreateJob thing/sortie_*",
        "WatchMission sqs:SendMessage sortie-MissionQueue",
    ],
    "a key is created again, with the same Idempotency-Key": [
        "AdminCreateAdminKey dynamodb:GetItem table/sortie-RegistryTable",
        "AdminCreateKey dynamodb:GetItem table/sortie-RegistryTable",
    ],
    "a message waits for its turn, or many do": [
        "DispatchJobs dynamodb:PutItem table/sortie-SessionTable",
        "RunAgentJob dynamodb:GetItem table/sortie-JobTable",
        "RunAgentJob dynamodb:PutItem table/sortie-SessionTable",
        "SessionsSendMessage dynamodb:Query table/sortie-SessionTable",
    ],
    "a create is repeated, or a list has a status or a second page": [
        "MissionsCreateJob dynamodb:Query table/sortie-JobTable",
        "MissionsListJobs dynamodb:Query table/sortie-JobTable/index/by_status",
        "MissionsListJobs secretsmanager:GetSecretValue secret:sortie-CursorSecret",
        "DocsStreamJob dynamodb:GetItem table/sortie-JobTable",
    ],
    "only tests of handlers, and random requests, call these endpoints": [
        "MissionsListShares dynamodb:Query table/sortie-MissionTable",
        "SessionsRenewSession dynamodb:PutItem table/sortie-SessionTable",
        "SessionsSendHeartbeat dynamodb:PutItem table/sortie-SessionTable",
        "SessionsUpdateTimeout dynamodb:PutItem table/sortie-SessionTable",
    ],
    "the previous version uses it while a deployment is gradual": [
        "DispatchJobs dynamodb:BatchGetItem table/sortie-MissionTable",
        "DispatchJobs dynamodb:DeleteItem table/sortie-MissionTable",
        "DispatchJobs dynamodb:Query table/sortie-MissionTable",
        "DispatchJobs dynamodb:UpdateItem table/sortie-MissionTable",
        "DispatchJobs execute-api:ManageConnections */@connections/*",
        "DispatchJobs iot:Publish topic/*/STATUS",
        "RunAgentJob bedrock:InvokeModel foundation-model/*",
        "RunAgentJob bedrock:InvokeModel inference-profile/*",
        "RunAgentJob states:StartExecution stateMachine:sortie-job-poll",
        "TakeTelemetry dynamodb:DeleteItem table/sortie-MissionTable",
        "TakeTelemetry dynamodb:GetItem table/sortie-JobTable",
        "TakeTelemetry dynamodb:Query table/sortie-JobTable",
        "TakeTelemetry dynamodb:Query table/sortie-JobTable/index/waiting",
        "TakeTelemetry dynamodb:Query table/sortie-MissionTable",
        "TakeTelemetry dynamodb:Query table/sortie-RegistryTable",
        "TakeTelemetry dynamodb:UpdateItem table/sortie-JobTable",
        "TakeTelemetry execute-api:ManageConnections */@connections/*",
        "TakeTelemetry iot:CancelJob job/*",
        "TakeTelemetry iot:DescribeJobExecution job/*",
        "TakeTelemetry iot:DescribeJobExecution thing/sortie_*",
        "TakeTelemetry iot:Publish topic/*/STATUS",
        "TakeTelemetry sqs:SendMessage sortie-MissionQueue",
    ],
    "only executions that the previous version has started call it": [
        "ExpireShare dynamodb:DeleteItem table/sortie-MissionTable",
        "ExpireShare dynamodb:UpdateItem table/sortie-MissionTable",
    ],
    "a deadline's message is early": [
        "ExpireJob sqs:SendMessage sortie-DeadlineQueue",
    ],
    "no attempt of a webhook succeeds for a day": [
        "DeliverWebhook sqs:SendMessage sortie-WebhookDeadLetterQueue",
    ],
    "a payment stays open after its first check": [
        "WatchPayment sqs:SendMessage sortie-PaymentCheckQueue",
    ],
    "two processes settle a payment": [
        "WatchPayment dynamodb:Query table/sortie-JobTable",
    ],
}
"""Grants whose calls no test makes for certain, by reason."""


@dataclass(frozen=True, order=True)
class Grant:
    """`partitions` are those that a condition allows, if there is one."""

    role: str
    action: str
    resource: str
    partitions: tuple[str, ...] = ()

    def __str__(self) -> str:
        function = self.role.split("-")[1].removesuffix("Role").removesuffix("Function")
        resource = GENERATED_ID.sub("", ":".join(self.resource.split(":")[5:]))
        return " ".join((function, self.action, resource, *self.partitions))

    def is_used_by(self, call: Mapping[str, Any]) -> bool:
        """Calls of a partition that is granted apart do not need a grant for the whole table."""
        return (
            (call["role"], call["action"]) == (self.role, self.action)
            and fnmatchcase(call["resource"], self.resource)
            and call["partition"] in (self.partitions or (None,))
        )


def start_recording() -> Path:
    """Return the folder that gets the records of all stacks of this session."""
    folder = tempfile.mkdtemp(prefix="sortie-calls-")
    os.environ[CALLS_FOLDER] = folder
    return Path(folder)


def compare_grants(folder: Path) -> list[str]:
    """Return what is wrong with the grants, after a run of all tests."""
    lines = read_lines(folder)
    known = {str(each) for line in lines for each in list_grants(line)}
    called = {each.split()[0] for each in known}
    listed = {each for grants in SELDOM.values() for each in grants}
    seldom = {each for each in listed if each.split()[0] in called}
    unused = find_unused_grants(lines) - seldom
    return [
        *(f"no call uses the grant: {each}" for each in sorted(unused)),
        *(f"tests/grants.py names a grant that is none: {each}" for each in sorted(seldom - known)),
    ]


def read_lines(folder: Path) -> list[Any]:
    """Return what the roles of stacks did. Tests of the emulator have roles of their own."""
    lines = (line for file in folder.iterdir() for line in file.read_text().splitlines())
    return [line for line in map(json.loads, lines) if line["role"].startswith("sortie-")]


def find_unused_grants(lines: Iterable[Mapping[str, Any]]) -> set[str]:
    lines = list(lines)
    calls = [line for line in lines if "action" in line]
    grants = [each for line in lines for each in list_grants(line)]
    used = {str(each) for each in grants if any(map(each.is_used_by, calls))}
    return {str(each) for each in grants} - used


def list_grants(line: Mapping[str, Any]) -> list[Grant]:
    return [
        Grant(line["role"], action, resource, partitions_of(statement))
        for policy in line.get("policies", [])
        for statement in as_list(policy["Statement"])
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    ]


def partitions_of(statement: Mapping[str, Any]) -> tuple[str, ...]:
    keys = [each.get(LEADING_KEYS, []) for each in statement.get("Condition", {}).values()]
    return tuple(name for each in keys for name in as_list(each))


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
