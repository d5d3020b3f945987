"""The template passes AWS's own tools: each finds mistakes that the others miss."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SAM = ROOT / ".tools/sam/bin"
REGION = "eu-central-1"
MAX_RESOURCES = 500  # CloudFormation's quota for a stack

# sam calls AWS with any credentials that it finds.
OFFLINE = {
    "PATH": os.environ["PATH"],
    "HOME": os.environ.get("HOME", "/"),
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_DEFAULT_REGION": REGION,
    "SAM_CLI_TELEMETRY": "0",
}

TRANSLATE = """
import json, sys
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

template = yaml_parse(open("template.yaml").read())
for resource in template["Resources"].values():
    properties = resource["Properties"]
    for local in properties.keys() & {"ContentUri", "DefinitionUri"}:
        properties[local] = "s3://bucket/key"
template["Resources"]["JobsLayer"]["Properties"]["ContentUri"] = f"s3://bucket/{sys.argv[2]}"
template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
values = {name: each["Default"] for name, each in template["Parameters"].items()}
values["SafeDeploys"] = sys.argv[3]
with open(sys.argv[1], "w") as file:
    json.dump(Translator({}, Parser()).translate(template, values), file, indent=1)
"""


@pytest.fixture(autouse=True, scope="module")
def _sam() -> None:
    if (SAM / "sam").exists():
        return
    missing = "aws-sam-cli is not installed here; `make test` installs it"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(each) for each in command],
        cwd=ROOT, env=OFFLINE, check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def translate(file: Path, *, layer: str = "key", safe: str = "true") -> dict[str, dict[str, Any]]:
    """Return the resources of the template that SAM translates to plain CloudFormation.

    `sam validate` does no more.
    """
    translated = run(SAM / "python", "-c", TRANSLATE, file, layer, safe)
    assert translated.returncode == 0, translated.stdout
    made: dict[str, dict[str, Any]] = json.loads(file.read_text())["Resources"]
    return made


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("translated") / "template.json"


@pytest.fixture(scope="module")
def resources(file: Path) -> dict[str, dict[str, Any]]:
    """Translate the template to `file`."""
    return translate(file)


def of_type(resources: dict[str, dict[str, Any]], kind: str) -> set[str]:
    return {name for name, each in resources.items() if each["Type"] == kind}


def test_cfn_lint_reports_nothing_before_and_after_translation(resources, file) -> None:
    found = run(SAM / "cfn-lint", "--regions", REGION, "--", "template.yaml", file)

    assert (found.returncode, found.stdout) == (0, "")


def test_translated_template_fits_into_one_stack(resources) -> None:
    assert len(resources) <= MAX_RESOURCES


def test_changed_layer_deploys_as_canary(resources, tmp_path) -> None:
    """By default, SAM publishes a new version only for new function code."""
    changed = translate(tmp_path / "changed.json", layer="changed")

    canaries = of_type(resources, "AWS::CodeDeploy::DeploymentGroup")
    assert len(canaries) == len(of_type(resources, "AWS::Lambda::Alias"))
    assert canaries
    version = "AWS::Lambda::Version"
    assert of_type(resources, version) & of_type(changed, version) == set()


def test_translated_template_without_safe_deploys_has_no_canary(tmp_path) -> None:
    made = translate(tmp_path / "translated.json", safe="false")

    assert of_type(made, "AWS::CodeDeploy::DeploymentGroup") == set()
    assert of_type(made, "AWS::Lambda::Alias")
