"""What DynamoDB charges for reading, by its published rules.

The emulator's figures for writing follow AWS's (1 KB a unit, twice that in a transaction, index
entries counted, an entry that moves counted twice); its figures for reading ignore sizes.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

READ_UNIT_BYTES: Final = 4096

type Item = Mapping[str, Mapping[str, Any]]


def item_size(item: Item) -> int:
    """Bytes: each attribute's name and value."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def read_units(items: Iterable[Item], *, consistent: bool) -> float:
    """Of one Query or GetItem: sizes are summed, then rounded up; finding nothing costs a unit."""
    units = max(1, -(-sum(map(item_size, items)) // READ_UNIT_BYTES))
    return units if consistent else units / 2


def batch_read_units(items: Iterable[Item], *, asked: int, consistent: bool) -> float:
    """Of one BatchGetItem: each item is rounded up alone; what does not exist costs one as well."""
    found = [read_units([item], consistent=consistent) for item in items]
    return sum(found) + (asked - len(found)) * read_units([], consistent=consistent)


def _value_size(value: Mapping[str, Any]) -> int:
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return len(str(content).encode())
        case "N":
            digits = str(content).lstrip("-").replace(".", "").strip("0")
            return 1 + -(-len(digits) // 2) + ("-" in content)
        case "B":
            return len(content)
        case "L":
            return 3 + sum(1 + _value_size(each) for each in content)
        case "M":
            return 3 + len(content) + item_size(content)
        case _:  # BOOL, NULL
            return 1
