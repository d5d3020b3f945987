"""The template passes what AWS's own tools know of it: each of these finds what the others miss."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAM = ROOT / ".tools/sam/bin"
REGION = "eu-central-1"

# sam asks AWS about every credential that it finds.
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
template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
values = {name: each["Default"] for name, each in template["Parameters"].items()}
with open(sys.argv[1], "w") as file:
    json.dump(Translator({}, Parser()).translate(template, values), file, indent=1)
"""


@pytest.fixture(autouse=True)
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


def test_sam_finds_the_template_valid() -> None:
    found = run(SAM / "sam", "validate", "--template", "template.yaml", "--region", REGION)

    assert found.returncode == 0, found.stdout


def test_cfn_lint_finds_nothing_in_the_template() -> None:
    found = run(SAM / "cfn-lint", "--regions", REGION, "--", "template.yaml")

    assert (found.returncode, found.stdout) == (0, "")


def test_cfn_lint_finds_nothing_in_what_the_template_becomes(tmp_path) -> None:
    file = tmp_path / "translated.json"
    translated = run(SAM / "python", "-c", TRANSLATE, file)

    found = run(SAM / "cfn-lint", "--regions", REGION, "--", file)

    assert translated.returncode == 0, translated.stdout
    assert (found.returncode, found.stdout) == (0, "")
