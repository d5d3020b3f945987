"""API Gateway logs one line of JSON for each request, without credentials."""

import json
import re

import pytest

NO_CREDENTIALS = {
    *("authorizer.claims.client_id", "authorizer.tenant", "connectionId", "error.responseType"),
    *("eventType", "httpMethod", "identity.sourceIp", "integrationLatency", "requestId"),
    *("requestTime", "resourcePath", "responseLatency", "responseLength", "routeKey", "status"),
    "xrayTraceId",
}
"""Variables that contain no credential and no quote: a path may have the code of a share.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html
"""


@pytest.fixture(params=[("Api", "AccessLogSetting"), ("WebSocketStage", "AccessLogSettings")])
def settings(request, resources):
    name, key = request.param
    return resources[name]["Properties"][key]


def test_access_logs_of_both_apis_expire(settings, resources) -> None:
    group = resources["AccessLogGroup"]["Properties"]

    assert settings["DestinationArn"] == {"Fn::GetAtt": ["AccessLogGroup", "Arn"]}
    assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_access_log_line_is_json_without_credentials(settings) -> None:
    line = settings["Format"]

    assert "\n" not in line
    for value in json.loads(line).values():
        assert re.fullmatch(r"\w+|\$context\.[\w.]+", value)
    variables = set(re.findall(r"\$([\w.]+)", line))
    assert variables <= {f"context.{name}" for name in NO_CREDENTIALS}
    assert variables >= {"context.requestId", "context.status", "context.authorizer.tenant"}
