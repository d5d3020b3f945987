"""Say what an account, a region and a stack lack, before a deployment and after it.

usage: make doctor [STAGE=dev|prod] [STACK=…] [REGION=…]

Reads only. Exits with 1 if something is missing.
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Final

import boto3

from local.cloud.template import load_template
from local.kit.paths import ROOT
from scripts.command import STACK_ERRORS, create_stack_parser, fail, locate
from scripts.deploy import find_stack, merge_parameters
from scripts.doctor import account, stack
from scripts.doctor.findings import Check, Finding, Level, Patient, run
from scripts.samconfig import SamConfig

BEFORE: Final[Mapping[str, Check]] = {
    "Lambda concurrency": account.check_concurrency,
    "Lambda code storage": account.check_code_storage,
    "API Gateway rate": account.check_api_rate,
    "API Gateway logs": account.check_log_role,
    "Step Functions": account.check_executions,
    "AWS IoT": account.check_iot,
    "Lambda Web Adapter": account.check_web_adapter,
}
AFTER: Final[Mapping[str, Check]] = {
    "alarms": stack.check_alarms,
    "payments": stack.check_payments,
    "registry": stack.check_registry,
}


def examine(patient: Patient) -> Iterator[Finding]:
    checks = {**BEFORE, **(AFTER if patient.outputs else {})}
    for subject, check in checks.items():
        yield from run(subject, check, patient)
    if not patient.outputs:
        yield Finding(Level.ADVICE, "stack", f"{patient.stack} is not deployed yet: make deploy")


def main() -> int:
    options = create_stack_parser(__doc__).parse_args()
    try:
        name, region = locate(options)
        session = boto3.Session(region_name=region)
        account_id = session.client("sts").get_caller_identity()["Account"]
        print(f"Stack {name} in {region}, account {account_id}\n", flush=True)
        deployed = find_stack(session.client("cloudformation"), name)
        stated = SamConfig.read(options.config).find(name)
    except STACK_ERRORS as error:
        return fail("doctor", str(error))
    definitions = load_template(ROOT / "template.yaml")["Parameters"]
    parameters = merge_parameters(
        definitions, deployed, stated.parameters if stated and not deployed else {}
    )
    patient = Patient(
        stack=name,
        region=region,
        session=session,
        parameters=parameters,
        outputs=deployed.outputs if deployed else {},
    )
    findings = list(examine(patient))
    width = max(len(each.subject) for each in findings)
    for each in findings:
        print(f"{each.level:<8} {each.subject:<{width}}  {each.text}")
    return int(any(each.level is Level.MISSING for each in findings))


if __name__ == "__main__":
    sys.exit(main())
