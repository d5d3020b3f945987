"""Build the stack of a stage, and deploy it to AWS.

usage: make deploy [STAGE=dev|prod] [STACK=…] [REGION=…] [GUIDED=1]

samconfig.toml has each stage's stack, region and parameters. Other parameters keep the values of
the deployed stack, or have the template's defaults. GUIDED=1 asks for all of them first, and saves
the answers.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.cloud.build import AWS_FOLDER, FINGERPRINT_FILE
from local.cloud.template import load_template
from local.kit.paths import BUILT, ROOT, find_tool
from scripts.api_log_role import set_api_log_role
from scripts.command import create_stack_parser, fail
from scripts.first_admin_key import create_first_admin_key
from scripts.questions import ask, ask_parameters
from scripts.release import compute_release
from scripts.samconfig import SamConfig, SamConfigError, Settings

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

_RESERVED: Final = ("aws", "amazon", "cognito")
_MAX_STACK_NAME: Final = 50
_REGION: Final = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}")
_UNUSABLE: Final = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"}


class DeployError(Exception):
    """The stack cannot be deployed like this; the message says what to do."""


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """What CloudFormation says of a stack."""

    status: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str] = field(default_factory=dict)


def check_stack_name(name: str) -> str | None:
    """Return why a stack cannot have this name, or None.

    It is the start of the user pool's domain, before a dash and the account's 12 digits. A domain
    has at most 63 characters, lower-case letters, digits and dashes, and no reserved word.
    https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain-prefix.html
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        return "use lower-case letters, digits and dashes, and start with a letter"
    if len(name) > _MAX_STACK_NAME:
        return f"use at most {_MAX_STACK_NAME} characters"
    reserved = [each for each in _RESERVED if each in name]
    return f"Cognito reserves the word {reserved[0]!r}: use another name" if reserved else None


def check_region(region: str) -> str | None:
    """Return why this cannot be a region, or None."""
    return None if _REGION.fullmatch(region) else "use a region's code, such as eu-central-1"


def find_stack(cloudformation: "CloudFormationClient", name: str) -> DeployedStack | None:
    """Return a stack, or None if no deployment has created it."""
    try:
        [found] = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    if found["StackStatus"] == "REVIEW_IN_PROGRESS":  # a change set that nobody executed
        return None
    return DeployedStack(
        found["StackStatus"],
        {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])},
        {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])},
    )


def merge_parameters(
    definitions: Mapping[str, Any], stack: DeployedStack | None, stated: Mapping[str, str]
) -> dict[str, str]:
    """Return a value for each parameter. Raises `DeployError` for an unknown name."""
    unknown = sorted(stated.keys() - definitions.keys())
    if unknown:
        raise DeployError(
            f"the template has no parameter {', '.join(unknown)}: remove it from samconfig.toml"
        )
    defaults = {name: str(each["Default"]) for name, each in definitions.items()}
    known = stack.parameters if stack else {}
    return defaults | {name: it for name, it in known.items() if name in defaults} | dict(stated)


def ask_settings(settings: Settings) -> Settings:
    """Ask for the stack's name and region."""
    print(f"Settings of the stage {settings.stage}.")
    print("Enter keeps the value in brackets, a dash empties it.\n")
    return replace(
        settings,
        stack=ask("Stack name", settings.stack, check_stack_name),
        region=ask("Region", settings.region, check_region),
    )


def stated_answers(
    answers: Mapping[str, str], definitions: Mapping[str, Any], before: Mapping[str, str]
) -> dict[str, str]:
    """Return the answers to save: a default is saved only in place of another value."""
    return {
        name: value
        for name, value in answers.items()
        if name in before or value != str(definitions[name]["Default"])
    }


def deploy(settings: Settings, parameters: Mapping[str, str], config: Path, *, ask: bool) -> None:
    """Run `sam deploy`. Raises `DeployError`."""
    file = BUILT / "parameters.yaml"
    file.write_text(json.dumps(parameters))  # JSON is YAML
    command = [
        *(find_tool("sam/bin/sam"), "deploy"),
        *("--config-file", config, "--config-env", settings.stage),
        *("--template-file", AWS_FOLDER / "template.yaml"),
        *("--stack-name", settings.stack, "--region", settings.region),
        *("--parameter-overrides", f"file://{file}"),
        *(() if ask else ("--no-confirm-changeset",)),
    ]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:  # noqa: S603 - our own command
        raise DeployError("`sam deploy` failed; its output is above")


