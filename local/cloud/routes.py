"""Move the routes of functions' events to the API's own definition, in a built template.

SAM makes a permission for each route of an event, and a stack has at most 500 resources. A route of
the definition needs none: API Gateway assumes a role that may call its function. Each authorizer's
routes have a role of their own, because the policies of a role have at most 10,240 characters.
docs/adr/0045-resource-budget.md
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from local.cloud.template import find_functions
from local.kit.errors import LocalStackError

PROPERTIES = {"RestApiId", "Method", "Path", "Auth", "ResponseTransferMode", "TimeoutInMillis"}
PATH = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path"
CALL = "2015-03-31/functions/{}/invocations"
STREAMING_CALL = "2021-11-15/functions/{}/response-streaming-invocations"
ROLE_NAMES = {None: "Default", "NONE": "Public"}

type Resource = dict[str, Any]


def move_routes(template: dict[str, Any]) -> None:
    """Give the API all routes, and the template their roles.

    Raises:
        LocalStackError: A route has a property that would be lost.

    """
    api = template["Resources"]["Api"]["Properties"]
    paths = defaultdict[str, Resource](dict)
    callees = defaultdict[str, set[str]](set)
    for name, function in find_functions(template).items():
        alias = function.get("AutoPublishAlias")
        callee = f"{name}.Alias" if alias else f"{name}.Arn"
        arn = f"${{{name}.Arn}}{f':{alias}' if alias else ''}"  # `sam local` finds no ${….Alias}
        for route in take_routes(name, function):
            authorizer = route.get("Auth", {}).get("Authorizer")
            role = f"{ROLE_NAMES.get(authorizer, authorizer)}RoutesRole"
            scopes = api["Auth"]["Authorizers"].get(authorizer, {}).get("AuthorizationScopes", [])
            paths[route["Path"]][route["Method"].lower()] = {
                "x-amazon-apigateway-integration": integrate(route, arn, role),
                **({"security": [{authorizer: scopes}]} if authorizer else {}),
                "responses": {},
            }
            callees[role].add(callee)
    api["DefinitionBody"] = {
        "openapi": template["Globals"]["Api"]["OpenApiVersion"],
        "info": {"title": api["Name"], "version": "1.0"},
        "paths": dict(paths),
    }
    template["Resources"] |= {role: make_role(sorted(names)) for role, names in callees.items()}


def take_routes(name: str, function: Resource) -> Iterator[Mapping[str, Any]]:
    """Remove a function's routes, and yield them."""
    events = function.get("Events", {})
    for key in [key for key, event in events.items() if event["Type"] == "Api"]:
        route = events.pop(key)["Properties"]
        if unknown := {*route} - PROPERTIES | {*route.get("Auth", {})} - {"Authorizer"}:
            raise LocalStackError(
                f"{name}, {key}: local/cloud/routes.py does not know {', '.join(sorted(unknown))}"
            )
        yield route


def integrate(route: Mapping[str, Any], arn: str, role: str) -> Resource:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html"""
    streams = route.get("ResponseTransferMode") == "RESPONSE_STREAM"
    return {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": {"Fn::Sub": f"{PATH}/{(STREAMING_CALL if streams else CALL).format(arn)}"},
        "credentials": {"Fn::GetAtt": [role, "Arn"]},
        **({"responseTransferMode": "STREAM"} if streams else {}),
        **({"timeoutInMillis": route["TimeoutInMillis"]} if "TimeoutInMillis" in route else {}),
    }


def make_role(callees: Iterable[str]) -> Resource:
    def allow(action: str, **more: Any) -> Resource:
        statement = {"Effect": "Allow", "Action": action, **more}
        return {"Version": "2012-10-17", "Statement": statement}

    trust = allow("sts:AssumeRole", Principal={"Service": "apigateway.amazonaws.com"})
    policy = allow("lambda:InvokeFunction", Resource=[refer_to(each) for each in callees])
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": trust,
            "Policies": [{"PolicyName": "functions", "PolicyDocument": policy}],
        },
    }


def refer_to(callee: str) -> Mapping[str, Any]:
    name, attribute = callee.split(".")
    return {"Ref": callee} if attribute == "Alias" else {"Fn::GetAtt": [name, attribute]}
