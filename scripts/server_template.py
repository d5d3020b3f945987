"""Extract what the server needs from template.yaml: routes, authorizers, queues and settings.

usage: python -m scripts.server_template template.yaml template.json
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from local.cloud.template import find_functions, is_web_server, load_template

_APP: Final = re.compile(r"uvicorn (\S+:\w+)")
_QUEUE: Final = "AWS::SQS::Queue"


def extract(file: Path) -> dict[str, Any]:
    """Return the content of `template.json`."""
    template = load_template(file)
    functions = find_functions(template)
    api = template["Resources"]["Api"]["Properties"]
    names = {name for name, each in template["Resources"].items() if each["Type"] == _QUEUE}
    return {
        "routes": [*find_routes(functions, api["Auth"]["DefaultAuthorizer"], file.parent)],
        "authorizers": {
            name: describe_authorizer(each, functions)
            for name, each in api["Auth"]["Authorizers"].items()
            if "FunctionArn" in each
        },
        "responses": {
            name: describe_response(each) for name, each in api["GatewayResponses"].items()
        },
        "cors": describe_cors(api["Cors"]),
        "queues": {
            name: describe_queue(template["Resources"][name]["Properties"], consumer)
            for name, consumer in find_consumers(functions, names).items()
        },
        "parameters": {
            name: str(each.get("Default", "")) for name, each in template["Parameters"].items()
        },
        "rules": {name: describe_rule(each) for name, each in template["Parameters"].items()},
        "settings": dict(find_settings(functions, {*template["Parameters"]}, names)),
    }


def describe_rule(parameter: Mapping[str, Any]) -> dict[str, Any]:
    """Return what CloudFormation checks of a parameter's value."""
    return {
        "is_number": parameter["Type"] == "Number",
        "min_value": parameter.get("MinValue"),
        "max_value": parameter.get("MaxValue"),
        "allowed": [str(each) for each in parameter.get("AllowedValues", ())],
        "pattern": parameter.get("AllowedPattern"),
    }


def find_routes(
    functions: Mapping[str, Any], default_authorizer: Any, folder: Path
) -> Iterator[dict[str, Any]]:
    for function in functions.values():
        handler = find_app(function, folder) or function["Handler"].removesuffix(".lambda_handler")
        for event in function.get("Events", {}).values():
            if event["Type"] == "Api":
                route = event["Properties"]
                authorizer = route.get("Auth", {}).get("Authorizer", default_authorizer)
                yield {
                    "method": route["Method"],
                    "path": route["Path"],
                    "handler": handler,
                    "authorizer": None if authorizer == "NONE" else authorizer,
                }


def find_app(function: Mapping[str, Any], folder: Path) -> str | None:
    """Return the ASGI app that a function's script starts."""
    if not is_web_server(dict(function)):
        return None
    [app] = _APP.findall((folder / "functions" / function["Handler"]).read_text())
    return str(app)


def describe_authorizer(
    authorizer: Mapping[str, Any], functions: Mapping[str, Any]
) -> dict[str, Any]:
    # `!Ref Function.Alias` and `!GetAtt Function.Arn`
    [reference] = authorizer["FunctionArn"].values()
    name = reference[0] if isinstance(reference, list) else reference.partition(".")[0]
    handler = functions[name]["Handler"].removesuffix(".lambda_handler")
    if authorizer["FunctionPayloadType"] == "REQUEST":
        return {"handler": handler}
    identity = authorizer["Identity"]
    return {
        "handler": handler,
        "header": identity["Header"],
        "pattern": identity["ValidationExpression"],
    }


def describe_response(response: Mapping[str, Any]) -> dict[str, Any]:
    headers = response.get("ResponseParameters", {}).get("Headers", {})
    return {
        "status": int(response.get("StatusCode", 500)),
        "headers": {name: value.strip("'") for name, value in headers.items()},
        "body": response["ResponseTemplates"]["application/json"],
    }


def describe_cors(cors: Mapping[str, str]) -> dict[str, str]:
    names = {
        "AllowOrigin": "Access-Control-Allow-Origin",
        "AllowMethods": "Access-Control-Allow-Methods",
        "AllowHeaders": "Access-Control-Allow-Headers",
        "MaxAge": "Access-Control-Max-Age",
    }
    return {header: cors[name].strip("'") for name, header in names.items()}


def find_consumers(functions: Mapping[str, Any], queues: set[str]) -> dict[str, Any]:
    """Return each queue's event source, or nothing for a queue without a consumer."""
    consumers: dict[str, Any] = {name: {} for name in sorted(queues)}
    for function in functions.values():
        for event in function.get("Events", {}).values():
            if event["Type"] == "SQS":
                consumers[event["Properties"]["Queue"]["Fn::GetAtt"][0]] = event["Properties"]
    return consumers


def describe_queue(queue: Mapping[str, Any], consumer: Mapping[str, Any]) -> dict[str, Any]:
    redrive = queue.get("RedrivePolicy", {})
    target = redrive.get("deadLetterTargetArn")
    return {
        "visibility_s": queue.get("VisibilityTimeout", 30),
        "retention_s": queue.get("MessageRetentionPeriod", 4 * 24 * 3600),
        "max_receives": redrive.get("maxReceiveCount"),
        "dead_letters": target and target["Fn::GetAtt"][0],
        "concurrency": consumer.get("ScalingConfig", {}).get("MaximumConcurrency", 1),
    }


def find_settings(
    functions: Mapping[str, Any], parameters: set[str], queues: set[str]
) -> Iterator[tuple[str, Any]]:
    """Yield the environment variables that are a parameter, or the name of a queue."""
    for function in functions.values():
        for name, value in function.get("Environment", {}).get("Variables", {}).items():
            reference = value.get("Ref") if isinstance(value, dict) else None
            if reference in parameters:
                yield name, value
            elif reference in queues:
                yield name, reference


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    target.write_text(json.dumps(extract(source), indent=1) + "\n")
