"""Transactions of moto in time that does not grow with its tables.

For each item of a transaction, moto copies the item's table, with everything in it, and puts the
copy back if the transaction fails. It changes items in place. So this copies an item that changes
and no others.
"""

from collections import defaultdict
from copy import copy, deepcopy
from typing import Any

from moto.dynamodb.models import DynamoDBBackend, DynamoType
from moto.dynamodb.models.table import Table

_update_item = DynamoDBBackend.update_item


def copy_changed_items_only() -> None:
    Table.__deepcopy__ = _copy_table  # type: ignore[attr-defined]
    DynamoDBBackend.update_item = _update_copy  # type: ignore[method-assign]


def _copy_table(table: Any, _: Any) -> Any:
    made = copy(table)
    made.items = defaultdict(dict, {key: copy(each) for key, each in table.items.items()})
    return made


def _update_copy(
    backend: Any, table_name: str, key: dict[str, Any], *args: Any, **about: Any
) -> Any:
    """Put a copy of the item into the table, and change the copy."""
    table = backend.get_table(table_name)
    names = table.hash_key_attr, table.range_key_attr
    hash_key, range_key = (DynamoType(key[name]) if name in key else None for name in names)
    if item := table.get_item(hash_key, range_key):
        if range_key:
            table.items[hash_key][range_key] = deepcopy(item)
        else:
            table.items[hash_key] = deepcopy(item)
    return _update_item(backend, table_name, key, *args, **about)
