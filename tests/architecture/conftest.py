"""The template as it is deployed, and the files beside it."""

import json
from typing import Any

import pytest

from local.cloud.template import load_template
from tests.architecture.template import ROOT, of_type


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    return load_template(ROOT / "template.yaml")


@pytest.fixture(scope="session")
def resources(template) -> dict[str, dict[str, Any]]:
    return template["Resources"]


@pytest.fixture(scope="session")
def functions(resources) -> dict[str, dict[str, Any]]:
    """Properties of each function, by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


@pytest.fixture(scope="session")
def python_functions(functions) -> dict[str, dict[str, Any]]:
    """The functions with a handler; others start a web server."""
    return {name: it for name, it in functions.items() if not it["Handler"].endswith(".sh")}


@pytest.fixture(scope="session")
def handlers() -> set[str]:
    """Handler files as `<package>/<module>`."""
    found = (ROOT / "functions").rglob("*.py")
    return {file.relative_to(ROOT / "functions").with_suffix("").as_posix() for file in found}


@pytest.fixture(scope="module")
def alarms(resources) -> dict[str, dict[str, Any]]:
    return of_type(resources, "AWS::CloudWatch::Alarm")


@pytest.fixture(scope="module")
def dashboard(resources) -> str:
    [found] = of_type(resources, "AWS::CloudWatch::Dashboard").values()
    text: str = found["DashboardBody"]["Fn::Sub"]
    return text


@pytest.fixture(scope="module")
def widgets(dashboard) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(dashboard)["widgets"]
    return found
