"""`make deploy`, with the emulator in AWS's place."""

import json
import os
import subprocess
import urllib.error
import urllib.request

import pytest

from local.cloud.aws import CREDENTIALS, create_session
from local.cloud.omit import omit_unsupported
from local.cloud.template import load_template
from local.kit.paths import ROOT


def test_what_is_built_for_aws_is_deployed_with_the_projects_settings(stack) -> None:
    subprocess.run(["make", "build"], cwd=ROOT, capture_output=True, check=True)
    built = ROOT / ".aws-sam/build/template.yaml"
    template = load_template(built)
    omit_unsupported(template)  # of all that AWS knows, the emulator does not know this
    built.write_text(json.dumps(template, default=str))

    deployed = subprocess.run(
        ["make", "--old-file=build", "deploy", "STAGE=dev"],
        cwd=ROOT,
        env=os.environ | CREDENTIALS | {"AWS_ENDPOINT_URL": stack.aws_endpoint_url},
        capture_output=True,
        text=True,
        check=False,
    )

    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    cloudformation = create_session().client("cloudformation", endpoint_url=stack.aws_endpoint_url)
    [found] = cloudformation.describe_stacks(StackName="sortie-dev")["Stacks"]
    cloudformation.close()
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}
    assert outputs.keys() == stack.outputs.keys()
    api = f"{stack.aws_endpoint_url}/_aws/execute-api/{outputs['ApiId']}/dev/api/agents"
    with pytest.raises(urllib.error.HTTPError, match="401") as refusal:
        urllib.request.urlopen(api)
    refusal.value.close()
