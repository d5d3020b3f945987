"""Call each operation by its client of openapi-python-client. Prints what went wrong.

usage: openapi_python_client.py '{"base": URL, "calls": […]}'; clients are packages DOCUMENT
"""

import json
import re
import sys
from importlib import import_module
from typing import get_args, get_type_hints


def snake(text):
    return re.sub(r"(?<=[a-z])(?=[A-Z])| ", "_", text).lower()


def made(kind, value):
    """Return the body as the first model that has all of its fields."""
    for model in get_args(kind) or (kind,):
        try:
            body = model.from_dict(value)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
        if body.to_dict() == value:
            return body
    raise ValueError(f"{kind} cannot be {value}")


def use(base, call):
    package = f"clients.{call['document']}"
    module = import_module(f"{package}.api.{snake(call['tag'])}.{call['operation']}")
    client = import_module(package).AuthenticatedClient(base, token="any")
    given = {snake(key): value for key, value in call["arguments"].items()}
    if call["body"] is not None:
        given["body"] = made(get_type_hints(module.sync_detailed)["body"], call["body"])
    answer = module.sync_detailed(client=client, **given)
    assert answer.status_code < 300, answer.content
    assert answer.parsed.to_dict() == json.loads(answer.content), answer.parsed


asked = json.loads(sys.argv[1])
wrong = []
for each in asked["calls"]:
    try:
        use(asked["base"], each)
    except Exception as error:  # noqa: BLE001 - is printed
        about = f"{each['document']} {each['operation']}"
        wrong.append(f"{about}: {type(error).__name__}: {error}")
print(json.dumps(wrong))  # noqa: T201
