"""All handlers behind a real HTTP server, over the fakes of `tests.handlers`."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.handlers.everything import ENDPOINTS, load

type Invoke = Callable[[str, Any], Any]

ENDED = {"delete_tenant", "fail_job"}
"""By then, the tenant has keys, and the job is completed."""
EVENTS = {each: load(each) for each in ENDPOINTS}
ALIAS = re.compile(r"^/agent/")


def find_endpoint(method: str, path: str) -> tuple[str, dict[str, str]] | None:
    """Return the endpoint of a request, and its path parameters; fixed parts come first."""
    path = ALIAS.sub("/v1/agent/", path)
    for name, event in sorted(EVENTS.items(), key=lambda each: find_variables(each[1])):
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", event["resource"])
        found = re.fullmatch(pattern, path)
        if found and event["httpMethod"] == method:
            return name, {key: unquote(value) for key, value in found.groupdict().items()}
    return None


def find_variables(event: Any) -> list[bool]:
    """Return which parts of an event's path are variables."""
    return [part.startswith("{") for part in event["resource"].split("/")]


class Handler(BaseHTTPRequestHandler):
    invoke: Invoke

    def respond(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        found = find_endpoint(self.command, address.path)
        if found is None:
            self.send_error(404)
            return
        name, parameters = found
        changes = {
            "headers": dict(self.headers.items()),
            "pathParameters": parameters or None,
            "queryStringParameters": dict(parse_qsl(address.query)) or None,
            "body": body or None,
        }
        answer = type(self).invoke(name, EVENTS[name] | changes)
        self.send_response(answer["statusCode"])
        for key, value in answer["headers"].items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(answer["body"].encode())

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = respond  # noqa: N815 - as the class wants

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve(invoke: Invoke) -> Iterator[str]:
    """Serve until the end of the block; yield the URL."""
    handler = type("Bound", (Handler,), {"invoke": staticmethod(invoke)})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def list_calls(documents: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a call of each operation, as its examples have it: first those that change nothing."""
    calls = [
        {
            "document": name,
            "operation": operation["operationId"],
            "tag": operation["tags"][0],
            "arguments": {
                each["name"]: each["example"]
                for each in operation["parameters"]
                if each["required"]
            },
            "body": json_of(operation.get("requestBody", {})).get("example"),
            "rank": rank(method, operation["operationId"]),
        }
        for name, document in documents.items()
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if operation["operationId"] not in ENDED
        and has_event(method.upper(), path)
        and any(json_of(each) for status, each in operation["responses"].items() if status < "3")
    ]
    return sorted(calls, key=lambda each: each.pop("rank"))


def has_event(method: str, path: str) -> bool:
    """Return whether an event is of this operation, and not only of another kind of entries."""
    found = find_endpoint(method, path)
    if found is None:
        return False
    name, parameters = found
    given = EVENTS[name]["pathParameters"] or {}
    return parameters.get("collection") == given.get("collection")


def json_of(part: dict[str, Any]) -> Any:
    return part.get("content", {}).get("application/json", {})


def rank(method: str, operation: str) -> tuple[bool, bool, bool, bool]:
    """Order calls: the tenant's create, then entries, then all others, with ends last."""
    ends = operation.startswith(("cancel", "revoke"))
    creates = operation.startswith("create_tenant")
    return method == "delete", ends, not creates, method != "put"
