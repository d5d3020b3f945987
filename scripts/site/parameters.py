"""Render the parameters of template.yaml as a Markdown table, for their reference page."""

from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's tags, which the tables do not use: they are read as nothing."""


_Loader.add_multi_constructor("!", lambda *_: None)


def load(template: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(template, _Loader)  # noqa: S506 - a SafeLoader
    return loaded


def render(template: str) -> str:
    rows = [_row(name, each) for name, each in load(template)["Parameters"].items()]
    return "\n".join(["| parameter | default | |", "|---|---|---|", *rows])


def _row(name: str, parameter: dict[str, Any]) -> str:
    values = [str(each) for each in parameter.get("AllowedValues", ())]
    limits = [str(parameter[each]) for each in ("MinValue", "MaxValue") if each in parameter]
    about = [parameter.get("Description", "")]
    if values:
        about.append("One of " + ", ".join(f"`{each}`" for each in values) + ".")
    if limits:
        about.append(f"From {' to '.join(limits)}.")
    default = str(parameter["Default"])
    return f"| `{name}` | {f'`{default}`' if default else 'empty'} | {' '.join(about).strip()} |"
