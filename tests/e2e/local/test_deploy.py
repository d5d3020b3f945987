"""`make deploy`, with the emulator in place of AWS, of a template with other parameters."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.cloud.aws import CREDENTIALS
from local.cloud.omit import omit_unsupported
from local.cloud.template import load_template
from local.kit.paths import ROOT
from tests.e2e.api import Answer, Api
from tests.e2e.cloud import Cloud

STACK = "sortie-dev"
PARAMETERS = {"DefaultTimeoutMs": "4321", "ThrottleRate": "2", "ThrottleBurst": "4"}


@pytest.fixture(scope="module")
def deployed(cloud: Cloud) -> Iterator[dict[str, str]]:
    """Build for AWS and deploy; return the outputs."""
    subprocess.run(["make", "build"], cwd=ROOT, capture_output=True, check=True)
    built = ROOT / ".aws-sam/build/template.yaml"
    template = load_template(built)
    omit_unsupported(template)  # the emulator does not support these resources
    for name, value in PARAMETERS.items():
        template["Parameters"][name]["Default"] = value
    built.write_text(json.dumps(template, default=str))
    made = subprocess.run(
        ["make", "--old-file=build", "deploy", "STAGE=dev"],
        cwd=ROOT,
        env=os.environ | CREDENTIALS | {"AWS_ENDPOINT_URL": cloud.stack.aws_endpoint_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    cloudformation = cloud.client("cloudformation")
    [found] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    yield {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}
    cloudformation.delete_stack(StackName=STACK)


@pytest.fixture(scope="module")
def api(cloud: Cloud, deployed: dict[str, str], tmp_path_factory) -> Api:
    """Return a caller of the new stack's API, below the stage of API Gateway."""
    file = tmp_path_factory.mktemp("registry") / "registry.yaml"
    file.write_text("tenant: acme\nkeys: [a]\nagents: [{id: e, name: Echo, provider: echo}]\n")
    done = subprocess.run(
        ["make", "--no-print-directory", "registry", f"FILE={file}", f"STACK={STACK}"],
        cwd=ROOT,
        env=os.environ | CREDENTIALS | {"AWS_ENDPOINT_URL": cloud.stack.aws_endpoint_url},
        capture_output=True,
        text=True,
        check=True,
    )
    key = re.search(r"sortie_\S+", done.stdout)
    assert key
    return Api(cloud.stack.aws_endpoint_url, key[0], "acme")


def path(deployed: dict[str, str], resource: str) -> str:
    return f"/_aws/execute-api/{deployed['ApiId']}/{deployed['StageName']}{resource}"


def test_deployed_stack_has_all_outputs_and_wants_a_key(cloud, deployed, api) -> None:
    stranger = Api(api.base_url, None, "")

    assert deployed.keys() == cloud.stack.outputs.keys()
    assert stranger.get(path(deployed, "/api/agents")).status == 401


def test_message_without_timeout_gets_the_default_timeout(deployed, api) -> None:
    body = {"userId": "550e8400-e29b-41d4-a716-446655440000", "content": "Hello"}

    created = api.post(path(deployed, "/api/messaging/jobs"), body)

    assert created.status == 201, created
    assert created.json["expiresAt"] - created.json["createdAt"] == 4321


def test_requests_over_the_throttle_return_429(deployed, api) -> None:
    where = path(deployed, "/api/agents")

    with ThreadPoolExecutor(16) as clients:
        answers: list[Answer] = [*clients.map(lambda _: api.get(where), range(48))]

    throttled = [answer for answer in answers if answer.status == 429]
    assert throttled
    assert {answer.status for answer in answers} <= {200, 429}
    for answer in throttled:
        assert answer.error == (429, "Too many requests")
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["access-control-allow-origin"] == "*"
