"""The emulator's API calls a function only by a role that may do so."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from local.cloud.aws import REGION

CODE = """
def handler(event, context):
    return {"statusCode": 204}
"""
API_GATEWAY = "apigateway.amazonaws.com"
LAMBDA = f"arn:aws:apigateway:{REGION}:lambda:path"
FUNCTION = f"arn:aws:lambda:{REGION}:000000000000:function:endpoint"
ROLES = {  # by path: the service that may assume the role, and the function that it may call
    "granted": (API_GATEWAY, FUNCTION),
    "other-function": (API_GATEWAY, f"{FUNCTION}2"),
    "alias-only": (API_GATEWAY, f"{FUNCTION}:live"),
    "other-service": ("lambda.amazonaws.com", FUNCTION),
}


@pytest.fixture(scope="module")
def api(ministack, root, role) -> str:
    """Return the URL of an API with a path for each role."""
    resources = {
        "Function": make_resource(
            "Lambda::Function",
            FunctionName="endpoint",
            Runtime="python3.13",
            Role=role,
            Handler="index.handler",
            Code={"ZipFile": CODE},
        ),
        "Api": make_resource(
            "ApiGateway::RestApi",
            Body={
                "openapi": "3.0.3",
                "info": {"title": "roles"},
                "paths": {f"/{name}": {"get": make_operation(name)} for name in ROLES},
            },
        ),
        "Deployment": make_resource(
            "ApiGateway::Deployment", RestApiId={"Ref": "Api"}, StageName="test"
        ),
        **{logical_id(name): make_role(*given) for name, given in ROLES.items()},
    }
    stacks = root("cloudformation")
    stacks.create_stack(
        StackName="roles",
        TemplateBody=json.dumps({"Resources": resources}),
        Capabilities=["CAPABILITY_IAM"],
    )
    waiter = stacks.get_waiter("stack_create_complete")
    waiter.wait(StackName="roles", WaiterConfig={"Delay": 1})
    found = stacks.describe_stack_resource(StackName="roles", LogicalResourceId="Api")
    made = found["StackResourceDetail"]["PhysicalResourceId"]
    return f"{ministack.url}/_aws/execute-api/{made}/test"


def make_resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def make_operation(name: str) -> dict[str, Any]:
    integration = {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": f"{LAMBDA}/2015-03-31/functions/{FUNCTION}/invocations",
        "credentials": {"Fn::GetAtt": [logical_id(name), "Arn"]},
    }
    return {"x-amazon-apigateway-integration": integration, "responses": {}}


def make_role(service: str, callee: str) -> dict[str, Any]:
    def allow(action: str, **more: Any) -> dict[str, Any]:
        statement = {"Effect": "Allow", "Action": action, **more}
        return {"Version": "2012-10-17", "Statement": statement}

    policy = allow("lambda:InvokeFunction", Resource=callee)
    return make_resource(
        "IAM::Role",
        AssumeRolePolicyDocument=allow("sts:AssumeRole", Principal={"Service": service}),
        Policies=[{"PolicyName": "own", "PolicyDocument": policy}],
    )


def logical_id(name: str) -> str:
    return f"{name.title().replace('-', '')}Role"


@pytest.mark.parametrize(("path", "status"), [
    ("granted", 204), ("other-function", 500), ("alias-only", 500), ("other-service", 500),
])  # fmt: skip
def test_function_is_called_only_by_a_role_that_may_call_it(api, path, status) -> None:
    try:
        with urllib.request.urlopen(f"{api}/{path}") as answer:
            got = answer.status
    except urllib.error.HTTPError as refused:
        got = refused.code

    assert got == status
