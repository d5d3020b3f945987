"""Count the AWS calls of the code under test, by hooks in its SDK."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.session import Session

from bench.capacity import compute_batch_read_units, compute_read_units
from bench.hot_keys import attribute_writes


@dataclass(slots=True)
class Calls:
    """`count` is by service and operation: `dynamodb Query`.

    `written` is the write units by key: of a table's partition, or of an index and its partition.
    """

    count: Counter[str] = field(default_factory=Counter)
    written: dict[tuple[str, str], float] = field(default_factory=dict)
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
        self.add_written(other.written)
        self.write_units += other.write_units
        self.read_units += other.read_units
        self.items_read += other.items_read

    def add_written(self, units: Mapping[tuple[str, str], float]) -> None:
        for key, each in units.items():
            self.written[key] = self.written.get(key, 0) + each


class Meter:
    """Counts the calls of all clients that the session creates from now on."""

    def __init__(self, session: Session) -> None:
        self._now = Calls()
        hooks: Any = session  # the stubs require a stricter type of handlers
        hooks.register("before-parameter-build.dynamodb", self._request_capacity)
        hooks.register("after-call", self._count)

    @contextmanager
    def counting(self) -> Iterator[Calls]:
        before, self._now = self._now, Calls()
        try:
            yield self._now
        finally:
            self._now = before

    def _request_capacity(
        self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any
    ) -> None:
        context["request"] = params
        if "ReturnConsumedCapacity" in model.input_shape.members:
            params["ReturnConsumedCapacity"] = "INDEXES"

    def _count(self, parsed: Any, model: Any, context: dict[str, Any], **_: Any) -> None:
        self._now.count[f"{model.service_model.service_name} {model.name}"] += 1
        if "request" in context:
            self._add_capacity(model.name, context["request"], parsed)

    def _add_capacity(
        self, operation: str, request: dict[str, Any], answer: dict[str, Any]
    ) -> None:
        now = self._now
        match operation:
            case "Query":
                consistent = request.get("ConsistentRead", False)
                now.read_units += compute_read_units(answer.get("Items", []), consistent=consistent)
                now.items_read += answer.get("ScannedCount", 0)
            case "GetItem":
                found = [answer["Item"]] if "Item" in answer else []
                now.read_units += compute_read_units(
                    found, consistent=request.get("ConsistentRead", False)
                )
                now.items_read += len(found)
            case "BatchGetItem":
                for table, keys in request["RequestItems"].items():
                    items = answer.get("Responses", {}).get(table, [])
                    now.items_read += len(items)
                    now.read_units += compute_batch_read_units(
                        items,
                        requested=len(keys["Keys"]),
                        consistent=keys.get("ConsistentRead", False),
                    )
            case _:
                consumed = answer.get("ConsumedCapacity", [])
                tables = consumed if isinstance(consumed, list) else [consumed]
                now.write_units += sum(each["CapacityUnits"] for each in tables)
                now.add_written(attribute_writes(operation, request, tables))
