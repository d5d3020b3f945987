"""The OpenAPI documents match the code and are complete."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import validate

from jobs import kinds
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
    """Return the handler, method and path of each endpoint in the template."""
    for resource in load_template(ROOT / "template.yaml")["Resources"].values():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            if event["Type"] == "Api":
                handler = re.sub(r"\.(lambda_handler|sh)$", "", resource["Properties"]["Handler"])
                at = event["Properties"]
                if at["Method"] != "HEAD":  # as GET, so not described
                    yield handler.replace(".", "/"), at["Method"], at["Path"]


@pytest.mark.parametrize("name", APIS)
def test_document_matches_generated_one(name) -> None:
    assert (FOLDER / f"{name}.json").read_text() == render(APIS[name]), "run `make openapi`"


def test_folder_has_only_documents_of_apis() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {f"{name}.json" for name in APIS}


@pytest.mark.parametrize("name", APIS)
def test_document_is_valid_openapi_3_1(name) -> None:
    validate(DOCUMENTS[name])


def test_documents_describe_each_route_once() -> None:
    described = [
        (f"{name}/{each.handler or each.name}", each.method, path)
        for name, api in APIS.items()
        for each in api.operations
        for path in (each.path, *each.aliases)
    ]
    deployed = [
        (handler, method, path.replace("{collection}", collection))
        for handler, method, path in routes()
        if handler.split("/")[0] in APIS
        for collection in (kinds.COLLECTIONS if "{collection}" in path else [""])
    ]

    assert Counter(described) == Counter(deployed)


@pytest.mark.parametrize("api", APIS.values(), ids=APIS)
def test_document_references_resolve(api: Api) -> None:
    made = build_document(api)
    defined = {
        f"#/components/{kind}/{name}"
        for kind in made["components"]
        for name in made["components"][kind]
    }

    assert set(references(made)) <= defined


@pytest.mark.parametrize("name", APIS)
def test_document_describes_its_parts(name) -> None:
    made = DOCUMENTS[name]

    assert all(made["info"][field] for field in ("title", "version", "description", "license"))
    assert all(each["url"] and each["description"] for each in made["servers"])
    assert all(each["name"] and each["description"] for each in made["tags"])
    assert all(each["description"] for each in made["components"]["securitySchemes"].values())
    assert all(each["description"] for each in made["components"]["headers"].values())


@pytest.mark.parametrize("name", APIS)
def test_document_operation_ids_are_unique(name) -> None:
    names = [each.values[1]["operationId"] for each in OPERATIONS if each.values[0] == name]

    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_operation_has_summary_tags_parameters_and_security(name, operation) -> None:
    made = DOCUMENTS[name]

    assert operation["summary"]
    assert [tag for tag in operation["tags"] if tag in {each["name"] for each in made["tags"]}]
    assert all(each["description"] for each in operation["parameters"])
    assert {scheme for each in operation["security"] for scheme in each} <= set(
        made["components"]["securitySchemes"]
    )


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_operation_declares_error_responses(name, operation) -> None:
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
def test_operation_examples_match_their_schemas(name, operation) -> None:
    made = DOCUMENTS[name]

    for content in contents(operation):
        check = jsonschema_rs.validator_for(
            {**content["schema"], "components": made["components"]}, validate_formats=True
        )
        for example in examples(content):
            check.validate(example)


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_operation_body_and_errors_have_examples(name, operation) -> None:
    refusals = [a for status, a in operation["responses"].items() if status > "402"]
    shown = [operation.get("requestBody"), *refusals]

    assert all(examples(each["content"]["application/json"]) for each in shown if each)


@pytest.mark.parametrize("name", APIS)
def test_document_body_examples_match_sample_events(name) -> None:
    made = DOCUMENTS[name]
    shown = {
        each.name: made["paths"][each.path][each.method.lower()]["requestBody"]["content"][
            "application/json"
        ]["example"]
        for each in APIS[name].operations
        if each.body is not None
    }
    sent = {
        each.name: each.example or json.loads(load_event(APIS[name], each)["body"])
        for each in APIS[name].operations
        if each.body is not None
    }

    assert shown == sent


def contents(operation: Any) -> list[Any]:
    """Return everything with a schema: parameters, request body, responses."""
    body = operation.get("requestBody", {}).get("content", {})
    answers = [each.get("content", {}) for each in operation["responses"].values()]
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
