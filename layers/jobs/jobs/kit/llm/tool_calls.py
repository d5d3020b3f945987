"""Tool calls of a model, from the deltas that endpoints send.

OpenAI numbers the calls of an answer by `index`. Others send whole calls that all have index 0 or
none at all: Gemini, Ollama, proxies.
"""

import ast
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jobs.kit import lenient_json, strict_json

MAX_CALLS: Final = 128
CUT_OFF: Final = "they were cut off"
_MAX_LITERAL_LENGTH: Final = 100_000


@dataclass(slots=True)
class CalledTool:
    """`arguments` is the model's text. `extra` has what the endpoint wants back with the call."""

    id: str = ""
    name: str = ""
    arguments: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    index: int | None = None

    @property
    def is_whole(self) -> bool:
        if not self.arguments.rstrip().endswith("}"):
            return False
        try:
            return isinstance(lenient_json.loads(self.arguments), dict)
        except ValueError:
            return False


class ToolCallReader:
    """Assembles calls from deltas. `names` are the tools that the model may call."""

    def __init__(self, names: Collection[str] = ()) -> None:
        self._names = names
        self._calls: list[CalledTool] = []

    @property
    def calls(self) -> Sequence[CalledTool]:
        return [each for each in self._calls if each.name or each.arguments]

    def take(self, parts: Any) -> None:
        """Add the parts of a delta. Raises `TypeError`, `ValueError` if they make no sense."""
        for part in [parts] if isinstance(parts, dict) else parts or []:
            if not isinstance(part, dict):
                raise TypeError("a tool call is no object")
            self._add(part)
        if len(self._calls) > MAX_CALLS:
            raise ValueError("too many tool calls")

    def _add(self, part: Mapping[str, Any]) -> None:
        about = part.get("function") or part
        if not isinstance(about, dict):
            raise TypeError("a function is no object")
        index = str(part.get("index"))
        new = CalledTool(
            id=lenient_json.clean(str(part.get("id") or "")),
            name=_to_name(about.get("name")),
            arguments=_to_text(about.get("arguments")),
            extra=lenient_json.clean_values(part.get("extra_content") or {}),
            index=int(index) if index.isdecimal() else None,
        )
        call = self._find(new)
        if call is None or self._follows(new, call):
            self._calls.append(new)
            return
        if _repeats(new, call):
            return
        call.id = call.id or new.id
        if new.name and call.name != new.name:
            call.name += new.name
        call.arguments = _join(call.arguments, new.arguments)
        call.extra = new.extra or call.extra

    def _find(self, new: CalledTool) -> CalledTool | None:
        """Return the call that this one may be a part of."""
        for call in reversed(self._calls):
            same_index = None in {call.index, new.index} or call.index == new.index
            if new.id and call.id:
                if call.id == new.id and same_index:
                    return call
            elif same_index:
                return call
        return None

    def _follows(self, new: CalledTool, call: CalledTool) -> bool:
        """Return whether the new one is a call of its own."""
        if not new.name:
            return False
        if new.name != call.name:
            is_piece_of_name = not call.arguments and call.name not in self._names
            return bool(call.name) and not (is_piece_of_name and new.index is not None)
        if new.id == call.id != "" and call.arguments.strip() == "{}":
            return False  # an empty object, before the real one
        return bool(new.arguments.strip()) and call.is_whole and not _repeats(new, call)


def _repeats(new: CalledTool, call: CalledTool) -> bool:
    """Return whether an endpoint sends a whole call once more, at the end of its answer."""
    return bool(new.id) and (new.id, new.name, new.arguments) == (
        call.id, call.name, call.arguments,
    )  # fmt: skip


def _join(before: str, more: str) -> str:
    """Append arguments. Some endpoints begin with an empty object, and then send the real one."""
    return more if before.strip() == "{}" and more.strip() else before + more


def _to_name(name: Any) -> str:
    """Return a tool's name without what models and their templates add to it."""
    if not isinstance(name, str):
        return ""
    words = lenient_json.clean(name).partition("<|")[0].strip()
    for prefix in ("functions.", "default_api.", "default_api:"):
        words = words.removeprefix(prefix)
    return words


def _to_text(arguments: Any) -> str:
    if arguments is None or arguments == {}:
        return ""
    return arguments if isinstance(arguments, str) else strict_json.dumps(arguments)


def parse_arguments(text: str) -> tuple[Mapping[str, Any] | None, str]:
    """Return the arguments of a tool call, or None and what is wrong with them.

    Repairs only what has one meaning. It completes no text that was cut off: a file would be
    written in part.
    """
    text = lenient_json.clean(text).strip().removeprefix("\ufeff")
    if text in {"", "null", '""'}:
        return {}, ""
    try:
        value = _parse(text)
        if isinstance(value, str):  # an object, encoded twice
            value = _parse(value)
        value = lenient_json.clean_values(value)
    except json.JSONDecodeError as error:
        if error.msg.startswith("Unterminated") or error.pos >= len(text):
            return None, CUT_OFF
        return None, f"{error.msg} at character {error.pos + 1}"
    except ValueError as error:
        return None, str(error)
    return (value, "") if isinstance(value, dict) else (None, "they are no object")


def _parse(text: str) -> Any:
    """Parse JSON, or a Python literal, which some models write instead."""
    try:
        return lenient_json.loads(text)
    except ValueError:
        if len(text) > _MAX_LITERAL_LENGTH or not text.startswith("{"):
            raise
        try:
            return json.loads(json.dumps(ast.literal_eval(text), allow_nan=False))
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            pass
        raise
