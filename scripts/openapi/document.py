"""Make an OpenAPI 3.1 document of an API's description."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from pydantic import TypeAdapter

from local.kit.paths import ROOT
from scripts.openapi import gateway
from scripts.openapi.gateway import GatewayError
from scripts.openapi.model import NO_CONTENT, Api, Event, Json, Operation, OtherMedia, Type
from scripts.openapi.portable import make_portable

FOLDER: Final = ROOT / "docs/openapi"
_REFERENCE: Final = "#/components/schemas/{model}"
_WITH_RETRY_AFTER: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


def render(api: Api) -> str:
    return json.dumps(build_document(api), indent=2, ensure_ascii=False) + "\n"


def build_document(api: Api) -> Json:
    schemas, definitions = _schemas([*api.types(), GatewayError])
    for name, values in api.enums.items():
        definitions[name]["enum"] = [*values]
    events = [load_event(api, each) for each in api.operations]
    path_values = {k: v for each in events for k, v in (each.get("pathParameters") or {}).items()}
    builder = _Builder(api, schemas, definitions, {**path_values, **api.path_examples})
    paths: dict[str, Json] = {}
    for each in api.operations:
        for place, path in enumerate((each.path, *each.aliases)):
            name = f"{each.name}_unversioned" if place else each.name
            described = {"operationId": name, **builder.operation(each)}
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
        "tags": [{"name": name, "description": text} for name, text in api.tags.items()],
        "paths": paths,
        **_webhooks(api),
        "components": {
            "schemas": definitions,
            "headers": {name: builder.described(each) for name, each in api.headers.items()},
            "securitySchemes": dict(api.security),
            **({"pathItems": {e.name: builder.event(e) for e in api.events}} if api.events else {}),
        },
    }


def _webhooks(api: Api) -> Json:
    """Return references: of inline webhooks, openapi-generator makes clients, and wrong ones."""
    refs = {each.name: {"$ref": f"#/components/pathItems/{each.name}"} for each in api.events}
    return {"webhooks": refs} if refs else {}


def _schemas(types: Iterable[Type]) -> tuple[dict[str, Json], Json]:
    """Return each type's schema by its `repr`, and the components that the schemas refer to."""
    known = {repr(each): each for each in types}
    made, shared = TypeAdapter.json_schemas(
        [(name, "validation", TypeAdapter(each)) for name, each in known.items()],
        ref_template=_REFERENCE,
    )
    schemas = {name: make_portable(schema) for (name, _), schema in made.items()}
    definitions = {name: make_portable(schema) for name, schema in shared.get("$defs", {}).items()}
    return schemas, definitions


def load_event(api: Api, operation: Operation) -> Json:
    """Return the operation's example in events/; empty if the file is of another operation."""
    file = ROOT / f"events/{api.name}/{operation.handler or operation.name}.json"
    event: Json = json.loads(file.read_text())
    collection = (event["pathParameters"] or {}).get("collection", "")
    path = event["resource"].replace("{collection}", collection)
    return event if (event["httpMethod"], path) == (operation.method, operation.path) else {}


