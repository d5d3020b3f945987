"""Read SAM templates, with CloudFormation's short tags."""

from pathlib import Path
from typing import Any

import yaml

FUNCTION_TYPE = "AWS::Serverless::Function"


class _Loader(yaml.CSafeLoader):  # in C, as the built template is long
    """Reads !Ref, !Sub and the other short tags as CloudFormation's long forms."""


def _expand_tag(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if name == "GetAtt":
            value = str(value).split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    return {name if name in {"Ref", "Condition"} else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _expand_tag)


def load_template(file: Path) -> dict[str, Any]:
    template: dict[str, Any] = yaml.load(file.read_text(), _Loader)  # noqa: S506 - a SafeLoader
    return template


def find_functions(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the properties of each function, by logical id."""
    return {
        name: each["Properties"]
        for name, each in template["Resources"].items()
        if each["Type"] == FUNCTION_TYPE
    }


def is_web_server(function: dict[str, Any]) -> bool:
    """Whether the function starts a web server from a script, instead of a Python handler."""
    return str(function["Handler"]).endswith(".sh")


def find_code_folders(build: Path) -> list[Path]:
    """Return the folders of the functions' code; functions with the same code share one."""
    functions = find_functions(load_template(build / "template.yaml"))
    return sorted({build / each["CodeUri"] for each in functions.values()})


def find_layer_folders(build: Path, function: str) -> list[Path]:
    """Return the folders that a function's layers add to Python's path."""
    template = load_template(build / "template.yaml")
    own = template["Resources"][function]["Properties"].get("Layers", [])
    layers = [*template["Globals"]["Function"]["Layers"], *map(_resolve_condition, own)]
    return [build / layer["Ref"] / "python" for layer in layers]


def _resolve_condition(value: Any) -> Any:
    """Take the value for a true condition."""
    return value["Fn::If"][1] if "Fn::If" in value else value
