"""Reading a built SAM template, with CloudFormation's short tags."""

from pathlib import Path
from typing import Any

import yaml


class _Loader(yaml.CSafeLoader):  # in C, as the built template is long
    """Knows !Ref, !Sub and the rest; `_tag` says what they stand for."""


def _tag(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
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


_Loader.add_multi_constructor("!", _tag)


def load(file: Path) -> dict[str, Any]:
    template: dict[str, Any] = yaml.load(file.read_text(), _Loader)  # noqa: S506 - a SafeLoader
    return template


def code_folders(build: Path) -> list[Path]:
    """The folders that functions are packed from: those with the same code share one."""
    resources = load(build / "template.yaml")["Resources"].values()
    functions = [each for each in resources if each["Type"] == "AWS::Serverless::Function"]
    return sorted({build / each["Properties"]["CodeUri"] for each in functions})


def layer_folders(build: Path, function: str) -> list[Path]:
    """What the layers of a function put on Python's path."""
    template = load(build / "template.yaml")
    own = template["Resources"][function]["Properties"].get("Layers", [])
    layers = [*template["Globals"]["Function"]["Layers"], *map(_if_it_may, own)]
    return [build / layer["Ref"] / "python" for layer in layers]


def _if_it_may(value: Any) -> Any:
    """Return what a value is where its condition holds."""
    return value["Fn::If"][1] if "Fn::If" in value else value
