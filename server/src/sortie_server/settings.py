"""The functions' settings: template.yaml's parameters, with the server's own values for some."""

import os
import re
from collections.abc import Mapping
from typing import Final

from sortie_server.template import ParameterRule, Template, resolve

STACK_NAME: Final = "sortie"
"""The prefix of secrets' names, as that of a deployed stack."""


class ParameterError(Exception):
    """The template has no such parameter, or does not allow its value."""


def choose_parameters(template: Template, chosen: Mapping[str, str]) -> dict[str, str]:
    """Return all parameters. Raises `ParameterError`."""
    if unknown := chosen.keys() - template.parameters.keys():
        known = ", ".join(sorted(template.parameters))
        raise ParameterError(f"unknown: {', '.join(sorted(unknown))}; known are {known}")
    for name, value in chosen.items():
        if wanted := find_fault(template.rules[name], value):
            raise ParameterError(f"{name}={value}: must be {wanted}")
    return {**template.parameters, **chosen}


def find_fault(rule: ParameterRule, value: str) -> str | None:
    """Return what a value must be and is not, or None."""
    if rule.allowed and value not in rule.allowed:
        return " or ".join(rule.allowed)
    if rule.pattern and not re.fullmatch(rule.pattern, value):
        return f"text that matches {rule.pattern}"
    if not rule.is_number:
        return None
    least = rule.min_value if rule.min_value is not None else 0
    most = rule.max_value
    if value.isdecimal() and least <= int(value) and (most is None or int(value) <= most):
        return None
    return f"a number from {least}" + ("" if most is None else f" to {most}")


def set_environment(template: Template, parameters: Mapping[str, str]) -> None:
    """Set what the functions read. Call it before any of them is loaded."""
    for name, value in template.settings.items():
        os.environ[name] = resolve(value, parameters)
    os.environ |= {
        "POWERTOOLS_METRICS_NAMESPACE": "sortie",
        "POWERTOOLS_TRACE_DISABLED": "true",
        "STACK_NAME": STACK_NAME,
        "WEBHOOK_SECRETS": f"{STACK_NAME}/webhooks/",
        "CURSOR_SECRET_ARN": "cursors",
        "WEBSOCKET_URL": "",
    }
