"""Remove from a template whatever would make the emulator refuse all of it."""

from collections.abc import Iterator
from typing import Any

from local.cloud.template import FUNCTION_TYPE, is_web_server

UNSUPPORTED_TYPES = {"AWS::IoT::Authorizer"}  # local/cloud/emulator calls its function instead
ALARM_TYPE = "AWS::CloudWatch::Alarm"


def omit_unsupported(template: dict[str, Any]) -> None:
    """Remove unsupported resources, and the resources and outputs that refer to one of them.

    Alarms on several metrics keep one. Web servers keep their configuration: the emulator never
    calls them, and local/cloud/web_functions.py reads their variables.
    """
    resources = template["Resources"]
    for each in resources.values():
        if each["Type"] == ALARM_TYPE and "Metrics" in each["Properties"]:
            keep_one_metric(each["Properties"])
        if each["Type"] == FUNCTION_TYPE and is_web_server(each["Properties"]):
            remove_events_and_layers(each["Properties"])
    omitted = {name for name, each in resources.items() if each["Type"] in UNSUPPORTED_TYPES}
    while omitted:
        for name in omitted:
            del resources[name]
        outputs = template.get("Outputs", {})
        for name in [name for name, each in outputs.items() if omitted & {*find_references(each)}]:
            del outputs[name]
        omitted = {name for name, each in resources.items() if omitted & {*find_references(each)}}


def keep_one_metric(alarm: dict[str, Any]) -> None:
    first = next(each["MetricStat"] for each in alarm.pop("Metrics") if "MetricStat" in each)
    alarm |= first["Metric"] | {"Statistic": first["Stat"], "Period": first["Period"]}


def remove_events_and_layers(function: dict[str, Any]) -> None:
    for key in ("Events", "Layers"):
        function.pop(key, None)


def find_references(value: Any) -> Iterator[str]:
    """Yield the names in CloudFormation's intrinsic functions, at any depth of the value."""
    if isinstance(value, list):
        for each in value:
            yield from find_references(each)
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
                    yield from find_substitutions(text)
            yield from find_references(each)


def find_substitutions(text: str) -> Iterator[str]:
    """Yield the names of resources and parameters between `${` and `}`."""
    for part in text.split("${")[1:]:
        yield part.split("}")[0].split(".")[0]
