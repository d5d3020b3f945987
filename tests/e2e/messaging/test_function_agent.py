"""An agent that is a Lambda function of the operator's."""

import io
import json
import zipfile
from collections.abc import Iterator
from uuid import uuid4

import pytest

from jobs.messaging.agent import Agent
from tests.e2e.api import Api
from tests.e2e.cloud import Cloud

CODE = """
def handler(event, context):
    match event["content"].split():
        case ["raise"]: raise ValueError("a secret detail")
        case ["error"]: return {"error": "No such order"}
    return {"content": "You said " + event["content"], "metadata": {"job": event["jobId"]}}
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
    ],
}


@pytest.fixture(scope="module")
def function(cloud: Cloud) -> Iterator[str]:
    """A function that no template describes, as operators make them."""
    name = f"{cloud.stack.name}-agent-{uuid4().hex[:8]}"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("agent.py", CODE)
    roles, functions = cloud.client("iam"), cloud.client("lambda")
    role = roles.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role["Arn"],
        Handler="agent.handler",
        Code={"ZipFile": archive.getvalue()},
        Timeout=30,
    )
    yield name
    functions.delete_function(FunctionName=name)
    roles.delete_role(RoleName=name)


@pytest.fixture
def api(make_tenant, function) -> Api:
    settings = {"function": function}
    return make_tenant(Agent(id=str(uuid4()), name="F", provider="lambda", settings=settings))


def test_function_answers_a_message(api: Api) -> None:
    job = api.until(api.create("Hello ü", timeoutMs=60_000))

    assert job["status"] == "completed"
    message = job["result"]["message"]
    assert message["content"] == "You said Hello ü"
    assert message["metadata"] == {"job": job["jobId"]}


@pytest.mark.parametrize(("content", "error", "error_class"), [
    ("error", "No such order", "refused"),
    ("raise", "The agent's function failed", "bad_answer"),
])  # fmt: skip
def test_failing_function_fails_the_job(api: Api, content, error, error_class) -> None:
    job = api.until(api.create(content, timeoutMs=60_000))

    assert (job["status"], job["error"], job["errorClass"]) == ("failed", error, error_class)


def test_missing_function_fails_the_job_at_once(make_tenant, cloud: Cloud) -> None:
    settings = {"function": f"{cloud.stack.name}-agent-nowhere"}
    api = make_tenant(Agent(id=str(uuid4()), name="F", provider="lambda", settings=settings))

    job = api.until(api.create(timeoutMs=60_000))

    assert (job["error"], job["errorClass"]) == (
        "The agent's function is not available", "not_found",
    )  # fmt: skip
