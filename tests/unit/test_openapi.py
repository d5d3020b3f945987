"""The OpenAPI documents say what the code says."""

import re

import pytest

from local.paths import ROOT
from local.template import load
from scripts.openapi import FOLDER, Api, spelled
from scripts.openapi_docs import DOCS
from scripts.openapi_messaging import MESSAGING
from scripts.openapi_missions import MISSIONS
from scripts.openapi_sessions import SESSIONS

APIS = {"docs": DOCS, "messaging": MESSAGING, "missions": MISSIONS, "sessions": SESSIONS}


def routes() -> set[tuple[str, str, str]]:
    """Handler, method and path of each endpoint."""
    return {
        (
            re.sub(r"\.(lambda_handler|sh)$", "", resource["Properties"]["Handler"]).replace(
                ".", "/"
            ),
            event["Properties"]["Method"],
            event["Properties"]["Path"],
        )
        for resource in load(ROOT / "template.yaml")["Resources"].values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        for handler in [resource["Properties"].get("Handler", "")]
        if event["Type"] == "Api"
    }


@pytest.mark.parametrize("name", APIS)
def test_a_document_is_as_the_code_makes_it(name) -> None:
    assert (FOLDER / f"{name}.json").read_text() == spelled(APIS[name]), "run `make openapi`"


@pytest.mark.parametrize("name", APIS)
def test_what_is_described_is_deployed(name) -> None:
    described = {
        (f"{name}/{each.handler or each.name}", each.method, each.path)
        for each in APIS[name].operations
    }

    assert described <= routes()


@pytest.mark.parametrize("api", APIS.values(), ids=APIS)
def test_whatever_a_document_refers_to_is_in_it(api: Api) -> None:
    document = api.document()
    defined = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    assert set(references(document)) <= defined


def references(part: object):
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)
