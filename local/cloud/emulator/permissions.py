"""Evaluate the policies of a function's role as AWS does.

MiniStack runs with AUTH=true: each function has the credentials of its role, and MiniStack
evaluates the role's policies at each call. These patches add what it leaves out.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from ministack.core import iam_actions, iam_evaluator  # type: ignore[import-not-found]
from ministack.services import dynamodb  # type: ignore[import-not-found]

from local.cloud.emulator.requests import Request, parse

LEADING_KEYS = "dynamodb:LeadingKeys"
TRANSACTION_ACTIONS = iam_actions._DYNAMODB_TRANSACT_ITEM_ACTIONS
EQUALS = r"(#?[\w.-]+)\s*=\s*(:\w+)"
JOB_PATH = re.compile(r"/jobs/([^/]+)")
JOB_EXECUTION_PATH = re.compile(r"/things/([^/]+)/jobs/([^/]+)(/cancel)?")


def complete_permissions() -> None:
    parse_policies_once()
    authorize_batches_as_single_actions()
    name_all_resources_of_device_jobs()
    compare_leading_keys()
    describe_denials_as_aws()


def parse_policies_once() -> None:
    """Remember the statements of each policy, which MiniStack only reads."""
    parse_document = lru_cache(maxsize=512)(iam_evaluator.parse_policy_document)

    def parse_policy(document: Any) -> Any:
        return parse_document(document if isinstance(document, str) else json.dumps(document))

    iam_evaluator.parse_policy_document = parse_policy


def authorize_batches_as_single_actions() -> None:
    extract = iam_actions.extract_iam_action

    def extract_action(service: str, *request: Any) -> Any:
        action = extract(service, *request)
        return action.removesuffix("Batch") if service == "sqs" and action else action

    iam_actions.extract_iam_action = extract_action


def name_all_resources_of_device_jobs() -> None:
    extract = iam_actions.iot_resource_arns

    def extract_arns(method: str, path: str, body: bytes, region: str, account: str) -> list[str]:
        arn = f"arn:aws:iot:{region}:{account}"
        if method == "PUT" and (created := JOB_PATH.fullmatch(path)):
            targets = parse(body).get("targets", [])
            return [f"{arn}:job/{unquote(created[1])}", *map(str, targets)]
        if execution := JOB_EXECUTION_PATH.fullmatch(path):
            thing, job, _ = execution.groups()
            return [f"{arn}:job/{unquote(job)}", f"{arn}:thing/{unquote(thing)}"]
        return list(extract(method, path, body, region, account))

    iam_actions.iot_resource_arns = extract_arns


def compare_leading_keys() -> None:
    """Resolve `dynamodb:LeadingKeys`: the partition keys that a request names in a table."""
    describe, enforce = iam_actions.dynamodb_service_context, iam_evaluator.enforce

    def describe_request(body: bytes) -> dict[str, Any]:
        return {**describe(body), LEADING_KEYS: body}

    def enforce_keys(*call: str, service_context: Any = None, **details: Any) -> Any:
        key, action, _, _ = call
        context = dict(service_context or {})
        if (body := context.pop(LEADING_KEYS, None)) and not iam_evaluator.is_root_access_key(key):
            keys = group_keys(parse(body))
            table = table_of(details["resource_arn"])
            context[LEADING_KEYS] = keys.get((action, table)) or keys.get(("", table))
        return enforce(*call, service_context=context, **details)

    iam_actions.dynamodb_service_context = describe_request
    iam_evaluator.enforce = enforce_keys


def describe_denials_as_aws() -> None:
    """Name the resource in the message. DynamoDB and its like respond with 400, not 403."""
    respond = iam_actions.access_denied_response

    def respond_as_aws(*call: str, **details: Any) -> Any:
        if any(map(details.get, ("error_code", "message", "resource_policy_arn"))):
            return respond(*call, **details)
        service, action, principal, _ = call
        resource, denied = details.get("resource_arn", "*"), bool(details.get("explicit_deny"))
        details["message"] = iam_actions.identity_denial_message(
            action, principal, resource, denied
        )
        status, *rest = respond(*call, **details)
        speaks_json = "x-amz-target" in (details.get("headers") or {}) and service != "sqs"
        return (HTTPStatus.BAD_REQUEST if speaks_json else status, *rest)

    iam_actions.access_denied_response = respond_as_aws


def group_keys(request: Request) -> dict[tuple[str, str], list[str]]:
    """Return partition keys by table, and in a transaction by action, too."""
    grouped = defaultdict[tuple[str, str], list[str]](list)
    for action, table, key in list_keys(request):
        grouped[action, table_of(table)].append(key)
    return grouped


def list_keys(request: Request) -> Iterator[tuple[str, str, str]]:
    """Yield the action of a transaction's item, or nothing; the table; the partition key."""
    for item in request.get("TransactItems", []):
        for member, detail in item.items():
            for _, table, key in list_keys(detail):
                yield TRANSACTION_ACTIONS[member], table, key
    for table, wanted in request.get("RequestItems", {}).items():
        for key in wanted["Keys"] if isinstance(wanted, dict) else []:
            yield "", table, partition_key(table, key)
    table = request.get("TableName", "")
    if item := request.get("Item") or request.get("Key"):
        yield "", table, partition_key(table, item)
    elif queried := queried_key(table, request):
        yield "", table, queried


def queried_key(table: str, query: Request) -> str | None:
    names, values = (query.get(f"ExpressionAttribute{each}", {}) for each in ("Names", "Values"))
    hash_key = hash_name(table, query.get("IndexName"))
    for name, value in re.findall(EQUALS, query.get("KeyConditionExpression", "")):
        if names.get(name, name) == hash_key:
            return text_of(values[value])
    return None


def partition_key(table: str, item: Request) -> str:
    return text_of(item.get(hash_name(table), {"": ""}))


def hash_name(table: str, index: str | None = None) -> str:
    """Return the name of the partition key, or nothing for an unknown table or index."""
    found: Any = dynamodb._tables.get(table_of(table)) or {}
    if index:
        found = {each["IndexName"]: each for each in found.get("GlobalSecondaryIndexes", [])}
        found = found.get(index, {})
    keys = {each["KeyType"]: each["AttributeName"] for each in found.get("KeySchema", [])}
    return str(keys.get("HASH", ""))


def text_of(value: Mapping[str, Any]) -> str:
    return str(next(iter(value.values())))


def table_of(arn: str) -> str:
    """Return the name of a table, given its name, its ARN or an index's ARN."""
    return arn.rpartition("table/")[2].partition("/")[0]
