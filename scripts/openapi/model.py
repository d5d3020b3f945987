"""What is to be said of an API."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from jobs.core.errors import UnavailableError
from jobs.kit.http import Request, Response

type Json = dict[str, Any]
type Kind = Any
"""Whatever pydantic understands as a type."""
type Refuse = Callable[[Exception, Request], Response]

NOON: Final = 1_767_268_800_000  # 2026-01-01T12:00:00Z
_ASKED: Final = Request({"requestContext": {"requestId": "11111111-2222-3333-4444-555555555555"}})


def raised(by: Callable[..., object], *arguments: Any, **more: Any) -> Exception:
    """Return what the code raises: so a refusal is shown in its words."""
    try:
        by(*arguments, **more)
    except Exception as error:  # noqa: BLE001 - whatever it is
        return error
    raise AssertionError(f"{by} refuses nothing")


def asking(**query: str) -> Request:
    return Request({"queryStringParameters": query})


class UnexpectedError(Exception):
    """Whatever nobody has thought of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """An answer that is no JSON: for each media type its schema, of a stream's events that of each.

    `examples` has one for each media type.
    """

    forms: Mapping[str, Json]
    examples: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One endpoint. `name` is its handler's, unless that has several.

    `answers` are types, or a `Form`, by status. `refusals` are errors that its code raises, which
    `refuse` words with bodies of type `error`; what every endpoint may run into is added.
    `security` names the ways to be let in, any of which will do; where it is not `guarded`, its
    code looks at them, and not the gateway. `told` names an answer's headers, by its status.
    `also` are other paths of the same endpoint.
    """

    name: str
    method: str
    path: str
    summary: str
    tag: str
    security: Sequence[str]
    guarded: bool = True
    error: Kind
    refuse: Refuse
    answers: Mapping[int, Kind]
    refusals: Sequence[Exception] = ()
    description: str = ""
    body: Kind = None
    query: Mapping[str, Kind] = field(default_factory=dict)
    required: Sequence[str] = ()
    headers: Mapping[str, Kind] = field(default_factory=dict)
    handler: str = ""
    also: Sequence[str] = ()
    told: Mapping[int, Sequence[str]] = field(default_factory=dict)
    extensions: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def refused(self) -> Mapping[int, Mapping[str, Json]]:
        """Bodies of refusals as the code words them: by status, then by the error's name."""
        found: dict[int, dict[str, Json]] = {}
        for error in (*self.refusals, UnavailableError(), UnexpectedError()):
            answer = self.refuse(error, _ASKED)
            name = type(error).__name__.removesuffix("Error")
            found.setdefault(int(answer.status), {})[name] = dict(answer.body)
        return found

    def kind(self, status: int) -> Kind:
        """What the code's own answers of this status are. Raises `KeyError`: there are none."""
        if status in self.refused:
            return self.error
        return self.answers[status]

    def types(self) -> Iterable[Kind]:
        yield self.error
        yield from (each for each in self.answers.values() if not isinstance(each, Form))
        yield from (*self.query.values(), *self.headers.values())
        if self.body is not None:
            yield self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What is sent to others who answer for themselves: the mirror of an operation."""

    name: str
    summary: str
    description: str
    tag: str
    body: Kind
    example: Any
    headers: Mapping[str, Kind]
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """`name` is its folder's in functions/ and in events/.

    `parameters` says of each gap in paths, and `headers` of each header of answers, what it is;
    `tags` what operations have in common. `values` lists those of named types of text.
    """

    name: str
    title: str
    version: str
    description: str
    tags: Mapping[str, str]
    security: Mapping[str, Json]
    parameters: Mapping[str, Kind]
    headers: Mapping[str, Kind]
    operations: Sequence[Operation]
    events: Sequence[Event] = ()
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def types(self) -> Iterable[Kind]:
        yield from (*self.parameters.values(), *self.headers.values())
        for operation in self.operations:
            yield from operation.types()
        for event in self.events:
            yield event.body
            yield from event.headers.values()

    def operation(self, name: str) -> Operation:
        [found] = [each for each in self.operations if each.name == name]
        return found
