"""What git hosts say, in words: the same status or protocol error has many meanings.

GitHub, GitLab, Gitea, Bitbucket and Azure DevOps have no codes for them in git's protocol.
"""

import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Final

from jobs.docs.errors import CredentialsRefusedError
from jobs.kit.errors import FailureClass, UpstreamError

_RATE_LIMIT: Final = re.compile(r"rate limit|too many requests|abuse detection", re.IGNORECASE)
_SPENT: Final = re.compile(
    r"quota|(?:size|storage|space) limit|limit of|too large|larger than|exceed", re.IGNORECASE
)
_OF_REPOSITORY: Final = re.compile(
    r"archived|read-only|\bblocked\b|disabled|suspended|ip allow list|maintenance|dmca"
    r"|cloudflare|firewall|captcha",
    re.IGNORECASE,
)
_NO_PERMISSION: Final = re.compile(
    r"permission (?:to|denied)|have (?:the )?(?:\w+ )?permission|(?:write|push) access"
    r"|must have \w+ rights|access denied|not authorized|unauthori[sz]ed"
    r"|authentication (?:failed|required)|(?:bad|invalid) credential|` scope|not accessible by",
    re.IGNORECASE,
)
_NOT_FOUND: Final = re.compile(r"not found|not exist|no such|not exported", re.IGNORECASE)
_PROGRESS: Final = re.compile(r"\d+% \(\d+/\d+\)|, done\.?$|^processing\b", re.IGNORECASE)
_PREFIX: Final = re.compile(r"^(?:(?:remote|error|fatal):\s*)+", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"\b\w+://\S*")

_REFUSED_CREDENTIALS: Final = "The repository's host refused our credentials"
_RATE_LIMITED: Final = "The repository's host limits the rate of our requests. Try again later"
_UNKNOWN: Final = "The repository does not exist, or our credentials do not open it"
_REFUSED: Final = "The repository's host refused the request"
_FAILED: Final = "The repository's host has failed"
_MEANINGS: Final = {
    401: (FailureClass.CREDENTIALS, _REFUSED_CREDENTIALS),
    403: (FailureClass.CREDENTIALS, _REFUSED_CREDENTIALS),
    404: (FailureClass.NOT_FOUND, _UNKNOWN),
    407: (FailureClass.UNAVAILABLE, "A proxy refuses the way to the repository's host"),
    408: (FailureClass.UNAVAILABLE, _FAILED),
    410: (FailureClass.NOT_FOUND, _UNKNOWN),
    413: (FailureClass.QUOTA, "The push is too large for the repository's host"),
    425: (FailureClass.UNAVAILABLE, _FAILED),
}


def is_rate_limit(words: str) -> bool:
    return bool(_RATE_LIMIT.search(words))


def is_of_repository(words: str) -> bool:
    """Return whether a refusal is about the repository or the network, not our credentials."""
    return bool(_OF_REPOSITORY.search(words))


def is_permission(words: str) -> bool:
    return bool(_NO_PERMISSION.search(words))


def http_error(status: int, words: str, *, location: str, known: bool) -> UpstreamError:
    """Return the meaning of an HTTP status. `known`: the project has credentials."""
    detail = " ".join(filter(None, (f"git host: {status}", location, words)))
    failure_class, reason = _diagnose(status, words)
    if failure_class is not FailureClass.CREDENTIALS:
        return UpstreamError(reason, failure_class, detail=detail)
    if not known:
        reason = "The repository's host wants credentials, and the project has none"
    return CredentialsRefusedError(reason, detail=detail)


def _diagnose(status: int, words: str) -> tuple[FailureClass, str]:
    if status == HTTPStatus.TOO_MANY_REQUESTS or is_rate_limit(words):
        return FailureClass.QUOTA, _RATE_LIMITED
    if status == HTTPStatus.FORBIDDEN and is_of_repository(words):
        return FailureClass.REFUSED, with_words(_REFUSED, words)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return FailureClass.NOT_FOUND, "The repository has moved to another address"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return FailureClass.UNAVAILABLE, _FAILED
    return _MEANINGS.get(status, (FailureClass.REFUSED, _REFUSED))


def protocol_error(words: str) -> UpstreamError:
    """Return the meaning of an error packet, which hosts send in answers of status 200."""
    detail = f"git host: {words}"
    if is_rate_limit(words):
        return UpstreamError(_RATE_LIMITED, FailureClass.QUOTA, detail=detail)
    if _NOT_FOUND.search(words):
        return UpstreamError(_UNKNOWN, FailureClass.NOT_FOUND, detail=detail)
    if is_permission(words) and not is_of_repository(words):
        return CredentialsRefusedError(_REFUSED_CREDENTIALS, detail=detail)
    reason = with_words(_REFUSED, words)
    return UpstreamError(reason, FailureClass.REFUSED, detail=detail)


def push_error(words: str) -> UpstreamError:
    """Return the meaning of a refused push. The words are those of `read_push_words`."""
    reason = with_words("The repository's host refused the push, so nothing was pushed", words)
    detail = f"git host: {words}" if words else ""
    if is_permission(words) and not is_of_repository(words):
        return CredentialsRefusedError(reason, detail=detail)
    spent = _SPENT.search(words) or is_rate_limit(words)
    return UpstreamError(
        reason, FailureClass.QUOTA if spent else FailureClass.REFUSED, detail=detail
    )


def read_push_words(remote: str, status: str) -> str:
    """Return the reason in the lines of a host and its hooks (`remote: …`), and in its status."""
    text = " ".join(_reasons(remote.replace("\r", "\n").split("\n")))
    if not text:
        return status
    return text if status.endswith("hook declined") or status in text else f"{text} ({status})"


def _reasons(lines: Iterable[str]) -> Iterator[str]:
    for line in dict.fromkeys(_PREFIX.sub("", each.strip()) for each in lines):
        if any(map(str.isalnum, line)) and not _PROGRESS.search(line):
            yield line


def with_words(reason: str, words: str) -> str:
    """Append a host's words without addresses, which callers are not told."""
    told = " ".join(_ADDRESS.sub(" ", words).split()).strip(" :")
    return f"{reason}: {told}" if told else reason
