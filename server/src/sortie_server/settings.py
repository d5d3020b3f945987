"""The functions' settings: template.yaml's parameters, with the server's own values for some."""

import os
from collections.abc import Mapping
from typing import Final

from sortie_server.template import Template, resolve

STACK_NAME: Final = "sortie"
"""The prefix of secrets' names, as that of a deployed stack."""


class UnknownParameterError(Exception):
    """The template has no such parameter."""


def choose_parameters(template: Template, chosen: Mapping[str, str]) -> dict[str, str]:
    """Return all parameters. Raises `UnknownParameterError`."""
    if unknown := chosen.keys() - template.parameters.keys():
        known = ", ".join(sorted(template.parameters))
        raise UnknownParameterError(f"unknown: {', '.join(sorted(unknown))}; known are {known}")
    return {**template.parameters, **chosen}


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
