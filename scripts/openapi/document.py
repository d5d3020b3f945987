"""An OpenAPI 3.1 document of what is to be said of an API."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from pydantic import TypeAdapter

from local.kit.paths import ROOT
from scripts.openapi import gateway
from scripts.openapi.gateway import GatewayError
from scripts.openapi.model import Api, Event, Form, Json, Kind, Operation

FOLDER: Final = ROOT / "docs/openapi"
_REFERENCE: Final = "#/components/schemas/{model}"
_TELL_WHEN: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


def spelled(api: Api) -> str:
    return json.dumps(document(api), indent=2, ensure_ascii=False) + "\n"


def document(api: Api) -> Json:
    schemas, definitions = _schemas([*api.types(), GatewayError])
    for name, values in api.values.items():
        definitions[name]["enum"] = [*values]
    events = [event_of(api, each) for each in api.operations]
    gaps = {k: v for each in events for k, v in (each.get("pathParameters") or {}).items()}
    spelling = _Spelling(api, schemas, gaps)
    paths: dict[str, Json] = {}
    for each in api.operations:
        for place, path in enumerate((each.path, *each.also)):
            name = f"{each.name}_{place}" if place else each.name
            described = {"operationId": name, **spelling.operation(each)}
            paths.setdefault(path, {})[each.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": api.title,
            "version": api.version,
            "description": api.description,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "..", "description": "The stack that serves this document"}],
        "tags": [{"name": name, "description": said} for name, said in api.tags.items()],
        "paths": paths,
        **({"webhooks": {e.name: spelling.event(e) for e in api.events}} if api.events else {}),
        "components": {
            "schemas": definitions,
            "headers": {name: spelling.described(kind) for name, kind in api.headers.items()},
            "securitySchemes": dict(api.security),
        },
    }


def _schemas(kinds: Iterable[Kind]) -> tuple[dict[str, Json], Json]:
    types = {repr(kind): kind for kind in kinds}
    made, shared = TypeAdapter.json_schemas(
        [(name, "validation", TypeAdapter(kind)) for name, kind in types.items()],
        ref_template=_REFERENCE,
    )
    return {name: schema for (name, _), schema in made.items()}, shared.get("$defs", {})


def event_of(api: Api, operation: Operation) -> Json:
    """Return what an operation's file in events/ holds; nothing where that is of another one."""
    file = ROOT / f"events/{api.name}/{operation.handler or operation.name}.json"
    event: Json = json.loads(file.read_text())
    same = (event["httpMethod"], event["resource"]) == (operation.method, operation.path)
    return event if same else {}


@dataclass(frozen=True, slots=True)
class _Spelling:
    """How the parts of one document are written.

    `schemas` has each type's, `gaps` what the API's events have in the gaps of their paths.
    """

    api: Api
    schemas: Mapping[str, Json]
    gaps: Mapping[str, str]

    def operation(self, operation: Operation) -> Json:
        event = event_of(self.api, operation)
        shown = json.loads(event.get("body") or "null")
        return {
            "summary": operation.summary,
            **({"description": operation.description} if operation.description else {}),
            "tags": [operation.tag],
            "security": [{name: []} for name in operation.security],
            "parameters": [*self._parameters(operation, event)],
            **(self._body(operation.body, shown) if operation.body is not None else {}),
            "responses": {
                str(status): {
                    "description": HTTPStatus(status).phrase,
                    **self._headers(operation, status),
                    **self._answer(operation, status),
                }
                for status in sorted({
                    *operation.answers, *operation.refused, *_by_the_gateway(operation)
                })
            },
            **operation.extensions,
        }  # fmt: skip

    def event(self, event: Event) -> Json:
        return {
            "post": {
                "operationId": event.name,
                "summary": event.summary,
                "description": event.description,
                "tags": [event.tag],
                "security": [],
                "parameters": [
                    {"name": name, "in": "header", "required": True, **self.described(kind)}
                    for name, kind in event.headers.items()
                ],
                **self._body(event.body, event.example),
                "responses": {status: {"description": s} for status, s in event.answers.items()},
            }
        }

    def described(self, kind: Kind) -> Json:
        """What a parameter's or header's type says of it, beside the type itself."""
        schema = {**self.schemas[repr(kind)]}
        said = schema.pop("description", "")
        return {"description": said, "schema": schema}

    def _parameters(self, operation: Operation, event: Json) -> Iterable[Json]:
        for name in _gaps(operation.path):
            yield {
                "name": name,
                "in": "path",
                "required": True,
                **self.described(self.api.parameters[name]),
                "example": self.gaps[name],
            }
        for name, kind in operation.query.items():
            yield {
                "name": name,
                "in": "query",
                "required": name in operation.required,
                **self.described(kind),
                **_example(kind, (event.get("queryStringParameters") or {}).get(name)),
            }
        for name, kind in operation.headers.items():
            yield {"name": name, "in": "header", "required": False, **self.described(kind)}

    def _body(self, kind: Kind, example: Any) -> Json:
        content = {"schema": self.schemas[repr(kind)], "example": example}
        return {"requestBody": {"required": True, "content": {"application/json": content}}}

    def _headers(self, operation: Operation, status: int) -> Json:
        later = ("Retry-After",) if status in _TELL_WHEN else ()
        names = dict.fromkeys((*operation.told.get(status, ()), *later))
        told = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        return {"headers": told} if told else {}

    def _answer(self, operation: Operation, status: int) -> Json:
        answer = operation.answers.get(status)
        if isinstance(answer, Form):
            return {
                "content": {
                    media: {"schema": schema, "example": answer.examples[media]}
                    for media, schema in answer.forms.items()
                }
            }
        if answer is not None:
            return {"content": {"application/json": {"schema": self.schemas[repr(answer)]}}}
        own = operation.refused.get(status, {})
        response = _by_the_gateway(operation).get(status)
        kinds = [*([operation.error] if own else []), *([GatewayError] if response else [])]
        spelled = [self.schemas[repr(kind)] for kind in kinds]
        examples = {name: {"value": body} for name, body in own.items()}
        if response:
            examples["Gateway"] = {"value": gateway.example(response)}
        schema = {"anyOf": spelled} if len(spelled) > 1 else spelled[0]
        return {"content": {"application/json": {"schema": schema, "examples": examples}}}


def _by_the_gateway(operation: Operation) -> Mapping[int, str]:
    return {
        **gateway.OF_ALL,
        **(gateway.OF_KEYS if operation.guarded else {}),
        **(gateway.OF_GAPS if _gaps(operation.path) else {}),
    }


def _example(kind: Kind, text: str | None) -> Json:
    return {} if text is None else {"example": TypeAdapter(kind).validate_python(text)}


def _gaps(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]
