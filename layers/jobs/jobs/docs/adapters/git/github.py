"""Pull requests over GitHub's REST API. A project's setting `githubApi` overrides its URL."""

import json
import random
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError

from jobs.docs.adapters.git.credentials import credentials_of
from jobs.docs.docs_job import Project
from jobs.docs.errors import CredentialsRefusedError
from jobs.kit.errors import UpstreamError
from jobs.kit.secrets import SecretReader

_API: Final = "https://api.github.com"
_MAX_ATTEMPTS: Final = 4
_MAX_RETRY_DELAY_S: Final = 30.0
_REFUSED_STATUSES: Final = frozenset({401, 403, 404})
_TRANSIENT_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_RESPONSE_BYTES: Final = 2**20


class GitHubPullRequests:
    def __init__(self, secrets: SecretReader) -> None:
        self._secrets = secrets
        self._pool = urllib3.PoolManager(retries=False)

    def open(self, project: Project, branch: str, *, title: str, body: str, draft: bool) -> str:
        """Open a pull request unless the branch has one, and return its URL.

        The project's password is the token. Raises `UpstreamError`, `CredentialsRefusedError`.
        """
        made = self._call("POST", project, {
            "title": title, "body": body, "draft": draft,
            "head": branch, "base": project.default_branch,
        })  # fmt: skip
        if made is None:  # it exists, or it is impossible
            owner, _, _ = str(project.pull_requests).partition("/")
            query = {"head": f"{owner}:{branch}", "base": project.default_branch, "state": "open"}
            found = self._call("GET", project, query)
            made = found[0] if isinstance(found, list) and found else None
        match made:
            case {"html_url": str(address)} if address.startswith(("https://", "http://")):
                return address
        raise UpstreamError("GitHub refused the pull request")

    def _call(self, method: str, project: Project, about: Mapping[str, Any]) -> Any:
        """Return the response's body, or None for an unprocessable request (422)."""
        api = project.settings.get("githubApi", _API).rstrip("/")
        url = f"{api}/repos/{project.pull_requests}/pulls"
        if method == "GET":
            url = f"{url}?{urlencode(about)}"
        body = json.dumps(about).encode() if method == "POST" else None
        headers = self._headers(project)
        for attempt in range(_MAX_ATTEMPTS):
            status, pause, answer = self._attempt(method, url, headers, body)
            if status in {HTTPStatus.OK, HTTPStatus.CREATED}:
                return answer
            if status == HTTPStatus.UNPROCESSABLE_ENTITY:
                return None
            if status in _REFUSED_STATUSES and not pause:
                raise CredentialsRefusedError("GitHub refused our credentials")
            pause = pause or random.uniform(0.25, 0.5) * 2**attempt  # noqa: S311 - jitter
            if status not in _TRANSIENT_STATUSES | _REFUSED_STATUSES or pause > _MAX_RETRY_DELAY_S:
                break
            if attempt < _MAX_ATTEMPTS - 1:  # idempotent: `open` finds an existing one
                time.sleep(pause)
        raise UpstreamError("GitHub is not available")

    def _attempt(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, float, Any]:
        """Return the status, the retry delay (s) and the body. Without a response, return 503."""
        try:
            response = self._pool.request(
                method,
                url,
                headers=headers,
                body=body,
                timeout=urllib3.Timeout(connect=5, read=15),
                redirect=False,
                preload_content=False,
            )
            try:
                raw = response.read(_MAX_RESPONSE_BYTES)
            finally:
                response.close()
        except HTTPError:
            return 503, 0, None
        except ValueError:  # no cause: the error quotes the token
            raise CredentialsRefusedError("The project's credentials are not set up") from None
        after = response.headers.get("Retry-After", "")
        pause = float(after) if after.isdecimal() else 0.0
        if response.headers.get("X-RateLimit-Remaining") == "0":
            pause = pause or _MAX_RETRY_DELAY_S + 1  # the hourly rate limit is exhausted
        try:
            return response.status, pause, json.loads(raw or b"null")
        except (ValueError, RecursionError):
            return response.status, pause, None

    def _headers(self, project: Project) -> Mapping[str, str]:
        credentials = credentials_of(project, self._secrets)
        if credentials is None:
            raise CredentialsRefusedError("The project has no credentials for GitHub")
        return {
            "Authorization": f"Bearer {credentials.password}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
            "User-Agent": "sortie",
            "X-GitHub-Api-Version": "2022-11-28",
        }
