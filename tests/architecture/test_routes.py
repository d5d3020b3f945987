"""The paths of the HTTP API, and the authorizer of each."""

import json
from collections import Counter

from jobs.core.pace import Pace
from tests.architecture.template import event_file, events_of

OPEN = {
    *("/", "/docs", "/docs/{file}", "/openapi/{document}", "/tracking", "/chat"),
    "/v3/auth/token",  # checks an API key itself
}
PAID = {
    ("POST", "/api/messaging/jobs"),
    *((method, "/api/messaging/jobs/{jobId}") for method in ("GET", "HEAD")),
    *((method, "/api/messaging/jobs/{jobId}/stream") for method in ("GET", "HEAD")),
}


def test_route_has_exactly_one_function(functions) -> None:
    routes = Counter((each["Method"], each["Path"]) for _, each in events_of(functions, "Api"))

    assert routes
    assert set(routes.values()) == {1}


def test_route_names_the_authorizer_of_its_api(functions, resources) -> None:
    assert resources["Api"]["Properties"]["Auth"]["DefaultAuthorizer"] == {"Ref": "Payments"}
    for name, route in events_of(functions, "Api"):
        if route["Path"] in OPEN:
            assert route["Auth"] == {"Authorizer": "NONE"}
        elif route["Path"].startswith("/admin/"):
            assert route["Auth"] == {"Authorizer": "AdminKey"}, name
        elif route["Path"].startswith("/v3/"):
            assert route["Auth"] == {"Authorizer": "Partner"}, name
        elif route["Path"].startswith("/workers/"):
            assert route["Auth"] == {"Authorizer": "WorkerKey"}, name
        elif "/agent/" in route["Path"]:
            assert route["Auth"] == {"Authorizer": "DocsKey"}, name
        elif (route["Method"], route["Path"]) in PAID:
            assert "Auth" not in route, name
        else:
            assert route["Auth"] == {"Authorizer": "ApiKey"}, name


def test_head_has_the_route_of_each_get(functions) -> None:
    routes = {
        method: [
            (name, {k: v for k, v in route.items() if k != "Method"})
            for name, route in events_of(functions, "Api")
            if route["Method"] == method
        ]
        for method in ("GET", "HEAD")
    }

    assert routes["HEAD"] == routes["GET"]


def test_admin_route_has_a_tighter_throttle(functions, resources) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-apigateway-stage-methodsetting.html"""
    [of_all, *own] = resources["Api"]["Properties"]["MethodSettings"]
    routes = {
        (each["Method"], each["Path"]) for _, each in events_of(functions, "Api")
        if each["Path"].startswith("/admin/")
    }  # fmt: skip
    throttled = {(each["HttpMethod"], each["ResourcePath"][1:].replace("~1", "/")) for each in own}

    assert of_all["ResourcePath"] == "/*"
    assert throttled == routes
    assert max(each["ThrottlingRateLimit"] for each in own) <= 20


def test_docs_route_of_version_1_also_answers_without_a_version(functions) -> None:
    routes = {(each["Method"], each["Path"]): name for name, each in events_of(functions, "Api")}
    first = {key: name for key, name in routes.items() if key[1].startswith("/v1/agent/")}

    assert first
    assert all(
        routes[method, path.removeprefix("/v1")] == name
        for (method, path), name in first.items()
        if not path.endswith("/stream")
    )


def test_example_event_has_a_route_of_its_function(functions) -> None:
    routes = {name: set[tuple[str, str]]() for name, _ in events_of(functions, "Api")}
    for name, route in events_of(functions, "Api"):
        routes[name].add((route["Method"], route["Path"]))
    for name, answered in routes.items():
        event = json.loads(event_file(functions[name]).read_text())
        assert (event["httpMethod"], event["resource"]) in answered


def test_streamed_response_ends_before_its_function_times_out(functions) -> None:
    for name, route in events_of(functions, "Api"):
        if route.get("ResponseTransferMode") == "RESPONSE_STREAM":
            assert functions[name]["Timeout"] * 1000 == route["TimeoutInMillis"] == 900_000
            assert functions[name]["Timeout"] > Pace().max_duration
