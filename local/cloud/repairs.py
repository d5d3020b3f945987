"""Say again to the emulator what its CloudFormation drops or spoils without a word.

It leaves out an API's gateway responses, the responses of its CORS preflights, and tables' time to
live; and where a number comes from a parameter, a queue's consumer stumbles over a text. On AWS the
template alone does it, so all of this is read from there.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from local.cloud.aws import session

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient

    type Definition = dict[str, Any]


def repair(cloudformation: "CloudFormationClient", stack: str, endpoint_url: str) -> None:
    found = list(resources(cloudformation, stack))
    with closing(session().client("apigateway", endpoint_url=endpoint_url)) as apigateway:
        for kind, name, properties in found:
            if kind == "AWS::ApiGateway::RestApi":
                put_gateway_responses(apigateway, name, properties["Body"])
                put_preflights(apigateway, name, properties["Body"])
                for stage in apigateway.get_stages(restApiId=name)["item"]:
                    apigateway.create_deployment(restApiId=name, stageName=stage["stageName"])
    with closing(session().client("dynamodb", endpoint_url=endpoint_url)) as dynamodb:
        for kind, name, properties in found:
            if kind == "AWS::DynamoDB::Table" and "TimeToLiveSpecification" in properties:
                dynamodb.update_time_to_live(
                    TableName=name, TimeToLiveSpecification=properties["TimeToLiveSpecification"]
                )
    with closing(session().client("lambda", endpoint_url=endpoint_url)) as functions:
        put_concurrency(functions)


def put_concurrency(functions: "LambdaClient") -> None:
    """The SDK reads the text as the number that it should have been."""
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        if "ScalingConfig" in mapping:
            functions.update_event_source_mapping(
                UUID=mapping["UUID"], ScalingConfig=mapping["ScalingConfig"]
            )


def resources(
    cloudformation: "CloudFormationClient", stack: str
) -> Iterator[tuple[str, str, "Definition"]]:
    """Type, physical name and properties of each resource, as the SAM transform left them."""
    got: dict[str, Any] = {
        **cloudformation.get_template(StackName=stack, TemplateStage="Processed")
    }
    body = got["TemplateBody"]
    processed = json.loads(body) if isinstance(body, str) else body
    for made in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]:
        definition = processed["Resources"].get(made["LogicalResourceId"], {})
        yield (
            made["ResourceType"],
            made.get("PhysicalResourceId", ""),
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
        where: dict[str, Any] = {
            "restApiId": api,
            "resourceId": paths[path],
            "httpMethod": "OPTIONS",
        }
        apigateway.put_integration(
            **where, type="MOCK", requestTemplates=integration.get("requestTemplates", {})
        )
        for response in integration["responses"].values():
            status = str(response["statusCode"])
            parameters = response.get("responseParameters", {})
            apigateway.put_method_response(
                **where, statusCode=status, responseParameters=dict.fromkeys(parameters, False)
            )
            apigateway.put_integration_response(
                **where,
                statusCode=status,
                responseParameters=parameters,
                responseTemplates=response.get("responseTemplates", {}),
            )