@dataclass(frozen=True, slots=True)
class _Builder:
    """Builds the parts of one document.

    `schemas` and `definitions` are those of `_schemas`; `path_values` has an example of each path
    parameter.
    """

    api: Api
    schemas: Mapping[str, Json]
    definitions: Mapping[str, Json]
    path_values: Mapping[str, str]

    def operation(self, operation: Operation) -> Json:
        event = load_event(self.api, operation)
        example = operation.example or json.loads(event.get("body") or "null")
        return {
            "summary": operation.summary,
            **({"description": operation.description} if operation.description else {}),
            "tags": [operation.tag],
            "security": [{name: []} for name in operation.security],
            "parameters": [*self._parameters(operation, event)],
            **(self._body(operation.body, example) if operation.body is not None else {}),
            "responses": {
                str(status): {
                    "description": HTTPStatus(status).phrase,
                    **self._headers(operation, status),
                    **self._content(operation, status),
                }
                for status in sorted({
                    *operation.responses, *operation.error_examples, *_gateway_responses(operation)
                })
            },
            **operation.extensions,
        }  # fmt: skip

    def event(self, event: Event) -> Json:
        responses = {status: {"description": text} for status, text in event.responses.items()}
        return {
            "post": {
                "operationId": event.name,
                "summary": event.summary,
                "description": event.description,
                "tags": [event.tag],
                "security": [],
                "parameters": [
                    {"name": name, "in": "header", "required": True, **self.described(each)}
                    for name, each in event.headers.items()
                ],
                **self._body(event.body, event.example),
                "responses": responses,
            }
        }

    def described(self, each: Type) -> Json:
        """Return a parameter's or header's schema, with its description beside it."""
        schema = {**self.schemas[repr(each)]}
        description = schema.pop("description", "")
        return {"description": description, "schema": schema}

    def _parameters(self, operation: Operation, event: Json) -> Iterable[Json]:
        for name in _path_parameters(operation.path):
            yield {
                "name": name,
                "in": "path",
                "required": True,
                **self.described(self.api.parameters[name]),
                "example": (event.get("pathParameters") or self.path_values)[name],
            }
        for name, each in operation.query.items():
            yield {
                "name": name,
                "in": "query",
                "required": name in operation.required_query,
                **self.described(each),
                **_example(each, (event.get("queryStringParameters") or {}).get(name)),
            }
        for name, each in operation.headers.items():
            yield {"name": name, "in": "header", "required": False, **self.described(each)}

    def _body(self, each: Type, example: Any) -> Json:
        content = {"schema": self.schemas[repr(each)], "example": example}
        return {"requestBody": {"required": True, "content": {"application/json": content}}}

    def _headers(self, operation: Operation, status: int) -> Json:
        retry_after = ("Retry-After",) if status in _WITH_RETRY_AFTER else ()
        names = dict.fromkeys((*operation.response_headers.get(status, ()), *retry_after))
        headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        return {"headers": headers} if headers else {}

    def _content(self, operation: Operation, status: int) -> Json:
        response = operation.responses.get(status)
        if response is NO_CONTENT:
            return {}
        if isinstance(response, OtherMedia):
            return {
                "content": {
                    media: {"schema": make_portable(schema), "example": response.examples[media]}
                    for media, schema in response.schemas.items()
                }
            }
        if response is not None:
            return {"content": {"application/json": {"schema": self.schemas[repr(response)]}}}
        return {"content": {"application/json": self._error(operation, status)}}

    def _covers_gateway(self, error_type: Type) -> bool:
        """Return whether an API's own errors have all fields of the gateway's."""
        own = self.schemas[repr(error_type)]["$ref"].rpartition("/")[2]
        names = set(self.definitions["GatewayError"]["required"])
        return names == set(self.definitions[own]["required"])

    def _specificity(self, schema: Json) -> int:
        """Order alternatives: clients take the first one that fits, so the most demanding first."""
        definition = self.definitions[schema["$ref"].rpartition("/")[2]]
        return -len(definition["required"])

    def _error(self, operation: Operation, status: int) -> Json:
        own = operation.error_examples.get(status, {})
        gateways = _gateway_responses(operation).get(status)
        covered = own and self._covers_gateway(operation.error_type)
        types = [
            *([operation.error_type] if own else []),
            *([GatewayError] if gateways and not covered else []),
        ]
        schemas = sorted((self.schemas[repr(each)] for each in types), key=self._specificity)
        examples = {name: {"value": body} for name, body in own.items()}
        if gateways:
            examples["Gateway"] = {"value": gateway.example(gateways)}
        schema = {"anyOf": schemas} if len(schemas) > 1 else schemas[0]
        return {"schema": schema, "examples": examples}


def _gateway_responses(operation: Operation) -> Mapping[int, str]:
    return {
        **gateway.FOR_ALL,
        **(gateway.FOR_AUTHORIZERS if operation.authorized_by_gateway else {}),
        **(gateway.FOR_PATH_PARAMETERS if _path_parameters(operation.path) else {}),
    }


def _example(each: Type, text: str | None) -> Json:
    return {} if text is None else {"example": TypeAdapter(each).validate_python(text)}


def _path_parameters(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]
