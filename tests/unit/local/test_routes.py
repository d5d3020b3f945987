"""The build moves the routes of functions to the API."""

from typing import Any

import pytest

from local.cloud.routes import move_routes
from local.kit.errors import LocalStackError


@pytest.mark.parametrize("lost", [{"RequestParameters": []}, {"Auth": {"ApiKeyRequired": True}}])
def test_route_with_a_property_that_would_be_lost_is_refused(lost: dict[str, Any]) -> None:
    route = {"RestApiId": {"Ref": "Api"}, "Method": "GET", "Path": "/jobs"} | lost
    function = {"Handler": "jobs.get", "Events": {"Http": {"Type": "Api", "Properties": route}}}
    api = {"Name": "jobs", "Auth": {"Authorizers": {}}}
    template = {
        "Globals": {"Api": {"OpenApiVersion": "3.0.3"}},
        "Resources": {
            "Api": {"Type": "AWS::Serverless::Api", "Properties": api},
            "GetFunction": {"Type": "AWS::Serverless::Function", "Properties": function},
        },
    }

    with pytest.raises(LocalStackError, match=r"^GetFunction, Http: .*(RequestP|ApiKeyR)"):
        move_routes(template)
