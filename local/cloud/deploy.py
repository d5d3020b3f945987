"""Deploy a built SAM template to the emulator: upload its artifacts, then create or update.

The emulator runs the SAM transform itself, so this replaces `sam deploy` in a fifth of its time.
"""

import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.cloud.artifacts import Artifacts
from local.cloud.aws import create_session
from local.cloud.omit import omit_unsupported
from local.cloud.repairs import repair
from local.cloud.template import load_template
from local.kit.errors import LocalStackError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

POLL_INTERVAL_S = 0.05
CODE_PROPERTIES = ("CodeUri", "ContentUri", "DefinitionUri")


def deploy(
    build: Path, stack: str, parameters: Mapping[str, str], endpoint_url: str
) -> dict[str, str]:
    """Return the stack's outputs.

    Raises:
        LocalStackError: The emulator has refused the template, or failed.

    """
    try:
        return deploy_template(build, stack, parameters, endpoint_url)
    except (BotoCoreError, ClientError) as error:
        raise LocalStackError(f"deploying failed: {error}") from error


def deploy_template(
    build: Path, stack: str, parameters: Mapping[str, str], endpoint_url: str
) -> dict[str, str]:
    template = load_template(build / "template.yaml")
    omit_unsupported(template)
    separate_log_groups(template)
    set_parameter_defaults(template, parameters)
    set_addresses(template, endpoint_url)
    refer_to_secrets_by_arn(template)
    with closing(create_session().client("s3", endpoint_url=endpoint_url)) as s3:
        url = upload(Artifacts(s3), template, build)
    with closing(
        create_session().client("cloudformation", endpoint_url=endpoint_url)
    ) as cloudformation:
        create_or_update(cloudformation, url, stack, parameters)
        repair(cloudformation, stack, endpoint_url)
        [found] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}


def separate_log_groups(template: dict[str, Any]) -> None:
    """Give each function its own log group: in a shared one, only AWS names a stream's function."""
    functions = [template.get("Globals", {}).get("Function", {})]
    functions += [each.get("Properties", {}) for each in template["Resources"].values()]
    for each in functions:
        each.get("LoggingConfig", {}).pop("LogGroup", None)


def set_parameter_defaults(template: dict[str, Any], parameters: Mapping[str, str]) -> None:
    """Write parameters into the template: the emulator's SAM transform sees defaults only."""
    for name, value in parameters.items():
        template["Parameters"][name]["Default"] = value


def set_addresses(template: dict[str, Any], endpoint_url: str) -> None:
    """Replace the addresses that only AWS serves by those of the emulator."""
    addresses = {
        "SOCKETS_URL": f"{endpoint_url}/_aws/execute-api/${{WebSocketApi}}/${{Stage}}",
        "TOKEN_URL": f"{endpoint_url}/oauth2/token",
        "TOKEN_KEYS_URL": f"{endpoint_url}/${{UserPool}}/.well-known/jwks.json",
    }
    for resource in template["Resources"].values():
        variables = resource.get("Properties", {}).get("Environment", {}).get("Variables", {})
        for name in addresses.keys() & variables.keys():
            variables[name] = {"Fn::Sub": addresses[name]}


def refer_to_secrets_by_arn(template: dict[str, Any]) -> None:
    """Replace `Ref`: it returns a secret's ARN on AWS, but its name in the emulator.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-secretsmanager-secret.html
    """
    resources = template["Resources"]
    secrets = {n for n, each in resources.items() if each["Type"] == "AWS::SecretsManager::Secret"}

    def replace(value: Any) -> Any:
        match value:
            case {"Ref": name} if name in secrets:
                return {"Fn::GetAtt": [name, "Id"]}
            case dict():
                return {key: replace(each) for key, each in value.items()}
            case list():
                return [replace(each) for each in value]
        return value

    template["Resources"] = replace(resources)


def upload(artifacts: Artifacts, template: dict[str, Any], build: Path) -> str:
    """Upload the artifacts and the template; return the template's URL."""
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for key in properties.keys() & CODE_PROPERTIES:
            properties[key] = artifacts.put(build / properties[key])
    return artifacts.put_template(template)


def create_or_update(
    cloudformation: "CloudFormationClient",
    template_url: str,
    stack: str,
    parameters: Mapping[str, str],
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
    status = wait_for_status(cloudformation, stack)
    if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        raise LocalStackError(
            f"deploying ended in {status}\n{describe_failures(cloudformation, stack)}"
        )


def update(cloudformation: "CloudFormationClient", request: dict[str, Any]) -> None:
    try:
        cloudformation.update_stack(**request)
    except ClientError as error:
        if "No updates" not in str(error):
            raise


def wait_for_status(cloudformation: "CloudFormationClient", stack: str) -> str:
    while True:
        [found] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        if not found["StackStatus"].endswith("IN_PROGRESS"):
            return found["StackStatus"]
        time.sleep(POLL_INTERVAL_S)


def describe_failures(cloudformation: "CloudFormationClient", stack: str) -> str:
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return "\n".join(
        f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
        for event in reversed(events)
        if "FAILED" in event["ResourceStatus"]
    )
