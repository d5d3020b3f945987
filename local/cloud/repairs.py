"""Apply the parts of a template that the emulator's CloudFormation drops or corrupts silently.

It drops an API's gateway responses, the responses of its CORS preflights, and the tables' time to
live. Where a number comes from a parameter, it leaves text, and a queue's consumer fails. On AWS
the template alone is enough, so this reads every value from there.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from local.cloud.aws import create_session

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient

    type Definition = dict[str, Any]


def repair(cloudformation: "CloudFormationClient", stack: str, endpoint_url: str) -> None:
    """Repair a deployed stack. Idempotent."""
    found = list(list_resources(cloudformation, stack))
    with closing(create_session().client("apigateway", endpoint_url=endpoint_url)) as apigateway:
        for kind, name, properties in found:
            if kind == "AWS::ApiGateway::RestApi":
                put_gateway_responses(apigateway, name, properties["Body"])
                put_preflights(apigateway, name, properties["Body"])
                for stage in apigateway.get_stages(restApiId=name)["item"]:
                    apigateway.create_deployment(restApiId=name, stageName=stage["stageName"])
    with closing(create_session().client("dynamodb", endpoint_url=endpoint_url)) as dynamodb:
        for kind, name, properties in found:
            if kind == "AWS::DynamoDB::Table" and "TimeToLiveSpecification" in properties:
                dynamodb.update_time_to_live(
                    TableName=name, TimeToLiveSpecification=properties["TimeToLiveSpecification"]
                )
    with closing(create_session().client("lambda", endpoint_url=endpoint_url)) as functions:
        put_concurrency(functions)


def put_concurrency(functions: "LambdaClient") -> None:
    """Write each mapping's concurrency back: the SDK parses the emulator's text as a number."""
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        if "ScalingConfig" in mapping:
            functions.update_event_source_mapping(
                UUID=mapping["UUID"], ScalingConfig=mapping["ScalingConfig"]
            )


def list_resources(
    cloudformation: "CloudFormationClient", stack: str
) -> Iterator[tuple[str, str, "Definition"]]:
    """Yield the type, physical name and transformed properties of each resource."""
    response: dict[str, Any] = {
        **cloudformation.get_template(StackName=stack, TemplateStage="Processed")
    }
    body = response["TemplateBody"]
    processed = json.loads(body) if isinstance(body, str) else body
    for resource in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]:
        definition = processed["Resources"].get(resource["LogicalResourceId"], {})
        yield (
            resource["ResourceType"],
            resource.get("PhysicalResourceId", ""),
            definition.get("Properties", {}),
        )


def put_gateway_responses(apigateway: "APIGatewayClient", api: str, body: "Definition") -> None:
    for kind, response in body.get("x-amazon-apigateway-gateway-responses", {}).items():
        status = {"statusCode": str(response["statusCode"])} if "statusCode" in response else {}
        apigateway.put_gateway_response(
            restApiId=api,
            responseType=kind,
            responseParameters=response.get("responseParameters", {}),
            responseTemplates=response.get("responseTemplates", {}),
            **status,
        )


def put_preflights(apigateway: "APIGatewayClient", api: str, body: "Definition") -> None:
    paths = {
        each["path"]: each["id"]
        for page in apigateway.get_paginator("get_resources").paginate(restApiId=api)
        for each in page["items"]
    }
    for path, operations in body["paths"].items():
        integration = operations.get("options", {}).get("x-amazon-apigateway-integration")
        if not integration:
            continue
        method: dict[str, Any] = {
            "restApiId": api,
            "resourceId": paths[path],
            "httpMethod": "OPTIONS",
        }
        apigateway.put_integration(
            **method, type="MOCK", requestTemplates=integration.get("requestTemplates", {})
        )
        for response in integration["responses"].values():
            status = str(response["statusCode"])
            parameters = response.get("responseParameters", {})
            apigateway.put_method_response(
                **method, statusCode=status, responseParameters=dict.fromkeys(parameters, False)
            )
            apigateway.put_integration_response(
                **method,
                statusCode=status,
                responseParameters=parameters,
                responseTemplates=response.get("responseTemplates", {}),
            )
