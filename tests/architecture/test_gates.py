"""The template passes AWS's own tools: each finds mistakes that the others miss."""

import json
import os
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import batched
from pathlib import Path
from typing import Any

import pytest

from local.cloud.omit import find_references
from scripts.release import compute_release

ROOT = Path(__file__).parents[2]
SAM = ROOT / ".tools/sam/bin"
REGION = "eu-central-1"
MAX_RESOURCES = 480  # of the 500 that a stack may have: docs/adr/0045-resource-budget.md
MAX_ROLE_POLICY = 10_240  # characters
LONGEST_ARN = "arn:aws-us-gov:lambda:ap-northeast-1:123456789012:function:" + 64 * "x" + ":live"

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
from pathlib import Path
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from local.cloud.routes import move_routes
from local.cloud.template import load_template

written = load_template(Path("template.yaml"))
for resource in written["Resources"].values():
    properties = resource["Properties"]
    for local in properties.keys() & {"ContentUri", "DefinitionUri"}:
        properties[local] = "s3://bucket/key"
written["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
built = copy.deepcopy(written)
move_routes(built)
defaults = {name: each["Default"] for name, each in written["Parameters"].items()}
for file, is_built, layer, parameters in json.loads(sys.argv[1]):
    template = copy.deepcopy(built if is_built else written)
    template["Resources"]["JobsLayer"]["Properties"]["ContentUri"] = f"s3://bucket/{layer}"
    made = Translator({}, Parser()).translate(template, defaults | parameters)
    with open(file, "w") as out:
        json.dump(made, out, indent=1)
"""


@dataclass(frozen=True)
class Case:
    """Whether the routes are those of the build, a key of the layer's code, and parameters."""

    built: bool = True
    layer: str = "key"
    parameters: Mapping[str, str] = field(default_factory=dict)


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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("translated")


@pytest.fixture(scope="module")
def parameter_groups(template) -> list[dict[str, str]]:
    """Return other values of all parameters, several at a time."""
    definitions = {name: it for name, it in template["Parameters"].items() if name != "Release"}
    changed = {name: other_value(each) for name, each in definitions.items()}
    return [dict(group) for group in batched(changed.items(), 8, strict=False)]


@pytest.fixture(scope="module")
def translated(template, folder, parameter_groups) -> dict[str, dict[str, Any]]:
    """Return the plain CloudFormation that SAM makes of each case, translated in one process.

    `sam validate` does no more.
    """
    before = {n: str(e["Default"]) for n, e in template["Parameters"].items() if n != "Release"}
    cases = {
        "stack": Case(parameters={"SafeDeploys": "true"}),
        "as written": Case(built=False, parameters={"SafeDeploys": "true"}),
        "other layer": Case(layer="other", parameters={"SafeDeploys": "true"}),
        "not safe": Case(parameters={"SafeDeploys": "false"}),
        **{
            f"parameters {number}": Case(parameters=set_release(before | changed))
            for number, changed in enumerate([{}, *parameter_groups])
        },
    }
    asked = [
        (str(folder / f"{name}.json"), each.built, each.layer, each.parameters)
        for name, each in cases.items()
    ]
    done = run(SAM / "python", "-c", TRANSLATE, json.dumps(asked, default=dict))
    assert done.returncode == 0, done.stdout
    return {name: json.loads((folder / f"{name}.json").read_text()) for name in cases}


def set_release(parameters: Mapping[str, str]) -> Mapping[str, str]:
    return {**parameters, "Release": compute_release("build", parameters)}


@pytest.fixture(scope="module")
def resources(translated) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = translated["stack"]["Resources"]
    return found


def of_type(resources: dict[str, dict[str, Any]], kind: str) -> set[str]:
    return {name for name, each in resources.items() if each["Type"] == kind}


@pytest.mark.usefixtures("translated")
def test_cfn_lint_reports_nothing_before_and_after_translation(folder) -> None:
    files = "template.yaml", folder / "stack.json"

    found = run(SAM / "cfn-lint", "--regions", REGION, "--", *files)

    assert (found.returncode, found.stdout) == (0, "")


def test_translated_template_fits_into_one_stack(resources) -> None:
    assert len(resources) <= MAX_RESOURCES


def test_build_moves_routes_as_sam_translates_them(translated) -> None:
    built, written = (
        deepcopy(translated[name]["Resources"]["Api"]["Properties"]["Body"])
        for name in ("stack", "as written")
    )
    for operation in operations_of(built):
        del operation["credentials"]
        uri = re.sub(r"\.Arn}:(\w+)", r"Alias\1}", operation["uri"]["Fn::Sub"])
        operation["uri"] = {"Fn::Sub": uri.replace("${AWS::Partition}", "aws")}

    assert built == written


def test_route_has_a_role_that_may_call_exactly_the_functions_of_its_routes(resources) -> None:
    called = defaultdict(set)
    for operation in operations_of(resources["Api"]["Properties"]["Body"]):
        [(name, alias)] = re.findall(r"\${(\w+)\.Arn}:?(\w*)/", operation["uri"]["Fn::Sub"])
        reference = {"Ref": f"{name}Alias{alias}"} if alias else {"Fn::GetAtt": [name, "Arn"]}
        called[operation["credentials"]["Fn::GetAtt"][0]].add(json.dumps(reference))
    for role, functions in called.items():
        [policy] = resources[role]["Properties"]["Policies"]
        statement = policy["PolicyDocument"]["Statement"]

        assert statement["Action"] == "lambda:InvokeFunction"
        assert {json.dumps(each) for each in statement["Resource"]} == functions
        longest = {**statement, "Resource": [LONGEST_ARN] * len(functions)}
        assert len(json.dumps([longest])) < MAX_ROLE_POLICY


def test_route_has_no_permission(resources) -> None:
    permissions = [resources[each] for each in of_type(resources, "AWS::Lambda::Permission")]

    sources = [str(each["Properties"].get("SourceArn")) for each in permissions]
    assert {each for each in sources if "__ApiId__" in each} == {
        each for each in sources if "/authorizers/*" in each
    }


def operations_of(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the integrations with functions of an API's definition."""
    for operations in body["paths"].values():
        for method, operation in operations.items():
            if method != "options":
                yield operation["x-amazon-apigateway-integration"]


def test_changed_layer_deploys_as_canary(resources, translated) -> None:
    """By default, SAM publishes a new version only for new function code."""
    changed = translated["other layer"]["Resources"]

    canaries = of_type(resources, "AWS::CodeDeploy::DeploymentGroup")
    assert len(canaries) == len(of_type(resources, "AWS::Lambda::Alias"))
    assert canaries
    version = "AWS::Lambda::Version"
    assert of_type(resources, version) & of_type(changed, version) == set()


def test_translated_template_without_safe_deploys_has_no_canary(translated) -> None:
    made = translated["not safe"]["Resources"]

    assert of_type(made, "AWS::CodeDeploy::DeploymentGroup") == set()
    assert of_type(made, "AWS::Lambda::Alias")


def test_changed_parameter_reaches_alias_of_each_function_that_sees_it(
    translated, parameter_groups
) -> None:
    """SAM hashes references, not values, so it publishes no version for a parameter alone."""
    first, *others = (each for name, each in translated.items() if name.startswith("parameters"))

    seen = set()
    for group, changed in zip(parameter_groups, others, strict=True):
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
