"""Leave out of a template what the emulator cannot take: it would refuse all of it."""

from collections.abc import Iterator
from typing import Any

UNKNOWN = {"AWS::IoT::Authorizer"}  # local/cloud/emulator asks its function all the same
FUNCTION = "AWS::Serverless::Function"
ALARM = "AWS::CloudWatch::Alarm"


def omit(template: dict[str, Any]) -> None:
    """Take out the unknown resources, and the resources and outputs that refer to one of them.

    Alarms stay, but look at one metric each.
    """
    resources = template["Resources"]
    for each in resources.values():
        if each["Type"] == ALARM and "Metrics" in each["Properties"]:
            leave_one_metric(each["Properties"])
    gone = {name for name, each in resources.items() if is_unknown(each)}
    while gone:
        for name in gone:
            del resources[name]
        outputs = template.get("Outputs", {})
        for name in [name for name, each in outputs.items() if gone & set(references(each))]:
            del outputs[name]
        gone = {name for name, each in resources.items() if gone & set(references(each))}


def is_unknown(resource: dict[str, Any]) -> bool:
    """Also a function that is a web server: local/gateway/streams.py runs it."""
    return resource["Type"] in UNKNOWN or (
        resource["Type"] == FUNCTION and resource["Properties"]["Handler"].endswith(".sh")
    )


def leave_one_metric(alarm: dict[str, Any]) -> None:
    first = next(each["MetricStat"] for each in alarm.pop("Metrics") if "MetricStat" in each)
    alarm |= first["Metric"] | {"Statistic": first["Stat"], "Period": first["Period"]}


def references(value: Any) -> Iterator[str]:
    """The names that CloudFormation's functions in it mention, at any depth."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            match key, each:
                case (("Ref" | "DependsOn"), str()):
                    yield each
                case "DependsOn", list():
                    yield from each
                case "Fn::GetAtt", [name, *_]:
                    yield name
                case "Fn::Sub", (str() as text) | [str(text), *_]:
                    yield from substituted(text)
            yield from references(each)


def substituted(text: str) -> Iterator[str]:
    for part in text.split("${")[1:]:
        yield part.split("}")[0].split(".")[0]
