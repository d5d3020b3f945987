"""The HTTP edge of a Lambda function. API Gateway has routed already, so there is no router."""

import base64
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from jobs.kit import strict_json

MOST_BODY_BYTES: Final = 2**20
MAX_KEY_LENGTH: Final = 255
_JSON: Final = re.compile(r"application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)
_WAIT: Final = re.compile(r'(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?(?=$|[,;\s])', re.IGNORECASE)


class BadRequestError(Exception):
    """A request that cannot be understood; the message is shown to the caller.

    `details` says of each field that is wrong what is wrong with it.
    """

    def __init__(self, message: str, details: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.details = details or {}


class TooLargeError(Exception):
    """A body over `MOST_BODY_BYTES`."""


@dataclass(frozen=True, slots=True)
class Response[Body: Mapping[str, Any] = Mapping[str, Any]]:
    """JSON for programs, or a page for people; `headers` tell if it is something else."""

    status: HTTPStatus
    body: Body
    headers: Mapping[str, str] = field(default_factory=dict)
    page: str | None = None

    @property
    def content_type(self) -> str:
        return "application/json" if self.page is None else "text/html; charset=utf-8"

    @property
    def text(self) -> str:
        return strict_json.dumps(self.body) if self.page is None else self.page


def parsed(body: bytes) -> Any:
    """Parse JSON. Raises `BadRequestError` or `TooLargeError`."""
    if len(body) > MOST_BODY_BYTES:
        raise TooLargeError
    try:
        return strict_json.loads(body.decode())
    except ValueError as error:
        raise BadRequestError("Request body must be valid JSON") from error


def checked_key(key: str | None) -> str | None:
    """Return an `Idempotency-Key`, or raise `BadRequestError` if it cannot be one."""
    if key is not None and not (0 < len(key) <= MAX_KEY_LENGTH and key.isprintable()):
        raise BadRequestError(f"Idempotency-Key must be 1 to {MAX_KEY_LENGTH} printable characters")
    return key


class Request:
    """One API Gateway (REST, proxy) event.

    `answer_headers` go with the answer, whatever it may be in the end.
    """

    def __init__(self, event: Mapping[str, Any]) -> None:
        self.answer_headers: dict[str, str] = {}
        self._event = event
        self._headers = {k.lower(): v for k, v in (event.get("headers") or {}).items()}

    @property
    def tenant(self) -> str:
        """Who is calling, as the authorizer found; never as the request says."""
        return str(self._event["requestContext"]["authorizer"]["tenant"])

    @property
    def scopes(self) -> Collection[str]:
        """What the caller's key is for, as the authorizer found."""
        return str(self._event["requestContext"]["authorizer"]["scopes"]).split()

    @property
    def claims(self) -> Mapping[str, str]:
        """What the caller's token says, which the authorizer has checked."""
        authorizer = self._event["requestContext"].get("authorizer") or {}
        return {name: str(value) for name, value in (authorizer.get("claims") or {}).items()}

    @property
    def id(self) -> str:
        return str(self._event["requestContext"].get("requestId", ""))

    @property
    def base_url(self) -> str:
        """Where the caller has found this API, stage and all."""
        context = self._event["requestContext"]
        root = str(context["path"]).removesuffix(str(self._event["path"]))
        return f"https://{context['domainName']}{root}"

    @property
    def root(self) -> str:
        """The way back from this address to `base_url`, as a relative reference begins."""
        return "../" * (str(self._event["path"]).count("/") - 1)

    def path(self, name: str) -> str:
        return str((self._event.get("pathParameters") or {})[name])

    def query(self, name: str) -> str | None:
        value = (self._event.get("queryStringParameters") or {}).get(name)
        return None if value is None else str(value)

    def header(self, name: str) -> str | None:
        return self._headers.get(name.lower())

    def json(self) -> Any:
        """Parse the body. Raises `BadRequestError` or `TooLargeError`."""
        kind = self.header("content-type")
        if kind is not None and not _JSON.fullmatch(kind.strip()):
            raise BadRequestError("Content-Type must be application/json")
        return self.json_of_any_kind()

    def json_of_any_kind(self) -> Any:
        """Parse the body, whatever the Content-Type says of it."""
        return parsed(self.content)

    @property
    def content(self) -> bytes:
        """The body as it was sent. Raises `BadRequestError` if it can be no JSON at all."""
        raw = self._event.get("body") or ""
        try:
            return base64.b64decode(raw) if self._event.get("isBase64Encoded") else raw.encode()
        except ValueError as error:
            raise BadRequestError("Request body must be valid JSON") from error

    def idempotency_key(self) -> str | None:
        """Return the `Idempotency-Key`, or raise `BadRequestError` if it cannot be one."""
        return checked_key(self.header("idempotency-key"))

    def wait(self, *, at_most: int) -> int | None:
        """Return the seconds of `Prefer: wait` (RFC 7240), at most so many; None if not asked."""
        asked = _WAIT.search(self.header("prefer") or "")
        return min(int(asked[1]), at_most) if asked else None
