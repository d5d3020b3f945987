"""Remove the operations from botocore's data that no function calls.

usage: trim_botocore.py DATA_FOLDER

A cold start parses the model of each service that it uses, and the endpoints of all services. That
takes 40 ms of CPU, or 5 ms after the trim. A call that is missing in `OPERATIONS` fails with an
AttributeError in every test against the built layer.
"""

import gzip
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

OPERATIONS: Final = {
    "apigatewaymanagementapi": {"DeleteConnection", "PostToConnection"},
    "bedrock-runtime": {"ConverseStream"},
    "cognito-idp": {"CreateUserPoolClient", "DeleteUserPoolClient"},
    "dynamodb": {
        *("BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "TransactWriteItems"),
        "UpdateItem",
    },
    "events": {"PutEvents"},
    "iot": {
        *("CancelJob", "CancelJobExecution", "CreateJob", "DescribeJobExecution"),
        *("CreateThingGroup", "DescribeThingGroup"),
    },
    "iot-data": {"Publish"},
    "lambda": {"Invoke"},
    "secretsmanager": {"GetSecretValue"},
    "sqs": {"ChangeMessageVisibility", "SendMessage", "SendMessageBatch"},
    "stepfunctions": {"StartExecution"},
}
ENDPOINTS: Final = {
    *("bedrock", "cognito-idp", "data-ats.iot", "dynamodb", "events", "iot", "lambda"),
    *("secretsmanager", "sqs", "states"),
}

type Json = dict[str, Any]


def main(data: Path) -> None:
    for folder in data.iterdir():
        if folder.is_dir() and folder.name not in OPERATIONS:
            shutil.rmtree(folder)
    for service, operations in OPERATIONS.items():
        *old, newest = sorted((data / service).iterdir())
        for version in old:
            shutil.rmtree(version)
        trim_model(newest, operations)
    trim_endpoints(data / "endpoints.json")


def trim_model(folder: Path, operations: set[str]) -> None:
    packed = folder / "service-2.json.gz"
    model = without_words(json.loads(gzip.decompress(packed.read_bytes())))
    model["operations"] = {name: model["operations"][name] for name in sorted(operations)}
    used = set(reachable(model["operations"], model["shapes"], set()))
    model["shapes"] = {name: shape for name, shape in model["shapes"].items() if name in used}
    packed.unlink()
    (folder / "service-2.json").write_text(to_json(model))
    for examples in folder.glob("examples-*"):
        examples.unlink()


def reachable(part: Any, shapes: Json, seen: set[str]) -> Iterator[str]:
    """Return the names of all shapes that a part of the model uses, directly or indirectly."""
    if isinstance(part, list):
        for each in part:
            yield from reachable(each, shapes, seen)
    if not isinstance(part, dict):
        return
    name = part.get("shape")
    if isinstance(name, str) and name not in seen:
        seen.add(name)
        yield name
        yield from reachable(shapes[name], shapes, seen)
    for each in part.values():
        yield from reachable(each, shapes, seen)


def without_words(part: Any) -> Any:
    """Remove the documentation, which is text; a member named `documentation` is not."""
    if isinstance(part, list):
        return [without_words(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        key: without_words(value)
        for key, value in part.items()
        if not (key == "documentation" and isinstance(value, str))
    }


def trim_endpoints(file: Path) -> None:
    endpoints = json.loads(file.read_text())
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in sorted(ENDPOINTS & set(services))}
    file.write_text(to_json(endpoints))


def to_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
