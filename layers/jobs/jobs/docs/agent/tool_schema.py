"""The subset of JSON Schema that describes tool arguments, and its validation."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from jobs.kit import lenient_json

_MAX_DIGITS: Final = 18

type Schema = Mapping[str, Any]

_ARTICLES: Final = {
    "object": "an object", "array": "an array", "string": "a string", "integer": "an integer",
}  # fmt: skip


def text(description: str, *, max_length: int = 2**20, min_length: int = 1) -> Schema:
    bounds = {"minLength": min_length} if min_length else {}
    return {"type": "string", "description": description, **bounds, "maxLength": max_length}


def number(description: str) -> Schema:
    return {"type": "integer", "description": description, "minimum": 1}


def listing(items: Schema, *, max_length: int) -> Schema:
    return {"type": "array", "items": items, "maxItems": max_length}


def mapping(properties: Mapping[str, Schema], *, optional: AbstractSet[str]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def coerce(value: Any, schema: Schema) -> Any:
    """Return the value as the schema has it, where a model's spelling has one meaning.

    Numbers for texts and texts for numbers, nested JSON as text, null or unknown optional fields.
    """
    kind = schema["type"]
    if kind in {"object", "array"} and isinstance(value, str):
        value = _from_json(value)
    match kind, value:
        case "object", dict():
            parts = schema["properties"]
            return {
                name: coerce(each, parts[name])
                for name, each in value.items()
                if name in parts and (each is not None or name in schema["required"])
            }
        case "array", list():
            return [coerce(each, schema["items"]) for each in value]
        case "string", int() | float() if not isinstance(value, bool):
            return str(value)
        case "integer", float() if value.is_integer():
            return int(value)
        case "integer", str() if value.strip().isdecimal():
            return int(value.strip()[:_MAX_DIGITS])
    return value


def _from_json(text: str) -> Any:
    try:
        return lenient_json.clean_values(lenient_json.loads(text))
    except ValueError:
        return text


def find_mismatch(value: Any, schema: Schema, at: str = "") -> str:
    """Describe the first mismatch between a value and a schema. Empty if the value is valid."""
    where = at or "the arguments"
    match schema["type"], value:
        case "object", dict():
            return _find_mismatch_in_object(value, schema, at)
        case "array", list():
            if len(value) > schema["maxItems"]:
                return f"{where}: must have at most {schema['maxItems']} entries"
            inner = (
                find_mismatch(each, schema["items"], f"{at}[{n}]") for n, each in enumerate(value)
            )
            return next(filter(None, inner), "")
        case "string", str():
            return _find_mismatch_in_string(value, schema, where)
        case "integer", int() if not isinstance(value, bool):
            return "" if value >= schema["minimum"] else f"{where}: must be 1 or more"
        case kind, _:
            return f"{where}: must be {_ARTICLES[kind]}"


def _find_mismatch_in_string(value: str, schema: Schema, where: str) -> str:
    if "enum" in schema:
        known = schema["enum"]
        return "" if value in known else f"{where}: must be one of {', '.join(known)}"
    if len(value) > schema["maxLength"]:
        return f"{where}: must have at most {schema['maxLength']} characters"
    return "" if len(value) >= schema.get("minLength", 0) else f"{where}: must not be empty"


def _find_mismatch_in_object(value: Mapping[str, Any], schema: Schema, at: str) -> str:
    parts, prefix = schema["properties"], f"{at}." if at else ""
    for name in schema["required"]:
        if name not in value:
            return f"{prefix}{name}: is missing"
    for name, inner in value.items():
        if name not in parts:
            return f"{prefix}{str(name)[:50]}: is unknown. Use {', '.join(parts)}"
        if mismatch := find_mismatch(inner, parts[name], f"{prefix}{name}"):
            return mismatch
    return ""
