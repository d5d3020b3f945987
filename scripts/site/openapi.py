"""Render an OpenAPI 3.1 document of `docs/openapi` as Markdown, for its reference page."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_METHODS: Final = {"get", "post", "put", "patch", "delete"}
_SCHEMAS: Final = "#/components/schemas/"

type Error = tuple[str, str, str]
type Operation = dict[str, Any]
type Schema = Mapping[str, Any]


def render(document: Mapping[str, Any]) -> str:
    """Return the document's operations by tag, then its webhooks, errors and objects."""
    operations = list(_operations(document))
    shared = set.intersection(*(set(_errors(each)) for each in operations))
    lines: list[str] = []
    for tag in document["tags"]:
        tagged = [each for each in operations if tag["name"] in each["tags"]]
        if tagged:
            lines += [f"## {tag['name']}", "", f"{tag['description']}.", ""]
        for each in tagged:
            lines += _operation(each, shared)
    for name, item in document["components"].get("pathItems", {}).items():
        lines += _webhook(name, item["post"])
    lines += ["## Errors of every operation", "", *_error_table(sorted(shared)), ""]
    lines += ["## Objects", ""]
    for name, schema in document["components"]["schemas"].items():
        lines += [f"### {name} {{ #{_anchor(name)} }}", "", *_object(schema), ""]
    return "\n".join(lines)


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """Yield each operation once, with the other paths that reach it as `aliases`."""
    merged: dict[str, Operation] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                line = f"{method.upper()} {path}"
                # The same operation is `create_job` at one path and `create_job_1` at another.
                identity = re.sub(r"_\d+$", "", operation["operationId"])
                merged.setdefault(identity, operation | {"line": line, "aliases": []})
                if merged[identity]["line"] != line:
                    merged[identity]["aliases"].append(line)
    yield from merged.values()


def _operation(operation: Operation, shared: set[Error]) -> list[str]:
    heading = f"### {operation['summary']} {{ #{operation['operationId']} }}"
    lines = [heading, "", "```http", operation["line"], "```", ""]
    if description := operation.get("description"):
        lines += [description, ""]
    if operation["aliases"]:
        lines += ["Also: " + ", ".join(f"`{each}`" for each in operation["aliases"]) + ".", ""]
    if parameters := operation.get("parameters"):
        lines += ["| parameter | in | type | |", "|---|---|---|---|"]
        lines += [
            _row(f"`{each['name']}`", each["in"], _type(each["schema"]), _about(each))
            for each in parameters
        ]
        lines.append("")
    if body := operation.get("requestBody"):
        lines += _content("Request body", body["content"])
    for status, response in operation["responses"].items():
        if status < "400":
            lines += _content(f"Response {status}", response.get("content", {}))
    if own := [each for each in _errors(operation) if each not in shared]:
        lines += ["**Errors**", "", *_error_table(own), ""]
    return lines


def _webhook(name: str, operation: Operation) -> list[str]:
    lines = [f"## {operation.get('summary', name)}", ""]
    if description := operation.get("description"):
        lines += [description, ""]
    return lines + _content("Body", operation["requestBody"]["content"])


def _content(title: str, content: Mapping[str, Any]) -> list[str]:
    lines = []
    for media, body in content.items():
        link = _type(body["schema"]) if "schema" in body else ""
        lines += [f"**{title}:** {link} `{media}`".replace("  ", " "), ""]
        examples = [each["value"] for each in body.get("examples", {}).values()]
        for example in [body["example"]] if "example" in body else examples[:1]:
            lines += _example(example)
    return lines or [f"**{title}:** no body", ""]


def _example(value: object) -> list[str]:
    if isinstance(value, str):
        return ["```text", value.rstrip("\n"), "```", ""]
    return ["```json", json.dumps(value, indent=2, ensure_ascii=False), "```", ""]


def _errors(operation: Operation) -> list[Error]:
    """Return status, code and text of each error that the document has an example of."""
    found = []
    for status, response in operation["responses"].items():
        if status < "400":
            continue
        for body in response.get("content", {}).values():
            for example in body.get("examples", {}).values():
                value = example["value"]
                inner = value.get("error")
                detail = inner if isinstance(inner, dict) else value
                text = detail.get("message") or (inner if isinstance(inner, str) else "")
                found.append((status, str(detail.get("code", "")), str(text)))
    return list(dict.fromkeys(found))


def _error_table(errors: list[Error]) -> list[str]:
    rows = [_row(status, f"`{code}`" if code else "", text) for status, code, text in errors]
    return ["| status | code | text |", "|---|---|---|", *rows]


def _object(schema: Schema) -> list[str]:
    lines = [schema["description"], ""] if "description" in schema else []
    fields = list(_fields(schema))
    if not fields:
        return [*lines, _type(schema)]
    rows = [_row(f"`{name}`", kind, about) for name, kind, about in fields]
    return [*lines, "| field | type | |", "|---|---|---|", *rows]


def _fields(schema: Schema, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield name, type and description of each field, those of inner objects included."""
    required = schema.get("required", ())
    for name, inner in schema.get("properties", {}).items():
        yield prefix + name, _type(inner), _about(inner | {"required": name in required})
        yield from _fields(inner.get("items", inner), f"{prefix}{name}.")


def _about(it: Mapping[str, Any]) -> str:
    parts = ["**Required.**"] if it.get("required") is True else []
    if description := it.get("description"):
        parts.append(f"{description.rstrip('.')}.")
    if limits := _limits(it.get("schema", it)):
        parts.append(f"{limits}.")
    if "default" in (schema := it.get("schema", it)):
        parts.append(f"Default: `{json.dumps(schema['default'])}`.")
    return " ".join(parts)


def _limits(schema: Schema) -> str:
    def span(low: str, high: str, unit: str) -> str | None:
        minimum, maximum = schema.get(low), schema.get(high)
        if minimum is None and maximum is None:
            return None
        if minimum is None or maximum is None:
            return (f"At most {maximum:,}" if minimum is None else f"At least {minimum:,}") + unit
        return f"{minimum:,} to {maximum:,}{unit}"

    return "; ".join(
        filter(
            None,
            (
                span("minimum", "maximum", ""),
                span("minLength", "maxLength", " characters"),
                span("minItems", "maxItems", " items"),
            ),
        )
    )


def _type(schema: Schema) -> str:
    """Name a type, with a link where the document names it too."""
    if reference := schema.get("$ref"):
        name = reference.removeprefix(_SCHEMAS)
        return f"[{name}](#{_anchor(name)})"
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return " or ".join(f"`{json.dumps(each)}`" for each in schema["enum"])
    for alternatives in ("anyOf", "oneOf"):
        if alternatives in schema:
            return " or ".join(_type(each) for each in schema[alternatives])
    kind = schema.get("type", "any")
    if kind == "array" and "items" in schema:
        return f"array of {_type(schema['items'])}"
    return f"{kind} ({schema['format']})" if "format" in schema else str(kind)


def _anchor(schema: str) -> str:
    return f"object-{schema.lower()}"


def _row(*cells: str) -> str:
    """Return a row of a table; a bar or a line break in a cell would end it."""
    clean = (re.sub(r"\s+", " ", each).replace("|", "&#124;") for each in cells)
    return f"| {' | '.join(clean)} |"
