"""The OpenAPI documents say what the code says, and say it completely."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import validate

from local.cloud.template import load_template
from local.kit.paths import ROOT
from scripts.openapi.apis import APIS
from scripts.openapi.document import FOLDER, build_document, load_event, render
from scripts.openapi.model import Api

DOCUMENTS = {name: json.loads((FOLDER / f"{name}.json").read_text()) for name in APIS}
OPERATIONS = [
    pytest.param(name, each, id=f"{name}-{each['operationId']}")
    for name, made in DOCUMENTS.items()
    for path in made["paths"].values()
    for each in path.values()
]


def routes() -> Iterator[tuple[str, str, str]]:
    """Handler, method and path of each endpoint of the template's."""
    for resource in load_template(ROOT / "template.yaml")["Resources"].values():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            if event["Type"] == "Api":
                handler = re.sub(r"\.(lambda_handler|sh)$", "", resource["Properties"]["Handler"])
                at = event["Properties"]
                yield handler.replace(".", "/"), at["Method"], at["Path"]


@pytest.mark.parametrize("name", APIS)
def test_a_document_is_as_the_code_makes_it(name) -> None:
    assert (FOLDER / f"{name}.json").read_text() == render(APIS[name]), "run `make openapi`"


def test_there_is_no_document_but_these() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {f"{name}.json" for name in APIS}


@pytest.mark.parametrize("name", APIS)
def test_a_document_is_one_of_openapi_3_1(name) -> None:
    validate(DOCUMENTS[name])


def test_every_route_of_an_api_is_described_once_and_nothing_else_is() -> None:
    described = [
        (f"{name}/{each.handler or each.name}", each.method, path)
        for name, api in APIS.items()
        for each in api.operations
        for path in (each.path, *each.aliases)
    ]
    deployed = [each for each in routes() if each[0].split("/")[0] in APIS]

    assert Counter(described) == Counter(deployed)


@pytest.mark.parametrize("api", APIS.values(), ids=APIS)
def test_whatever_a_document_refers_to_is_in_it(api: Api) -> None:
    made = build_document(api)
    defined = {
        f"#/components/{kind}/{name}"
        for kind in made["components"]
        for name in made["components"][kind]
    }

    assert set(references(made)) <= defined


@pytest.mark.parametrize("name", APIS)
def test_a_document_says_what_it_is_about(name) -> None:
    made = DOCUMENTS[name]

    assert all(made["info"][field] for field in ("title", "version", "description", "license"))
    assert all(each["url"] and each["description"] for each in made["servers"])
    assert all(each["name"] and each["description"] for each in made["tags"])
    assert all(each["description"] for each in made["components"]["securitySchemes"].values())
    assert all(each["description"] for each in made["components"]["headers"].values())


@pytest.mark.parametrize("name", APIS)
def test_no_two_operations_have_the_same_name(name) -> None:
    names = [each.values[1]["operationId"] for each in OPERATIONS if each.values[0] == name]

    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_an_operation_says_what_it_is_what_it_takes_and_who_may_use_it(name, operation) -> None:
    made = DOCUMENTS[name]

    assert operation["summary"]
    assert [tag for tag in operation["tags"] if tag in {each["name"] for each in made["tags"]}]
    assert all(each["description"] for each in operation["parameters"])
    assert {scheme for each in operation["security"] for scheme in each} <= set(
        made["components"]["securitySchemes"]
    )


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_an_operation_says_how_it_may_be_refused(name, operation) -> None:
    answers = operation["responses"]
    guarded = {"401"} if operation["security"] else set()
    addressed = {"404"} if any(p["in"] == "path" for p in operation["parameters"]) else set()
    bodied = {"400"} if "requestBody" in operation else set()

    assert (
        answers.keys()
        >= {"403", "413", "429", "500", "502", "503", "504"} | guarded | addressed | bodied
    )
    assert any(status.startswith("2") for status in answers)
    assert all("Retry-After" in answers[status]["headers"] for status in ("429", "503"))


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_every_example_is_what_its_schema_says(name, operation) -> None:
    made = DOCUMENTS[name]

    for content in contents(operation):
        check = jsonschema_rs.validator_for(
            {**content["schema"], "components": made["components"]}, validate_formats=True
        )
        for example in examples(content):
            check.validate(example)


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_bodies_and_refusals_are_shown_by_examples(name, operation) -> None:
    refusals = [a for status, a in operation["responses"].items() if status > "402"]
    shown = [operation.get("requestBody"), *refusals]

    assert all(examples(each["content"]["application/json"]) for each in shown if each)


@pytest.mark.parametrize("name", APIS)
def test_a_body_shown_is_the_one_in_events(name) -> None:
    made = DOCUMENTS[name]
    shown = {
        each.name: made["paths"][each.path][each.method.lower()]["requestBody"]["content"][
            "application/json"
        ]["example"]
        for each in APIS[name].operations
        if each.body is not None
    }
    sent = {
        each.name: json.loads(load_event(APIS[name], each)["body"])
        for each in APIS[name].operations
        if each.body is not None
    }

    assert shown == sent


def contents(operation: Any) -> list[Any]:
    """Whatever has a schema: parameters, the body, answers."""
    body = operation.get("requestBody", {}).get("content", {})
    answers = [each["content"] for each in operation["responses"].values()]
    return [
        *operation["parameters"],
        *body.values(),
        *(v for each in answers for v in each.values()),
    ]


def examples(content: Any) -> list[Any]:
    several = [each["value"] for each in content.get("examples", {}).values()]
    return [*several, *([content["example"]] if "example" in content else [])]


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)
