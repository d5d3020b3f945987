"""Compute DynamoDB's read units by AWS's published rules.

The emulator's write units follow AWS's rules (1 KB per unit, twice in a transaction, index entries
included, a moved entry twice). Its read units ignore sizes.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

READ_UNIT_BYTES: Final = 4096

type Item = Mapping[str, Mapping[str, Any]]


def compute_item_size(item: Item) -> int:
    """Return the size in bytes: the names and values of all attributes."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def compute_read_units(items: Iterable[Item], *, consistent: bool) -> float:
    """Return the units of a Query or GetItem: the sum is rounded up; no item costs one unit."""
    units = max(1, -(-sum(map(compute_item_size, items)) // READ_UNIT_BYTES))
    return units if consistent else units / 2


def compute_batch_read_units(items: Iterable[Item], *, requested: int, consistent: bool) -> float:
    """Return the units of a BatchGetItem: each item is rounded up; a missing one costs a unit."""
    found = [compute_read_units([item], consistent=consistent) for item in items]
    return sum(found) + (requested - len(found)) * compute_read_units([], consistent=consistent)


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
            return 3 + len(content) + compute_item_size(content)
        case _:  # BOOL, NULL
            return 1