def build(architecture: str) -> str:
    """Build functions and layers; return the build's fingerprint. Raises `DeployError`."""
    command = ["make", "--no-print-directory", "build", f"ARCHITECTURE={architecture}"]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:  # noqa: S603 - our own command
        raise DeployError("`make build` failed; its output is above")
    return (AWS_FOLDER / FINGERPRINT_FILE).read_text()


def run(options: Any) -> None:
    """Raises `DeployError`, `SamConfigError`, botocore's errors, `EOFError`."""
    config = SamConfig.read(options.config)
    stated = (config.add_stage if options.guided else config.settings)(options.stage)
    settings = replace(
        stated, stack=options.stack or stated.stack, region=options.region or stated.region
    )
    if options.guided:
        settings = ask_settings(settings)
    for problem in (check_stack_name(settings.stack), check_region(settings.region)):
        if problem:
            raise DeployError(f"stack {settings.stack!r} in {settings.region!r}: {problem}")

    session = boto3.Session(region_name=settings.region)
    account = session.client("sts").get_caller_identity()["Account"]
    print(f"\nStack {settings.stack} in {settings.region}, account {account}\n", flush=True)
    stack = find_stack(session.client("cloudformation"), settings.stack)
    if stack and stack.status in _UNUSABLE:
        raise DeployError(
            f"its status is {stack.status}, from which nothing can be deployed. Delete it first:"
            f" aws cloudformation delete-stack --stack-name {settings.stack}"
            f" --region {settings.region}"
        )

    definitions = load_template(ROOT / "template.yaml")["Parameters"]
    parameters = merge_parameters(definitions, stack, settings.parameters)
    if options.guided:
        parameters = ask_parameters(definitions, parameters)
        saved = stated_answers(parameters, definitions, settings.parameters)
        config.save(replace(settings, parameters=saved))
        print(f"\nSaved in {options.config}\n", flush=True)
    fingerprint = build(parameters["Architecture"])
    parameters["Release"] = compute_release(fingerprint, parameters)
    if role := set_api_log_role(session):
        print(f"\nAPI Gateway now writes the account's logs in {settings.region} with {role}\n")
    deploy_safely(settings, parameters, options.config, first=stack is None)
    show_first_admin_key(session, settings.stack)


def show_first_admin_key(session: boto3.Session, stack: str) -> None:
    deployed = find_stack(session.client("cloudformation"), stack)
    if not (deployed and "AuditTableName" in deployed.outputs):
        return
    if key := create_first_admin_key(session.client("dynamodb"), deployed.outputs):
        print(f"\nThe first key of the admin API, shown only once: {key}\n")


def deploy_safely(
    settings: Settings, parameters: Mapping[str, str], config: Path, *, first: bool
) -> None:
    """Protect the tables of a new stack only once it exists.

    CloudFormation cannot delete a protected table, so a first deployment could not be rolled back.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html#WorkingWithTables.Basics.DeletionProtection
    """
    if first and parameters["DeletionProtection"] == "true":
        deploy(settings, {**parameters, "DeletionProtection": "false"}, config, ask=True)
        print("\nThe stack exists. Now its tables get their deletion protection.\n", flush=True)
        deploy(settings, parameters, config, ask=False)
    else:
        deploy(settings, parameters, config, ask=True)


def main() -> int:
    parser = create_stack_parser(__doc__)
    parser.add_argument("--guided", action="store_true")
    options = parser.parse_args()
    options.config = options.config.resolve()
    try:
        run(options)
    except (DeployError, SamConfigError, BotoCoreError, ClientError) as error:
        return fail("deploy", str(error))
    except EOFError:
        return fail("deploy", "a question has no answer; nothing was deployed")
    except KeyboardInterrupt:
        return fail("deploy", "interrupted; if sam had started, CloudFormation continues")
    return 0


if __name__ == "__main__":
    sys.exit(main())
