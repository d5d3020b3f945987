"""Look up parts of the template."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.cloud.omit import find_references

ROOT = Path(__file__).parents[2]
PSEUDO_PARAMETERS = {"AWS::StackName", "AWS::Region"}

type Properties = dict[str, Any]


@dataclass(frozen=True)
class Metric:
    """A metric that an alarm watches. `of` has the resources and parameters in its dimensions."""

    namespace: Any
    name: str
    of: frozenset[str]
    dimensions: dict[str, Any]


def of_type(resources, kind: str) -> dict[str, Properties]:
    """Return the properties of all resources of a type, by logical id."""
    return {name: each["Properties"] for name, each in resources.items() if each["Type"] == kind}


def events_of(functions, *kinds: str) -> list[tuple[str, Properties]]:
    """Return the events of these types with the logical ids of their functions."""
    return [
        (name, event["Properties"])
        for name, properties in functions.items()
        for event in properties.get("Events", {}).values()
        if event["Type"] in kinds
    ]


def event_file(function: Properties) -> Path:
    """Return the example event of a function."""
    handler = function["Handler"].removesuffix(".lambda_handler").removesuffix(".sh")
    return ROOT / f"events/{handler.replace('.', '/')}.json"


def statements_of(function: Properties) -> list[Properties]:
    """Return the policy statements of a function."""
    found = [policy["Statement"] for policy in function.get("Policies", [])]
    flat = [each for some in found for each in as_list(some)]
    return [each["Fn::If"][1] if "Fn::If" in each else each for each in flat]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def stream_consumers(functions) -> set[str]:
    return {name for name, _ in events_of(functions, "DynamoDB")}


def dead_letter_queues(resources) -> set[str]:
    """Return the queues that take messages and records that could not be processed."""
    queues = of_type(resources, "AWS::SQS::Queue")
    redriven = {
        name
        for queue in queues.values()
        for name in find_references(queue.get("RedrivePolicy", {}))
    }
    return redriven | {name for name in queues if name.endswith("DeadLetterQueue")}


def metrics_of(alarm: Properties) -> Iterator[Metric]:
    plain = [
        each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each
    ]
    for each in plain or [alarm]:
        found = {one["Name"]: one["Value"] for one in each.get("Dimensions", [])}
        names = frozenset(find_references(list(found.values())))
        yield Metric(each["Namespace"], each["MetricName"], names, found)
