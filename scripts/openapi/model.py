"""The description of an API, from which its document is made."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from jobs.kit.errors import UnavailableError
from jobs.kit.http import Request, Response

type Json = dict[str, Any]
type Type = Any
"""A type that pydantic understands."""
type ErrorResponse = Callable[[Exception, Request], Response]

NOON: Final = 1_767_268_800_000  # 2026-01-01T12:00:00Z
_REQUEST: Final = Request({"requestContext": {"requestId": "11111111-2222-3333-4444-555555555555"}})


def capture_error(function: Callable[..., object], *args: Any, **kwargs: Any) -> Exception:
    """Return the error that the function raises: an example in the code's own words."""
    try:
        function(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 - any error is an example
        return error
    raise AssertionError(f"{function} raises nothing")


def request_with(**query: str) -> Request:
    return Request({"queryStringParameters": query})


class UnexpectedError(Exception):
    """An error that the code does not expect, and answers with 500."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherMedia:
    """A response other than JSON, by media type. A stream's schema is that of each event."""

    schemas: Mapping[str, Json]
    examples: Mapping[str, Any]


NO_CONTENT: Final = OtherMedia(schemas={}, examples={})


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One endpoint.

    `name` is its operation id, and its handler's name unless `handler` says otherwise; `aliases`
    are other paths of the same endpoint.

    `security` names security schemes, any one of which suffices. An endpoint that is not
    `authorized_by_gateway` checks them in its own code.

    `responses` are types, or `OtherMedia`, by status; `response_headers` names headers by status.
    `example` is that of the body, if the handler's event is of another operation.

    `errors` are those that the code raises; `error_response` turns them into responses of
    `error_type`. Errors that any endpoint may raise are added.
    """

    name: str
    method: str
    path: str
    summary: str
    tag: str
    security: Sequence[str]
    authorized_by_gateway: bool = True
    error_type: Type
    error_response: ErrorResponse
    responses: Mapping[int, Type]
    errors: Sequence[Exception] = ()
    description: str = ""
    body: Type = None
    example: Any = None
    query: Mapping[str, Type] = field(default_factory=dict)
    required_query: Sequence[str] = ()
    headers: Mapping[str, Type] = field(default_factory=dict)
    handler: str = ""
    aliases: Sequence[str] = ()
    response_headers: Mapping[int, Sequence[str]] = field(default_factory=dict)
    extensions: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def error_examples(self) -> Mapping[int, Mapping[str, Json]]:
        """Bodies of error responses, by status and the error's name."""
        found: dict[int, dict[str, Json]] = {}
        for error in (*self.errors, UnavailableError(), UnexpectedError()):
            response = self.error_response(error, _REQUEST)
            name = type(error).__name__.removesuffix("Error")
            found.setdefault(int(response.status), {})[name] = dict(response.body)
        return found

    def response_type(self, status: int) -> Type:
        """Return the type of the code's responses with this status. Raises `KeyError`."""
        if status in self.error_examples:
            return self.error_type
        return self.responses[status]

    def types(self) -> Iterable[Type]:
        yield self.error_type
        yield from (each for each in self.responses.values() if not isinstance(each, OtherMedia))
        yield from (*self.query.values(), *self.headers.values())
        if self.body is not None:
            yield self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A request that Sortie sends to a webhook receiver. `responses` describes its answers."""

    name: str
    summary: str
    description: str
    tag: str
    body: Type
    example: Any
    headers: Mapping[str, Type]
    responses: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """`name` is that of its folders in functions/ and events/.

    `parameters` are the path parameters of all operations, `headers` the headers of all responses.
    `path_examples` are for operations without an event of their own. `enums` lists the values of
    named text types that features leave open.
    """

    name: str
    title: str
    version: str
    description: str
    tags: Mapping[str, str]
    security: Mapping[str, Json]
    parameters: Mapping[str, Type]
    headers: Mapping[str, Type]
    operations: Sequence[Operation]
    path_examples: Mapping[str, str] = field(default_factory=dict)
    events: Sequence[Event] = ()
    enums: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def types(self) -> Iterable[Type]:
        yield from (*self.parameters.values(), *self.headers.values())
        for operation in self.operations:
            yield from operation.types()
        for event in self.events:
            yield event.body
            yield from event.headers.values()

    def operation(self, name: str) -> Operation:
        [found] = [each for each in self.operations if each.name == name]
        return found
