"""The search for unused grants."""

import json
from typing import Any, Final

from tests.grants import find_unused_grants

ROLE: Final = "sortie-GetJobFunctionRole-0123456789ABC"
TABLE: Final = "arn:aws:dynamodb:eu-central-1:000000000000:table/sortie-JobTable-0123456789ABC"
COUNTING: Final = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "LIMIT#*"}}


def role(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"role": ROLE, "policies": [{"Statement": list(statements)}]}


def grant(action: str, resource: str = TABLE, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def call(action: str, resource: str = TABLE, *, partition: str | None = None) -> dict[str, Any]:
    return {"role": ROLE, "action": action, "resource": resource, "partition": partition}


def test_grant_without_a_call_is_unused() -> None:
    lines = [
        role(grant("dynamodb:Query"), grant("dynamodb:PutItem")),
        call("dynamodb:Query"),
        call("dynamodb:PutItem", f"{TABLE}/index/waiting"),
    ]

    assert find_unused_grants(lines) == {"GetJob dynamodb:PutItem table/sortie-JobTable"}


def test_grant_with_a_wildcard_is_used_by_any_call_that_it_matches() -> None:
    thing = "arn:aws:iot:eu-central-1:000000000000:thing"

    assert not find_unused_grants([
        role(grant("iot:CreateJob", f"{thing}/*")), call("iot:CreateJob", f"{thing}/dock")
    ])  # fmt: skip


def test_grant_on_a_whole_table_is_unused_where_calls_only_count_requests() -> None:
    update = "dynamodb:UpdateItem"
    counting = call(update, partition="LIMIT#*")

    assert find_unused_grants([role(grant(update)), counting])
    assert not find_unused_grants([role(grant(update, Condition=COUNTING)), counting])
    other = call(update, partition="TRACK#*")
    assert find_unused_grants([role(grant(update, Condition=COUNTING)), other])


def test_grant_of_one_stack_is_used_by_a_call_of_another() -> None:
    other = json.loads(json.dumps([role(grant("dynamodb:Query")), call("dynamodb:Query")]))
    for line in other:
        line["role"] = line["role"].replace("0123456789ABC", "ABCDEF0123456")

    assert not find_unused_grants([role(grant("dynamodb:Query")), *other])
