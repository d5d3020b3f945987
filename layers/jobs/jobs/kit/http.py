"""Requests and responses of Lambda functions behind API Gateway, which routes them."""

import base64
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Generic

from jobs.kit import strict_json

if TYPE_CHECKING:
    from typing_extensions import TypeVar  # with defaults, which Python 3.12 does not have

    Body_co = TypeVar("Body_co", bound=Mapping[str, Any], default=Mapping[str, Any], covariant=True)
else:  # the other module is slow to import
    from typing import TypeVar

    Body_co = TypeVar("Body_co", covariant=True)

MAX_BODY_BYTES: Final = 2**20
MAX_KEY_LENGTH: Final = 255
_NO_TEXT: Final = re.compile("[\ufffd\ud800-\udfff]")
"""What API Gateway passes on in place of bytes that are not UTF-8."""
_JSON: Final = re.compile(r"application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)
_WAIT: Final = re.compile(r'(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?(?=$|[,;\s])', re.IGNORECASE)


class BadRequestError(Exception):
    """An invalid request; the caller sees the message.

    `details` has a message per invalid field.
    """

    def __init__(self, message: str, details: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.details = details or {}


class TooLargeError(Exception):
    """A body over `MAX_BODY_BYTES`."""


@dataclass(frozen=True, slots=True)
class Response(Generic[Body_co]):  # noqa: UP046 - its parameter has a default
    """A response of JSON, or of HTML if there is a `page`."""

    status: HTTPStatus
    body: Body_co
    headers: Mapping[str, str] = field(default_factory=dict)
    page: str | None = None

    @property
    def content_type(self) -> str:
        return "application/json" if self.page is None else "text/html; charset=utf-8"

    @property
    def text(self) -> str:
        return strict_json.dumps(self.body) if self.page is None else self.page


def parse_json(body: bytes) -> Any:
    """Parse JSON, also after a byte order mark. Raises `BadRequestError` or `TooLargeError`."""
    if len(body) > MAX_BODY_BYTES:
        raise TooLargeError
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequestError("Request body must be UTF-8") from error
    try:
        return strict_json.loads(text)
    except ValueError as error:
        raise BadRequestError("Request body must be valid JSON") from error


def parse_idempotency_key(key: str | None) -> str | None:
    """Validate and return an `Idempotency-Key`. Raises `BadRequestError`."""
    if key is not None and not (0 < len(key) <= MAX_KEY_LENGTH and key.isprintable()):
        raise BadRequestError(f"Idempotency-Key must be 1 to {MAX_KEY_LENGTH} printable characters")
    return key


def split_path(path: str, resource: str) -> tuple[str, str]:
    """Split a request's path before the API's own path, which has the segments of `resource`.

    API Gateway adds a stage or, behind a custom domain, a base path of any number of segments.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mappings.html
    """
    segments = path.rstrip("/").split("/")
    base = "/".join(segments[: len(segments) - resource.rstrip("/").count("/")])
    return base, path.removeprefix(base)


class Request:
    """One API Gateway (REST, proxy) event.

    `answer_headers` are added to the response, also to an error's.
    """

    def __init__(self, event: Mapping[str, Any]) -> None:
        self.answer_headers: dict[str, str] = {}
        self._event = event
        self._headers = {k.lower(): v for k, v in (event.get("headers") or {}).items()}

    @property
    def tenant(self) -> str:
        """The caller's tenant, from the authorizer."""
        return str(self._event["requestContext"]["authorizer"]["tenant"])

    @property
    def key_id(self) -> str | None:
        """The id of the caller's key, from the authorizer; None for a payer."""
        key_id = self._event["requestContext"]["authorizer"].get("keyId")
        return None if key_id is None else str(key_id)

    @property
    def scopes(self) -> Collection[str]:
        """The scopes of the caller's key, from the authorizer."""
        return str(self._event["requestContext"]["authorizer"]["scopes"]).split()

    @property
    def key_name(self) -> str:
        """The name of the caller's key, from the authorizer of the admin API."""
        return str(self._event["requestContext"]["authorizer"]["keyName"])

    @property
    def claims(self) -> Mapping[str, str]:
        """The claims of the caller's token, which the authorizer has verified."""
        authorizer = self._event["requestContext"].get("authorizer") or {}
        return {name: str(value) for name, value in (authorizer.get("claims") or {}).items()}

    @property
    def is_head(self) -> bool:
        """Whether only the response's headers are wanted. The HTTP server drops the body."""
        return self._event.get("httpMethod") == "HEAD"

    @property
    def route(self) -> str:
        """The path of the API with the names of its parameters, such as `/jobs/{jobId}`."""
        return str(self._event["requestContext"]["resourcePath"])

    @property
    def id(self) -> str:
        return str(self._event["requestContext"].get("requestId", ""))

    @property
    def base_url(self) -> str:
        """The URL of this API, with its stage or with the base path of its custom domain."""
        context = self._event["requestContext"]
        base, _ = split_path(context["path"], context["resourcePath"])
        return f"https://{context['domainName']}{base}"

    @property
    def root(self) -> str:
        """The relative reference from this path to `base_url`."""
        context = self._event["requestContext"]
        _, path = split_path(context["path"], context["resourcePath"])
        return "../" * (path.count("/") - 1)

    def path(self, name: str) -> str:
        return str((self._event.get("pathParameters") or {})[name])

    def has_path(self, name: str) -> bool:
        """Return whether the path of this request has a parameter of this name."""
        return name in (self._event.get("pathParameters") or {})

    def query(self, name: str) -> str | None:
        """Return a query parameter. Raises `BadRequestError` if it is not UTF-8."""
        return _require_text(name, (self._event.get("queryStringParameters") or {}).get(name))

    def header(self, name: str) -> str | None:
        """Return a header. Raises `BadRequestError` if it is not UTF-8."""
        return _require_text(name, self._headers.get(name.lower()))

    def json(self) -> Any:
        """Parse the body. Raises `BadRequestError` or `TooLargeError`."""
        kind = self.header("content-type")
        if kind is not None and not _JSON.fullmatch(kind.strip()):
            raise BadRequestError("Content-Type must be application/json")
        return self.json_of_any_type()

    def json_of_any_type(self) -> Any:
        """Parse the body, regardless of its Content-Type."""
        return parse_json(self.content)

    @property
    def content(self) -> bytes:
        """The decoded body. Raises `BadRequestError` if it is not valid base64 or not UTF-8.

        API Gateway replaces bytes that are not UTF-8 by U+FFFD. So a client that means this
        character has to escape it.
        """
        raw: str = self._event.get("body") or ""
        if not self._event.get("isBase64Encoded"):
            if _NO_TEXT.search(raw):
                raise BadRequestError("Request body must be UTF-8, with U+FFFD only as \\ufffd")
            return raw.encode()
        try:
            return base64.b64decode(raw, validate=True)
        except ValueError as error:
            raise BadRequestError("Request body must be valid JSON") from error

    def idempotency_key(self) -> str | None:
        """Return the `Idempotency-Key`. Raises `BadRequestError` if it is invalid."""
        return parse_idempotency_key(self.header("idempotency-key"))

    def wait(self, *, max_s: int) -> int | None:
        """Return the seconds of `Prefer: wait` (RFC 7240), capped at `max_s`, or None."""
        match = _WAIT.search(self.header("prefer") or "")
        return min(int(match[1]), max_s) if match else None


def _require_text(name: str, value: str | None) -> str | None:
    if value is not None and _NO_TEXT.search(value):
        raise BadRequestError(f"{name} must be UTF-8")
    return value
