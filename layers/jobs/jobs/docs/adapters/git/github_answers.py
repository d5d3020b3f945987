"""What GitHub's answers mean: one status has many meanings, which headers and bodies tell apart.

https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from jobs.docs.adapters.git.meanings import (
    is_of_repository,
    is_permission,
    is_rate_limit,
    with_words,
)
from jobs.docs.errors import CredentialsRefusedError
from jobs.kit.clock import Millis
from jobs.kit.errors import FailureClass, UpstreamError
from jobs.kit.outbound.retry_after import retry_after_s
from jobs.kit.peer_message import redact

SUCCESSES: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})
_REDIRECTS: Final = frozenset({301, 302, 307, 308})
_TRANSIENT: Final = frozenset({408, 425, 500, 502, 503, 504})
_FIRST_SERVER_ERROR: Final = 500
_TOO_QUICK: Final = re.compile(r"rate limit|too quickly", re.IGNORECASE)
_SECONDARY_DELAY_S: Final = 60.0
"""GitHub asks for at least a minute where it names no time."""
_FAR_AWAY_S: Final = 3600.0
_TOKEN: Final = re.compile(r"token|oauth|integration|saml|single sign-on|credential|authenticat")
_TOO_LONG: Final = re.compile(
    r"\b(title|body)\b[^;]{0,40}too long(?:[^;]{0,40}?(\d{2,9}))?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """GitHub's answer; status 0 without one. `body` is None if it was no JSON.

    `words` is GitHub's own message, without secrets.
    """

    status: int
    headers: Mapping[str, str]
    body: Any
    words: str

    @property
    def is_rate_limit(self) -> bool:
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return True
        if self.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            return bool(_TOO_QUICK.search(self.words))
        if self.status != HTTPStatus.FORBIDDEN or is_permission(self.words):
            return False
        spent = self.headers.get("X-RateLimit-Remaining") == "0"
        return spent or "Retry-After" in self.headers or is_rate_limit(self.words)

    @property
    def redirect(self) -> str | None:
        return self.headers.get("Location") if self.status in _REDIRECTS else None

    @property
    def says_exists(self) -> bool:
        return self._unprocessable and "already exists" in self.words.lower()

    @property
    def says_no_drafts(self) -> bool:
        return self._unprocessable and "draft" in self.words.lower()

    @property
    def says_unknown_head(self) -> bool:
        """GitHub may know a branch only some time after its push."""
        return self._unprocessable and "head invalid" in self.words

    @property
    def _unprocessable(self) -> bool:
        return self.status == HTTPStatus.UNPROCESSABLE_ENTITY

    def find_too_long(self) -> tuple[str, int] | None:
        """Return the field that is too long, and the characters that it may have, or 0."""
        found = _TOO_LONG.search(self.words) if self._unprocessable else None
        return (found[1].lower(), int(found[2] or 0)) if found else None

    def retry_delay_s(self, attempt: int, now: Millis) -> float | None:
        """Return the seconds to wait before the next attempt, 0 for any time, None for never.

        https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
        """
        if asked := retry_after_s(self.headers, now=now):
            return asked if self.is_rate_limit or self.status in _TRANSIENT else None
        if self.is_rate_limit:
            if self.headers.get("X-RateLimit-Remaining") == "0":
                reset = self.headers.get("X-RateLimit-Reset", "")
                known = reset.isascii() and reset.isdecimal()
                return max(1.0, int(reset) - now / 1000) if known else _FAR_AWAY_S
            return float(_SECONDARY_DELAY_S * 2**attempt)
        transient = not self.status or self.status in _TRANSIENT or self.says_unknown_head
        return 0.0 if transient else None

    def to_error(self) -> UpstreamError:
        """Return the reason of a failure."""
        failure_class, reason = self._diagnose()
        moved = f" to {redact(self.redirect)}" if self.redirect else ""
        detail = f"GitHub: {self.status or 'no response'} {self.words}".rstrip() + moved
        if failure_class is FailureClass.CREDENTIALS:
            return CredentialsRefusedError(reason, detail=detail)
        return UpstreamError(reason, failure_class, detail=detail)

    def _diagnose(self) -> tuple[FailureClass, str]:
        if self.is_rate_limit:
            return FailureClass.QUOTA, "GitHub limits the rate of our requests. Try again later"
        if not self.status or self.status in _TRANSIENT or self.status >= _FIRST_SERVER_ERROR:
            return FailureClass.UNAVAILABLE, "GitHub is not available"
        if self.status in _REDIRECTS:
            reason = "The repository has moved on GitHub. Correct `pullRequests` in the registry"
            return FailureClass.NOT_FOUND, reason
        if self.status == HTTPStatus.UNAUTHORIZED:
            return FailureClass.CREDENTIALS, "GitHub refused our credentials"
        if not isinstance(self.body, dict):
            reason = "GitHub's answer makes no sense. Is `githubApi` right?"
            return FailureClass.BAD_ANSWER, reason
        return self._diagnose_refusal()

    def _diagnose_refusal(self) -> tuple[FailureClass, str]:
        if self.status == HTTPStatus.NOT_FOUND:
            reason = "GitHub has no such repository, or our credentials do not open it"
            return FailureClass.CREDENTIALS, reason
        if self.status == HTTPStatus.FORBIDDEN and self._is_about_token():
            return FailureClass.CREDENTIALS, self._forbidden()
        for field in ("base", "head"):
            if f"{field} invalid" in self.words:
                reason = f"GitHub does not know the {field} branch of the pull request"
                return FailureClass.NOT_FOUND, reason
        return FailureClass.REFUSED, with_words("GitHub refused the pull request", self.words)

    def _is_about_token(self) -> bool:
        words = self.words.removesuffix(".").lower()
        if words in {"", "forbidden"} or "X-GitHub-SSO" in self.headers:
            return True
        return bool(_TOKEN.search(words) or is_permission(words)) and not is_of_repository(words)

    def _forbidden(self) -> str:
        if "required" in self.headers.get("X-GitHub-SSO", "") or "SAML" in self.words:
            return "GitHub wants our token to be authorized for the organization's single sign-on"
        if is_permission(self.words):
            return "Our token may not open pull requests on GitHub: it needs write access to them"
        return "GitHub refused our credentials"


def read_words(body: Any) -> str:
    """Return GitHub's message with its errors: `Validation Failed; base invalid`."""
    return "; ".join(dict.fromkeys(filter(None, _words(body))))


def _words(body: Any) -> Iterator[str]:
    if not isinstance(body, dict):
        return
    yield _text(body.get("message"))
    errors = body.get("errors")
    for each in errors if isinstance(errors, list) else [errors]:
        if isinstance(each, dict):
            field, message = _text(each.get("field")), _text(each.get("message"))
            about = "" if field.lower() in message.lower() else f"{field} "
            yield f"{about}{message or _text(each.get('code'))}".strip()
        else:
            yield _text(each)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
