"""Deploy a built SAM template to the emulator: upload what it names, then create or update.

The emulator runs the SAM transform itself, so this is all that `sam deploy` adds, in a fifth of
its time.
"""

import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.cloud import repairs
from local.cloud.artifacts import Artifacts
from local.cloud.aws import session
from local.cloud.omit import omit
from local.cloud.template import load
from local.kit.errors import LocalStackError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

CODE_PROPERTIES = ("CodeUri", "ContentUri", "DefinitionUri")


def deploy(
    build: Path, stack: str, parameters: dict[str, str], endpoint_url: str
) -> dict[str, str]:
    """Return the stack's outputs."""
    try:
        return deployed(build, stack, parameters, endpoint_url)
    except (BotoCoreError, ClientError) as error:
        raise LocalStackError(f"deploying failed: {error}") from error


def deployed(
    build: Path, stack: str, parameters: dict[str, str], endpoint_url: str
) -> dict[str, str]:
    template = load(build / "template.yaml")
    omit(template)
    separate_logs(template)
    let_transform_know(template, parameters)
    with closing(session().client("s3", endpoint_url=endpoint_url)) as s3:
        artifacts = Artifacts(s3)
        for resource in template["Resources"].values():
            properties = resource.get("Properties", {})
            for key in properties.keys() & CODE_PROPERTIES:
                properties[key] = artifacts.put(build / properties[key])
        url = artifacts.put_template(template)
    with closing(session().client("cloudformation", endpoint_url=endpoint_url)) as cloudformation:
        apply(cloudformation, url, stack, parameters)
        repairs.repair(cloudformation, stack, endpoint_url)
        [found] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}


def separate_logs(template: dict[str, Any]) -> None:
    """In a shared log group, only AWS names a stream after its function: give each its own."""
    functions = [template.get("Globals", {}).get("Function", {})]
    functions += [each.get("Properties", {}) for each in template["Resources"].values()]
    for each in functions:
        each.get("LoggingConfig", {}).pop("LogGroup", None)


def let_transform_know(template: dict[str, Any], parameters: Mapping[str, str]) -> None:
    """The emulator's SAM transform sees no parameters but the template's own defaults."""
    for name, value in parameters.items():
        template["Parameters"][name]["Default"] = value


def apply(
    cloudformation: "CloudFormationClient",
    template_url: str,
    stack: str,
    parameters: dict[str, str],
) -> None:
    request: dict[str, Any] = {
        "StackName": stack,
        "TemplateURL": template_url,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
    }
    try:
        cloudformation.create_stack(**request)
    except cloudformation.exceptions.AlreadyExistsException:
        update(cloudformation, request)
    status = settled(cloudformation, stack)
    if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        raise LocalStackError(f"deploying ended in {status}\n{failures(cloudformation, stack)}")


def update(cloudformation: "CloudFormationClient", request: dict[str, Any]) -> None:
    try:
        cloudformation.update_stack(**request)
    except ClientError as error:
        if "No updates" not in str(error):
            raise


def settled(cloudformation: "CloudFormationClient", stack: str) -> str:
    while True:
        [found] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        if not found["StackStatus"].endswith("IN_PROGRESS"):
            return found["StackStatus"]
        time.sleep(0.05)


def failures(cloudformation: "CloudFormationClient", stack: str) -> str:
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return "\n".join(
        f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
        for event in reversed(events)
        if "FAILED" in event["ResourceStatus"]
    )
