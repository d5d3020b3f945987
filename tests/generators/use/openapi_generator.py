"""Call each operation by its client of openapi-generator. Prints what went wrong.

usage: openapi_generator.py '{"base": URL, "calls": […]}'; clients are packages DOCUMENT_client
"""

import json
import re
import sys
from importlib import import_module
from inspect import Parameter, signature
from typing import get_type_hints


def snake(text):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", text).lower()


def known(value):
    """Return the value without nulls: a model made of JSON has those of absent fields."""
    if isinstance(value, list):
        return [known(each) for each in value]
    if isinstance(value, dict):
        return {key: known(each) for key, each in value.items() if each is not None}
    return value


def body_of(send, given, value):
    """Return the name of the body's parameter, and its model."""
    [name] = [
        key
        for key, each in signature(send).parameters.items()
        if each.default is Parameter.empty and key not in given
    ]
    body = get_type_hints(send)[name].from_json(json.dumps(value))
    assert known(json.loads(body.to_json())) == value, body.to_json()
    return {name: body}


def use(base, call):
    client = import_module(f"{call['document']}_client")
    api_client = client.ApiClient(client.Configuration(host=base))
    tag = re.sub(r"\W", "", call["tag"].title())
    api = getattr(client, f"{tag}Api")(api_client)
    send = getattr(api, f"{call['operation']}_with_http_info")
    given = {snake(key): value for key, value in call["arguments"].items()}
    if call["body"] is not None:
        given |= body_of(send, given, call["body"])
    answer = send(**given)
    read = answer.data.to_json()
    assert known(json.loads(read)) == known(json.loads(answer.raw_data)), read


asked = json.loads(sys.argv[1])
wrong = []
for each in asked["calls"]:
    try:
        use(asked["base"], each)
    except Exception as error:  # noqa: BLE001 - is printed
        about = f"{each['document']} {each['operation']}"
        wrong.append(f"{about}: {type(error).__name__}: {error}")
print(json.dumps(wrong))  # noqa: T201
