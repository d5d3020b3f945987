"""What alarms look at."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local.cloud.omit import find_references


@dataclass(frozen=True)
class Metric:
    """`of` names what it is about: the resources and parameters in its dimensions."""

    namespace: Any
    name: str
    of: frozenset[str]
    dimensions: dict[str, Any]


def of_type(resources, kind: str) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in resources.items() if each["Type"] == kind}


def metrics_of(alarm: dict[str, Any]) -> Iterator[Metric]:
    plain = [
        each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each
    ]
    for each in plain or [alarm]:
        found = {one["Name"]: one["Value"] for one in each.get("Dimensions", [])}
        names = frozenset(find_references(list(found.values())))
        yield Metric(each["Namespace"], each["MetricName"], names, found)
