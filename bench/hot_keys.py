"""Attribute the write units of a call to the keys of partitions."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

BY_STATUS: Final = "by_status"


def attribute_writes(
    operation: str, request: Mapping[str, Any], consumed: Sequence[Mapping[str, Any]]
) -> Mapping[tuple[str, str], float]:
    """Return units by table or index, and partition key. Items of a transaction share equally."""
    writes = list(_writes(operation, request))
    units: dict[tuple[str, str], float] = defaultdict(float)
    for each in consumed:
        table = each["TableName"]
        own = [write for write in writes if write["TableName"] == table]
        indexes = each.get("GlobalSecondaryIndexes", {})
        on_indexes = sum(index["CapacityUnits"] for index in indexes.values())
        for write in own:
            key = write.get("Key") or write["Item"]
            units[table, key["PK"]["S"]] += (each["CapacityUnits"] - on_indexes) / len(own)
            moved = list(_statuses(write))
            for status in moved:
                share = indexes.get(BY_STATUS, {}).get("CapacityUnits", 0) / len(own) / len(moved)
                units[BY_STATUS, status] += share
    return units


def _writes(operation: str, request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if operation == "TransactWriteItems":
        for each in request["TransactItems"]:
            yield from each.values()
    else:
        yield request


def _statuses(write: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys in the index by status that a write to a header adds and removes."""
    values = write.get("ExpressionAttributeValues", {})
    if BY_STATUS in write.get("Item", {}):
        yield write["Item"][BY_STATUS]["S"]
    elif f":{BY_STATUS}" in values:
        after = values[f":{BY_STATUS}"]["S"]
        yield after
        if (before := f"{after.rpartition('#')[0]}#{values[':was']['S']}") != after:
            yield before
