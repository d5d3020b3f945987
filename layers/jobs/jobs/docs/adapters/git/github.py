"""Pull requests over GitHub's REST API. A project's setting `githubApi` overrides its URL."""

import json
import random
import time
import unicodedata
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from jobs.docs.adapters.git.credentials import Credentials, credentials_of
from jobs.docs.adapters.git.github_answers import SUCCESSES, Answer, read_words
from jobs.docs.docs_job import Project
from jobs.docs.errors import CredentialsRefusedError
from jobs.kit.clock import now
from jobs.kit.errors import FailureClass, UpstreamError
from jobs.kit.outbound.final_response import connection_pools
from jobs.kit.peer_message import peer_message, redact
from jobs.kit.secrets import SecretReader

_API: Final = "https://api.github.com"
_MAX_ATTEMPTS: Final = 4
_MAX_RETRY_DELAY_S: Final = 90.0
"""All delays of a request together stay well below the time of an attempt, 14 minutes."""
_MAX_REDIRECTS: Final = 3
_MAX_CORRECTIONS: Final = 4
_MAX_RESPONSE_BYTES: Final = 2**20
_LIMITS: Final = {"title": 256, "body": 65_536}
"""In characters, of github.com: others may have lower ones."""
_CUT_NOTE: Final = "\n\n… (cut off, too long for GitHub)"
_JOINER: Final = "\u200d"


class GitHubPullRequests:
    def __init__(self, secrets: SecretReader) -> None:
        self._secrets = secrets
        self._pool = connection_pools()

    def open(self, project: Project, branch: str, *, title: str, body: str, draft: bool) -> str:
        """Open a pull request unless the branch has one, and return its URL.

        The project's password is the token. An ordinary pull request replaces a draft where GitHub
        has none; a text that is too long is cut. Raises `UpstreamError`, `CredentialsRefusedError`.
        """
        credentials = self._credentials(project)
        url = f"{_repository_url(project)}/pulls"
        wanted: dict[str, Any] = {
            "title": cut(" ".join(title.split()) or branch, _LIMITS["title"], "…"),
            "body": cut(body, _LIMITS["body"], _CUT_NOTE),
            "draft": draft, "head": branch, "base": project.default_branch,
        }  # fmt: skip
        answer = self._call("POST", url, credentials, wanted)
        for _ in range(_MAX_CORRECTIONS):
            correction = _correct(wanted, answer)
            if correction is None:
                break
            wanted |= correction
            answer = self._call("POST", url, credentials, wanted)
        if answer.status not in SUCCESSES and not answer.says_exists:
            raise answer.to_error()
        link = _link(answer.body) or self._find(url, credentials, wanted)
        if link is None:
            raise UpstreamError(
                "GitHub's answer has no link to the pull request",
                FailureClass.BAD_ANSWER,
                detail=f"GitHub: {answer.status} {answer.words}".rstrip(),
            )
        return link

    def check(self, project: Project) -> None:
        """Ask for the repository. Raises like `open`, also if it has moved."""
        answer = self._attempt("GET", _repository_url(project), self._credentials(project), None)
        if answer.status not in SUCCESSES:
            raise answer.to_error()

    def _credentials(self, project: Project) -> Credentials:
        credentials = credentials_of(project, self._secrets)
        if credentials is None:
            raise CredentialsRefusedError("The project has no credentials for GitHub")
        return credentials

    def _find(self, url: str, credentials: Credentials, wanted: Mapping[str, Any]) -> str | None:
        """Return the URL of the open pull request of the branch."""
        query = {"base": wanted["base"], "state": "open", "per_page": 100}
        owner = urlsplit(url).path.rsplit("/", 3)[1]
        for head in ({"head": f"{owner}:{wanted['head']}"}, {}):  # {}: the owner has a new name
            for each in self._list(url, credentials, head | query):
                match each:
                    case {
                        "head": {"ref": ref, "repo": {"id": one}},
                        "base": {"repo": {"id": other}},
                    } if ref == wanted["head"] and one == other:
                        return _link(each)
        return None

    def _list(self, url: str, credentials: Credentials, query: Mapping[str, Any]) -> list[Any]:
        answer = self._call("GET", f"{url}?{urlencode(query)}", credentials)
        if answer.status not in SUCCESSES:
            raise answer.to_error()
        return answer.body if isinstance(answer.body, list) else []

    def _call(
        self, method: str, url: str, credentials: Credentials, body: Mapping[str, Any] | None = None
    ) -> Answer:
        """Return the final answer. Repeats are safe: `open` finds what exists."""
        attempt = redirects = 0
        while True:
            answer = self._attempt(method, url, credentials, body)
            if answer.redirect:
                elsewhere = urljoin(url, answer.redirect)
                redirects += 1
                if redirects > _MAX_REDIRECTS or _origin(elsewhere) != _origin(url):
                    raise answer.to_error()  # no other host gets the token
                url = elsewhere
                continue
            delay = answer.retry_delay_s(attempt, now())
            attempt += 1
            if delay is None or delay > _MAX_RETRY_DELAY_S or attempt == _MAX_ATTEMPTS:
                return answer
            time.sleep(delay or random.uniform(0.25, 0.5) * 2**attempt)  # noqa: S311 - jitter

    def _attempt(
        self, method: str, url: str, credentials: Credentials, body: Mapping[str, Any] | None
    ) -> Answer:
        try:
            response = self._pool.request(
                method,
                url,
                headers={
                    "Authorization": f"Bearer {credentials.password}",
                    "Accept": "application/vnd.github+json",
                    "Content-Type": "application/json",
                    "User-Agent": "sortie",
                    "X-GitHub-Api-Version": "2022-11-28",
                },
                body=None if body is None else json.dumps(body).encode(),
                timeout=urllib3.Timeout(connect=5, read=15),
                redirect=False,
                preload_content=False,
            )
            try:
                raw = response.read(_MAX_RESPONSE_BYTES)
            finally:
                response.close()
        except HTTPError as error:
            return Answer(status=0, headers={}, body=None, words=type(error).__name__)
        except ValueError:  # no cause: the error quotes the token
            raise CredentialsRefusedError(
                "The project's credentials are not set up",
                detail="the password has characters that no HTTP header can have",
            ) from None
        secrets = (credentials.password, credentials.username)
        try:
            parsed = json.loads(raw or b"null")
        except (ValueError, RecursionError):
            words = peer_message(raw[:4096].decode(errors="replace"), *secrets)
            return Answer(status=response.status, headers=response.headers, body=None, words=words)
        words = redact(read_words(parsed), *secrets)
        return Answer(status=response.status, headers=response.headers, body=parsed, words=words)


