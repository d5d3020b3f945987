"""Make JSON Schemas that the generators of clients understand.

pydantic's schemas are valid, but some generators read only a part of JSON Schema:

- A boolean constant is an ordinary boolean: clients of openapi-generator compare it with text.
- Another constant is an enumeration of one value.
- A union of objects is `oneOf`: of `anyOf`, openapi-generator's TypeScript makes one merged type.
- Objects state whether they may have more properties: openapi-generator drops them otherwise.

`tests/generators` tries the documents with the generators that people use.
"""

from typing import Any

from scripts.openapi.model import Json


def make_portable(schema: Any) -> Any:
    """Return the schema, and all schemas in it, in their portable form."""
    if isinstance(schema, list):
        return [make_portable(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made: Json = {}
    for name, value in schema.items():
        if name in {"properties", "$defs"}:
            made[name] = {each: make_portable(inner) for each, inner in value.items()}
        elif name in {"default", "enum", "const", "example", "examples"}:
            made[name] = value
        else:
            made[name] = make_portable(value)
    return _state_additional(_without_constant(_exclusive(made)))


def _exclusive(schema: Json) -> Json:
    if all("$ref" in each for each in schema.get("anyOf", [{}])):
        schema["oneOf"] = schema.pop("anyOf")
    return schema


def _without_constant(schema: Json) -> Json:
    if "const" not in schema or "type" not in schema:  # one in `if` only compares
        return schema
    value = schema.pop("const")
    if isinstance(value, bool):
        return {**schema, "description": f"Always {str(value).lower()}"}
    return {**schema, "enum": [value]}


def _state_additional(schema: Json) -> Json:
    if schema.get("type") == "object":
        schema.setdefault("additionalProperties", True)
    return schema
