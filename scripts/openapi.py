"""Write the OpenAPI documents of the public APIs. usage: make openapi

Each is made of a table of the API's operations, whose bodies and answers are types. Tests hold the
handlers to these types, and the documents to the table.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

FOLDER: Final = Path(__file__).parents[1] / "docs/openapi"
_REFERENCE: Final = "#/components/schemas/{model}"

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """An answer that goes on while there is something to say.

    `forms` say of each media type what it is, `headers` what each of those says that come first.
    """

    forms: Mapping[str, str]
    headers: Mapping[str, str]

    def described(self) -> Json:
        text = {"type": "string"}
        return {
            "headers": {
                name: {"description": said, "schema": text} for name, said in self.headers.items()
            },
            "content": {
                kind: {"schema": {**text, "description": said}} for kind, said in self.forms.items()
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One endpoint. `name` is its handler's, unless that has several; types are whatever pydantic
    understands, an answer may be a `Stream` instead.

    `refusals` are the statuses that have a body of type `error`; `told` names headers of answers.
    """

    name: str
    method: str
    path: str
    summary: str
    security: str
    error: Any
    answers: Mapping[int, Any]
    refusals: Sequence[int]
    body: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    handler: str = ""
    told: Mapping[int, Sequence[str]] = field(default_factory=dict)
    extensions: Mapping[str, Any] = field(default_factory=dict)

    def types(self) -> Iterable[Any]:
        yield self.error
        yield from (each for each in self.answers.values() if not isinstance(each, Stream))
        yield from (*self.query.values(), *self.headers.values())
        if self.body is not None:
            yield self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    title: str
    version: str
    security: Mapping[str, Json]
    operations: Sequence[Operation]

    def document(self) -> Json:
        schemas, definitions = _schemas(self.operations)
        paths: dict[str, Json] = {}
        for each in self.operations:
            paths.setdefault(each.path, {})[each.method.lower()] = _described(each, schemas)
        return {
            "openapi": "3.1.0",
            "info": {"title": self.title, "version": self.version},
            "paths": paths,
            "components": {"schemas": definitions, "securitySchemes": dict(self.security)},
        }


def _schemas(operations: Sequence[Operation]) -> tuple[dict[Any, Json], Json]:
    types = {repr(kind): kind for each in operations for kind in each.types()}
    made, shared = TypeAdapter.json_schemas(
        [(name, "validation", TypeAdapter(kind)) for name, kind in types.items()],
        ref_template=_REFERENCE,
    )
    return {name: schema for (name, _), schema in made.items()}, shared.get("$defs", {})


def _described(operation: Operation, schemas: Mapping[Any, Json]) -> Json:
    def content(kind: Any) -> Json:
        return {"application/json": {"schema": schemas[repr(kind)]}}

    def answer(kind: Any) -> Json:
        return kind.described() if isinstance(kind, Stream) else {"content": content(kind)}

    answers = {**operation.answers, **dict.fromkeys(operation.refusals, operation.error)}
    described: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "security": [{operation.security: []}],
        "parameters": [
            *({"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
              for name in _gaps(operation.path)),
            *({"name": name, "in": place, "schema": schemas[repr(kind)]}
              for place, kinds in (("query", operation.query), ("header", operation.headers))
              for name, kind in kinds.items()),
        ],
        "responses": {
            str(status): {
                "description": HTTPStatus(status).phrase,
                **_headers(operation.told.get(status, ())),
                **answer(kind),
            }
            for status, kind in sorted(answers.items())
        },
        **operation.extensions,
    }  # fmt: skip
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": content(operation.body)}
    return described


def _headers(names: Sequence[str]) -> Json:
    return {"headers": {name: {"schema": {"type": "string"}} for name in names}} if names else {}


def _gaps(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def spelled(api: Api) -> str:
    return json.dumps(api.document(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    from scripts.openapi_docs import DOCS  # noqa: PLC0415 - which needs this module
    from scripts.openapi_messaging import MESSAGING  # noqa: PLC0415
    from scripts.openapi_missions import MISSIONS  # noqa: PLC0415
    from scripts.openapi_sessions import SESSIONS  # noqa: PLC0415

    apis = {"docs": DOCS, "messaging": MESSAGING, "missions": MISSIONS, "sessions": SESSIONS}
    for name, api in apis.items():
        file = FOLDER / f"{name}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(spelled(api))
        print(f"{name}: {len(api.operations)} operations in {file.relative_to(FOLDER.parents[1])}")


if __name__ == "__main__":
    main()
