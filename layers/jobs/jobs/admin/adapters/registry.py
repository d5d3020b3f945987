"""The registry table, as operators change it, and the audit table.

An entry is in its tenant's partition (`TENANT#acme`, `AGENT#1`), in a partition of its own
(`KEY#1`, `KEY`), or in the list of tenants (`TENANTS`, `acme`). The index `by_tenant` lists items
with a partition of their own. `version` is the id of the record that wrote an item; items of
earlier versions and of other commands have none.

A record is in the partition `AUDIT`, and again in that of its tenant.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from jobs.admin.adapters.rows import END, key_of, place_of, record_from_row, record_to_row
from jobs.admin.audit import Record
from jobs.admin.errors import EntryChangedError, IdTakenError, TenantNotFoundError
from jobs.admin.ports import Found, Page, Write
from jobs.admin.tenant import TENANTS
from jobs.auth.api_key import OPERATORS
from jobs.core.resource import Resource
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Stored, Values, attributes, plain
from jobs.kit.aws.dynamodb.page import read_page
from jobs.kit.aws.dynamodb.rows import Rows
from jobs.kit.aws.dynamodb.transact import transact

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

type _Refusal = Exception

PAGE_SIZE: Final = 100
_ALL_RECORDS: Final = "AUDIT"


class DynamoRegistry:
    def __init__(self, client: "DynamoDBClient", table: str, audit_table: str) -> None:
        self._client = client
        self._table = table
        self._audit_table = audit_table
        self._rows = Rows(client, table)

    def find[T](self, resource: Resource[T], tenant: str, entry: str) -> Found[T] | None:
        row = self._rows.get(*key_of(resource, tenant, entry))
        if not row or row.get("tenant", tenant) != tenant:
            return None
        return Found(value=resource.from_row(tenant, entry, row), version=row.get("version", ""))

    def page[T](self, resource: Resource[T], tenant: str, after: str | None) -> Page[T]:
        partition, prefix = place_of(resource, tenant)
        by = "PK" if resource.home == "own" else "SK"
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": f"#partition = :partition AND {by} BETWEEN :first AND :last",
            "ExpressionAttributeNames": {"#partition": "tenant" if by == "PK" else "PK"},
            "ExpressionAttributeValues": attributes({
                ":partition": partition,
                ":first": prefix + (after or "") or " ",  # no key may be empty
                ":last": prefix + END,
            }),
        }  # fmt: skip
        if by == "PK":
            query["IndexName"] = "by_tenant"
        found = read_page(
            self._client,
            query,
            size_of=_size_of,
            after=None if after is None else prefix + after,
            limit=PAGE_SIZE,
            by=by,
        )
        rows = [plain(item) for item in found.items]
        return Page(
            entries=[resource.from_row(tenant, row[by].removeprefix(prefix), row) for row in rows],
            next=found.last and found.last.removeprefix(prefix),
        )

    def commit(self, writes: Sequence[Write[Any]], record: Record) -> None:
        steps = [*self._steps(writes, record)]
        refused = transact(self._client, [request for request, _ in steps])
        for (_, refusal), reason in zip(steps, refused, strict=False):
            if reason is not None:
                raise refusal

    def is_empty(self, tenant: str) -> bool:
        of_tenant: dict[str, Any] = {"TableName": self._table, "Limit": 1, "Select": "COUNT"}
        partition = of_tenant | {
            "KeyConditionExpression": "PK = :tenant",
            "ExpressionAttributeValues": attributes({":tenant": f"TENANT#{tenant}"}),
        }
        index = of_tenant | {
            "IndexName": "by_tenant",
            "KeyConditionExpression": "tenant = :tenant",
            "ExpressionAttributeValues": attributes({":tenant": tenant}),
        }
        with convert_aws_errors():
            return not any(self._client.query(**each)["Count"] for each in (partition, index))

    def _steps(
        self, writes: Sequence[Write[Any]], record: Record
    ) -> Iterator[tuple[Any, _Refusal]]:
        """Yield each step of the transaction, and the error if its condition is not met."""
        if record.tenant != OPERATORS and record.resource != TENANTS.name:
            key = attributes({"PK": TENANTS.label, "SK": record.tenant})
            condition = {"Key": key, "ConditionExpression": "attribute_exists(PK)"}
            if any(write.value is not None for write in writes):
                yield self._step("ConditionCheck", condition), TenantNotFoundError(record.tenant)
        for write in writes:
            yield self._write(write, record.id), EntryChangedError()
            if claim := write.resource.claim:
                taken = IdTakenError(write.resource.name, write.id)
                yield self._claim(write, claim), taken
        item = attributes(record_to_row(record))
        for partition in (_ALL_RECORDS, f"TENANT#{record.tenant}"):
            put = {"TableName": self._audit_table, "Item": item | attributes({"PK": partition})}
            yield {"Put": put}, EntryChangedError()

    def _write(self, write: Write[Any], version: str) -> Any:
        resource, condition = write.resource, _unchanged(write.replacing)
        pk, sk = key_of(resource, write.tenant, write.id)
        if write.value is None:
            return self._step("Delete", {"Key": attributes({"PK": pk, "SK": sk}), **condition})
        owner = {"tenant": write.tenant} if resource.home == "own" else {}
        row = {**owner, **resource.to_row(write.value), "version": version}
        return self._step("Put", {"Item": attributes({"PK": pk, "SK": sk, **row}), **condition})

    def _claim(self, write: Write[Any], claim: Callable[[Any], Values]) -> Any:
        key = {"PK": f"{write.resource.label}#{write.id}", "SK": write.resource.label}
        condition = {
            "ConditionExpression": "attribute_not_exists(PK) OR tenant = :tenant",
            "ExpressionAttributeValues": attributes({":tenant": write.tenant}),
        }
        if write.value is None:
            return self._step("Delete", {"Key": attributes(key), **condition})
        row = {"tenant": write.tenant, **claim(write.value)}
        return self._step("Put", {"Item": attributes({**key, **row}), **condition})

    def _step(self, name: str, request: Mapping[str, Any]) -> Any:
        return {name: {"TableName": self._table, **request}}


class DynamoAuditLog:
    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def page(self, tenant: str | None, after: str | None) -> Page[Record]:
        partition = _ALL_RECORDS if tenant is None else f"TENANT#{tenant}"
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "PK = :partition AND SK <= :before",
            "ExpressionAttributeValues": attributes(
                {":partition": partition, ":before": after or END}
            ),
            "ScanIndexForward": False,
        }
        found = read_page(self._client, query, size_of=_size_of, after=after, limit=PAGE_SIZE)
        return Page(entries=[record_from_row(plain(item)) for item in found.items], next=found.last)


def _unchanged(version: str | None) -> dict[str, Any]:
    if version is None:
        return {"ConditionExpression": "attribute_not_exists(PK)"}
    if not version:
        return {
            "ConditionExpression": "attribute_exists(PK) AND attribute_not_exists(#version)",
            "ExpressionAttributeNames": {"#version": "version"},
        }
    return {
        "ConditionExpression": "#version = :version",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": attributes({":version": version}),
    }


def _size_of(item: Stored) -> int:
    return len(json.dumps(item))
