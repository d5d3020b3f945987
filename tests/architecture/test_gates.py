"""The template passes AWS's own tools: each finds mistakes that the others miss."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from itertools import batched
from pathlib import Path
from typing import Any

import pytest

from local.cloud.omit import find_references
from scripts.release import compute_release

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
import copy, json, sys
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

template = yaml_parse(open("template.yaml").read())
for resource in template["Resources"].values():
    properties = resource["Properties"]
    for local in properties.keys() & {"ContentUri", "DefinitionUri"}:
        properties[local] = "s3://bucket/key"
template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
defaults = {name: each["Default"] for name, each in template["Parameters"].items()}
for file, layer, parameters in json.loads(sys.argv[1]):
    template["Resources"]["JobsLayer"]["Properties"]["ContentUri"] = f"s3://bucket/{layer}"
    made = Translator({}, Parser()).translate(copy.deepcopy(template), defaults | parameters)
    with open(file, "w") as out:
        json.dump(made, out, indent=1)
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
    [made] = translate_all([(file, layer, {"SafeDeploys": safe})])
    resources: dict[str, dict[str, Any]] = made["Resources"]
    return resources


def translate_all(wanted: Sequence[tuple[Path, str, Mapping[str, str]]]) -> list[dict[str, Any]]:
    """Translate the template once for each file, key of the layer's code, and parameters."""
    asked = json.dumps([(str(file), layer, parameters) for file, layer, parameters in wanted])
    translated = run(SAM / "python", "-c", TRANSLATE, asked)
    assert translated.returncode == 0, translated.stdout
    return [json.loads(file.read_text()) for file, _, _ in wanted]


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


def test_changed_parameter_reaches_alias_of_each_function_that_sees_it(template, tmp_path) -> None:
    """SAM hashes references, not values, so it publishes no version for a parameter alone.

    Several parameters change at a time, as a translation takes two seconds.
    """
    definitions = {n: it for n, it in template["Parameters"].items() if n != "Release"}
    before = {name: str(each["Default"]) for name, each in definitions.items()}
    groups = list(batched(definitions, 8, strict=False))
    changes = [{name: other_value(definitions[name]) for name in group} for group in groups]
    cases = [before, *(before | each for each in changes)]
    first, *others = translate_all([
        (tmp_path / f"{number}.json", "key", case | {"Release": compute_release("build", case)})
        for number, case in enumerate(cases)
    ])  # fmt: skip

    seen = set()
    for group, changed in zip(groups, others, strict=True):
        functions = {
            each["Properties"]["FunctionName"]["Ref"]
            for each in first["Resources"].values()
            if each["Type"] == "AWS::Lambda::Version"
        }
        for function in functions:
            properties = first["Resources"][function]["Properties"]
            if found := find_parameters(first, properties) & {*group}:
                seen |= found
                assert versions_of(function, first).isdisjoint(versions_of(function, changed)), (
                    f"{function} keeps one of its old {', '.join(sorted(found))}"
                )
                # Lambda refuses a second version of an unchanged function.
                assert properties != changed["Resources"][function]["Properties"]
    assert {"Payments", "RetentionHours", "PublicUrl", "Architecture"} <= seen


def other_value(definition: Mapping[str, Any]) -> str:
    default = str(definition["Default"])
    allowed = [str(each) for each in definition.get("AllowedValues", ["other"])]
    if definition["Type"] == "Number" and "AllowedValues" not in definition:
        return str(int(default) + 1)
    return next(each for each in allowed if each != default)


def versions_of(function: str, translated: dict[str, Any]) -> set[str]:
    return {
        name
        for name, each in translated["Resources"].items()
        if each["Type"] == "AWS::Lambda::Version"
        and each["Properties"]["FunctionName"] == {"Ref": function}
    }


def find_parameters(translated: dict[str, Any], value: Any) -> set[str]:
    """Return the names that a value refers to, also by conditions and by its layers."""
    found = set(find_references(value))
    for each in [*find_conditions(value)]:
        found |= find_parameters(translated, translated["Conditions"][each])
    for name in found & translated["Resources"].keys():
        if translated["Resources"][name]["Type"] == "AWS::Lambda::LayerVersion":
            found |= set(find_references(translated["Resources"][name]["Properties"]))
    return found


def find_conditions(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "Fn::If" in value:
            yield value["Fn::If"][0]
        if isinstance(value.get("Condition"), str):
            yield value["Condition"]
    for each in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    ):
        yield from find_conditions(each)


def test_stack_names_only_its_own_things_and_topics(resources) -> None:
    """All stacks of an account share its things and its topics."""
    text = json.dumps(resources)
    arns = set(re.findall(r":iot:[^\"]*?:((?:client|thing|topic|topicfilter)/[^\"]*)", text))
    rules = re.findall(r"FROM '(?:[^'\"]*)'[^\"]*", text)

    assert {each for each in arns if "${AWS::StackName}" not in each} == {
        "client/${!iot:Connection.Thing.ThingName}",
        "topic/$aws/things/${!iot:Connection.Thing.ThingName}/jobs/*",
        "topicfilter/$aws/things/${!iot:Connection.Thing.ThingName}/jobs/*",
        "topic/*/STATUS",  # named after ids that no other stack has
    }
    assert len(rules) == 2
    assert all("startswith(topic(3), '${AWS::StackName}_')" in each for each in rules)
