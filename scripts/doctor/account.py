"""The account's quotas, and what the region offers."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from local.cloud.template import find_functions, load_template
from local.kit.paths import ROOT
from scripts.doctor.findings import Finding, Level, Patient

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_iot import IoTClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_service_quotas import ServiceQuotasClient

_OTHERS: Final = 50
"""Functions that run at the same time besides the workers of queues: the API's, the streams'."""

_FULL: Final = 0.8
_STARTS: Final = {
    "executions": "each job starts an execution. Deadlines=queue starts fewer",
    "queue": "missions, and jobs of more than 15 minutes, start an execution each",
}


def check_concurrency(patient: Patient) -> Iterator[Finding]:
    """Compare the account's concurrency with what the queues' workers may use.

    New accounts have a quota of 10. SQS counts a throttled message as received, so it may become a
    dead letter.
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    client: LambdaClient = patient.session.client("lambda")
    limit = client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    needed = count_workers(patient.parameters) + _OTHERS
    text = f"{limit} functions can run at the same time; the stack may use {needed}"
    if limit >= needed:
        yield Finding(Level.OK, "Lambda concurrency", text)
    else:
        yield Finding(
            Level.MISSING,
            "Lambda concurrency",
            f"{text}. Lower AgentConcurrency and WebhookConcurrency, or ask for more: aws"
            " service-quotas request-service-quota-increase --service-code lambda --quota-code"
            f" L-B99A9384 --desired-value {max(1000, needed)} --region {patient.region}",
        )


def count_workers(parameters: Mapping[str, str]) -> int:
    """Return how many workers of all queues run at the same time, at most."""
    functions = find_functions(load_template(ROOT / "template.yaml"))
    limits = [
        event["Properties"]["ScalingConfig"]["MaximumConcurrency"]
        for function in functions.values()
        for event in function.get("Events", {}).values()
        if event["Type"] == "SQS"
    ]
    return sum(int(parameters[each["Ref"]] if isinstance(each, dict) else each) for each in limits)


def check_code_storage(patient: Patient) -> Iterator[Finding]:
    client: LambdaClient = patient.session.client("lambda")
    settings = client.get_account_settings()
    used, limit = (
        settings["AccountUsage"]["TotalCodeSize"],
        settings["AccountLimit"]["TotalCodeSize"],
    )
    text = f"{used / 1e9:.1f} of {limit / 1e9:.0f} GB used"
    if used < _FULL * limit:
        yield Finding(Level.OK, "Lambda code storage", text)
    else:
        yield Finding(
            Level.MISSING,
            "Lambda code storage",
            f"{text}. Each deployment keeps a version: delete old versions of functions and layers",
        )


def check_api_rate(patient: Patient) -> Iterator[Finding]:
    """The account's limit applies to all its APIs together, whatever a stage allows.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
    """
    client: APIGatewayClient = patient.session.client("apigateway")
    limit = client.get_account().get("throttleSettings", {})
    wanted = int(patient.parameters["ThrottleRate"])
    rate = limit.get("rateLimit", 0)
    text = f"{rate:.0f} requests per second in the account; ThrottleRate is {wanted}"
    level = Level.OK if rate >= wanted else Level.ADVICE
    yield Finding(level, "API Gateway rate", text + ("" if rate >= wanted else ": lower it"))


def check_log_role(patient: Patient) -> Iterator[Finding]:
    """API Gateway writes access logs with a role of the account, one in each region.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    """
    client: APIGatewayClient = patient.session.client("apigateway")
    arn = client.get_account().get("cloudwatchRoleArn")
    if not arn:
        yield Finding(
            Level.ADVICE, "API Gateway logs", "no role in this region: `make deploy` creates one"
        )
        return
    iam = patient.session.client("iam")
    try:
        iam.get_role(RoleName=arn.rpartition("/")[2])
    except iam.exceptions.NoSuchEntityException:
        yield Finding(
            Level.MISSING,
            "API Gateway logs",
            f"the account's role {arn} does not exist. Create it again, or set another one: aws"
            f" apigateway update-account --region {patient.region} --patch-operations"
            " op=replace,path=/cloudwatchRoleArn,value=ARN",
        )
    else:
        yield Finding(Level.OK, "API Gateway logs", arn)


def check_executions(patient: Patient) -> Iterator[Finding]:
    """Each job starts an execution for its deadline, unless SQS holds it. Quotas differ by region.

    https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    """
    client: ServiceQuotasClient = patient.session.client("service-quotas")
    pages = client.get_paginator("list_service_quotas").paginate(ServiceCode="states")
    quotas = [
        f"{each['QuotaName']}: {each['Value']:.0f}"
        for page in pages
        for each in page["Quotas"]
        if "StartExecution" in each["QuotaName"]
    ]
    if quotas:
        starts = _STARTS[patient.parameters["Deadlines"]]
        yield Finding(Level.OK, "Step Functions", f"{starts}. {'; '.join(quotas)}")
    else:
        yield Finding(Level.UNKNOWN, "Step Functions", "the quotas do not name StartExecution")


def check_iot(patient: Patient) -> Iterator[Finding]:
    client: IoTClient = patient.session.client("iot")
    endpoint = client.describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"]
    yield Finding(Level.OK, "AWS IoT", f"docks connect to {endpoint}")


def check_web_adapter(patient: Patient) -> Iterator[Finding]:
    """Streamed responses need AWS's layer, which some regions have for one architecture only."""
    arn = patient.parameters["WebAdapterLayerArn"] or web_adapter_arn(patient)
    client: LambdaClient = patient.session.client("lambda")
    try:
        client.get_layer_version_by_arn(Arn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {
            "AccessDeniedException", "ResourceNotFoundException", "InvalidParameterValueException",
        }:  # fmt: skip
            raise
        yield Finding(
            Level.MISSING,
            "Lambda Web Adapter",
            f"the layer {arn} cannot be read here. Set Architecture to the other one, or"
            " WebAdapterLayerArn to a copy of the layer in your account",
        )
    else:
        yield Finding(Level.OK, "Lambda Web Adapter", arn)


def web_adapter_arn(patient: Patient) -> str:
    """Return the layer's ARN, as the template composes it."""
    function = load_template(ROOT / "template.yaml")["Resources"]["SessionsSendMessageFunction"]
    [pattern] = [
        each["Fn::If"][2]["Fn::Sub"][0]
        for each in function["Properties"]["Layers"]
        if "Fn::If" in each
    ]
    machine = {"arm64": "Arm64", "x86_64": "X86"}[patient.parameters["Architecture"]]
    partition = patient.session.get_partition_for_region(patient.region)
    values = {"AWS::Partition": partition, "AWS::Region": patient.region, "Machine": machine}
    arn = str(pattern)
    for name, value in values.items():
        arn = arn.replace(f"${{{name}}}", value)
    return arn
