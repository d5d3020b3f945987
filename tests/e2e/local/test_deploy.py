"""`make deploy` in a terminal, with the emulator in AWS's place."""

import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing

import pexpect
import pytest

from local.cloud.aws import CREDENTIALS, create_session
from local.cloud.build import AWS_FOLDER, build, create_aws_target
from local.cloud.omit import omit_unsupported
from local.cloud.template import load_template
from local.kit.paths import ROOT

REGION = "eu-west-1"
TIMEOUT_S = 240


@pytest.fixture
def _built() -> Iterator[None]:
    """Build for AWS, and leave out for a while what only AWS knows."""
    build(create_aws_target("arm64"))
    file = AWS_FOLDER / "template.yaml"
    original = file.read_text()
    template = load_template(file)
    omit_unsupported(template)
    file.write_text(json.dumps(template, default=str))
    yield
    file.write_text(original)


@pytest.fixture
def terminal(stack, tmp_path):
    """Run `make deploy` in a terminal of somebody with an empty home; return the child."""
    config = tmp_path / "samconfig.toml"
    shutil.copy(ROOT / "samconfig.toml", config)
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TERM": "xterm",
        **{k: v for k, v in CREDENTIALS.items() if k != "AWS_DEFAULT_REGION"},
        "AWS_ENDPOINT_URL": stack.aws_endpoint_url,
    }

    def run(*options: str) -> pexpect.spawn:
        command = ["deploy", f"CONFIG={config}", *options]
        return pexpect.spawn(
            "make", command, cwd=str(ROOT), env=environment, encoding="utf-8", timeout=TIMEOUT_S
        )

    return run


def finish(child: pexpect.spawn, *, answers: bool) -> str:
    """Press Enter at each question until the command ends; return what it printed."""
    printed = ""
    while child.expect([r"\[[^\]\n]*\]: $", pexpect.EOF]) == 0:
        assert answers, f"asks: {child.before}{child.after}"
        printed += child.before + child.after
        child.sendline()
    child.close()
    printed += child.before
    assert child.exitstatus == 0, printed
    return printed


@pytest.mark.usefixtures("_built")
def test_guided_deploy_with_defaults_creates_an_updatable_stack(stack, terminal) -> None:
    guided = finish(terminal("GUIDED=1", f"REGION={REGION}"), answers=True)
    again = finish(terminal(), answers=False)

    assert "shown only once: sortie_admin_" in guided
    assert "sortie_admin_" not in again
    for printed in (guided, again):
        assert f"Stack sortie-dev in {REGION}, account 000000000000" in printed
    with closing(
        create_session().client(
            "cloudformation", endpoint_url=stack.aws_endpoint_url, region_name=REGION
        )
    ) as cloudformation:
        [found] = cloudformation.describe_stacks(StackName="sortie-dev")["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}
    assert outputs.keys() == stack.outputs.keys()
    api = f"{stack.aws_endpoint_url}/_aws/execute-api/{outputs['ApiId']}/dev/api/agents"
    with pytest.raises(urllib.error.HTTPError, match="401") as error:
        urllib.request.urlopen(api)
    error.value.close()