def _repository_url(project: Project) -> str:
    api = project.settings.get("githubApi", _API).rstrip("/")
    return f"{api}/repos/{project.pull_requests}"


def cut(text: str, limit: int, note: str) -> str:
    """Return a text of at most `limit` characters; a cut never splits a letter or an emoji."""
    if len(text) <= limit:
        return text
    end = max(0, limit - len(note))
    while end and (_continues(text[end]) or text[end - 1] == _JOINER):
        end -= 1
    return text[:end] + note[:limit]


def _continues(character: str) -> bool:
    """Return whether a character is part of the one before it: accents, joiners, skin colours."""
    return (
        character == _JOINER
        or unicodedata.category(character) in {"Mn", "Mc", "Me"}
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )


def _correct(wanted: Mapping[str, Any], answer: Answer) -> Mapping[str, Any] | None:
    """Return other values for the field that GitHub will not have, or None."""
    if wanted["draft"] and answer.says_no_drafts:
        return {"draft": False}
    if found := answer.find_too_long():
        field, limit = found
        length = len(wanted[field])
        if not 0 < limit < length:  # GitHub counts otherwise, or names no limit
            limit = length // 2
        return {field: cut(wanted[field], limit, "…" if field == "title" else _CUT_NOTE)}
    return None


def _link(pull_request: Any) -> str | None:
    match pull_request:
        case {"html_url": str(address)} if address.startswith(("https://", "http://")):
            return address
    return None


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
