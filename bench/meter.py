"""Counts what the code under test asks of AWS, by hooks in its SDK."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.session import Session

from bench.capacity import batch_read_units, read_units


@dataclass(slots=True)
class Calls:
    """`count` is by service and operation: `dynamodb Query`."""

    count: Counter[str] = field(default_factory=Counter)
    write_units: float = 0
    read_units: float = 0
    items_read: int = 0

    @property
    def total(self) -> int:
        return self.count.total()

    def of(self, service: str) -> int:
        return sum(n for name, n in self.count.items() if name.startswith(f"{service} "))

    def add(self, other: "Calls") -> None:
        self.count += other.count
        self.write_units += other.write_units
        self.read_units += other.read_units
        self.items_read += other.items_read


class Meter:
    """Sees every client that the session makes from now on; other sessions' go uncounted."""

    def __init__(self, session: Session) -> None:
        self._now = Calls()
        hooks: Any = session  # the stubs know handlers by a stricter shape
        hooks.register("before-parameter-build.dynamodb", self._ask)
        hooks.register("after-call", self._count)

    @contextmanager
    def counting(self) -> Iterator[Calls]:
        before, self._now = self._now, Calls()
        try:
            yield self._now
        finally:
            self._now = before

    def _ask(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        context["asked"] = params
        if "ReturnConsumedCapacity" in model.input_shape.members:
            params["ReturnConsumedCapacity"] = "INDEXES"

    def _count(self, parsed: Any, model: Any, context: dict[str, Any], **_: Any) -> None:
        self._now.count[f"{model.service_model.service_name} {model.name}"] += 1
        if "asked" in context:
            self._capacity(model.name, context["asked"], parsed)

    def _capacity(self, operation: str, asked: dict[str, Any], answer: dict[str, Any]) -> None:
        now = self._now
        match operation:
            case "Query":
                consistent = asked.get("ConsistentRead", False)
                now.read_units += read_units(answer.get("Items", []), consistent=consistent)
                now.items_read += answer.get("ScannedCount", 0)
            case "GetItem":
                found = [answer["Item"]] if "Item" in answer else []
                now.read_units += read_units(found, consistent=asked.get("ConsistentRead", False))
                now.items_read += len(found)
            case "BatchGetItem":
                for table, wanted in asked["RequestItems"].items():
                    items = answer.get("Responses", {}).get(table, [])
                    now.items_read += len(items)
                    now.read_units += batch_read_units(
                        items,
                        asked=len(wanted["Keys"]),
                        consistent=wanted.get("ConsistentRead", False),
                    )
            case _:
                told = answer.get("ConsumedCapacity", [])
                each = told if isinstance(told, list) else [told]
                now.write_units += sum(one["CapacityUnits"] for one in each)
