"""Call functions by the roles of an API's integrations, which MiniStack drops and never asks.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html
"""

import json
from typing import Any

from ministack.core import iam_evaluator  # type: ignore[import-not-found]
from ministack.core.responses import get_account_id  # type: ignore[import-not-found]
from ministack.services import apigateway_v1, iam  # type: ignore[import-not-found]

API_GATEWAY = "apigateway.amazonaws.com"


def call_functions_by_role() -> None:
    keep_credentials()
    ask_roles()


def keep_credentials() -> None:
    """Import the credentials of a definition's integrations."""
    import_operation = apigateway_v1._import_operation

    def import_with_credentials(
        api: str, resource: str, method: str, operation: Any, *security: Any
    ) -> None:
        import_operation(api, resource, method, operation, *security)
        given = (operation or {}).get("x-amazon-apigateway-integration") or {}
        if credentials := given.get("credentials"):
            made = apigateway_v1._resources[api][resource]["resourceMethods"][method]
            made["methodIntegration"]["credentials"] = credentials

    apigateway_v1._import_operation = import_with_credentials


def ask_roles() -> None:
    """Refuse a call that the integration's role does not allow."""
    invoke = apigateway_v1._invoke_lambda_proxy_v1

    async def invoke_by_role(integration: Any, *request: Any, **details: Any) -> Any:
        role = integration.get("credentials")
        callee = apigateway_v1._extract_lambda_ref_from_integration_uri(integration["uri"])
        if role and not may_call(role, callee):
            return apigateway_v1._gw_error("API_CONFIGURATION_ERROR", "Internal server error")
        return await invoke(integration, *request, **details)

    apigateway_v1._invoke_lambda_proxy_v1 = invoke_by_role


def may_call(role_arn: str, function_arn: str) -> bool:
    """Whether API Gateway may assume the role, and the role may call the function."""
    account, name = get_account_id(), role_arn.rpartition("/")[2]
    role = iam._roles.get_scoped(account, None, name)
    if not role or not is_trusted(role["AssumeRolePolicyDocument"]):
        return False
    context = iam_evaluator.EvalContext(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=account,
        action="lambda:InvokeFunction",
        resource_arn=function_arn,
        region=function_arn.split(":")[3],
    )
    policies = iam_evaluator._gather_role_policies(name, account)
    return bool(iam_evaluator.evaluate(context, policies).decision == "Allow")


def is_trusted(document: Any) -> bool:
    policy = json.loads(document) if isinstance(document, str) else document
    statement = policy["Statement"]
    return any(
        iam_evaluator._service_principal_matches(each["Principal"], API_GATEWAY)
        for each in (statement if isinstance(statement, list) else [statement])
        if each["Effect"] == "Allow"
    )
