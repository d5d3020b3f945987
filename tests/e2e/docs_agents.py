"""A client of the documentation agents' API, and of git."""

import http.client
import json
import subprocess
import urllib.parse
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.auth.api_key import Scope
from jobs.auth.authenticate import new_key
from scripts.registry_table import RegistryTable
from tests.e2e.api import TIMEOUT_S, Answer, Api, eventually

FOREVER = 2**42
OVER = {"completed", "error", "interrupted", "github_missconfigured"}
NOWHERE = "http://127.0.0.1:9/nowhere.git"


@dataclass(frozen=True)
class DocsApi:
    """A caller with a key and a project, whose id replaces `{project}` in paths."""

    base_url: str
    tenant: str
    project: str
    key: str

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send bytes unchanged and anything else as JSON."""
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        kind = {} if raw is None else {"Content-Type": "application/json"}
        headers_sent = {"Authorization": f"Bearer {self.key}", **kind, **(headers or {})}
        place = path.replace("{project}", self.project)
        return Api(self.base_url, None, self.tenant).send(method, place, raw, headers_sent)

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def create(self, prompt: str = "say Hello", **headers: str) -> Answer:
        return self.send("POST", "/v2/agent/{project}/job", {"prompt": prompt}, headers)

    def message(self, job_id: str, prompt: str = "say More", **headers: str) -> Answer:
        path = f"/v2/agent/{{project}}/job/{job_id}/message"
        return self.send("POST", path, {"prompt": prompt}, headers)

    def cancel(self, job_id: str) -> Answer:
        return self.send("POST", f"/v2/agent/{{project}}/job/{job_id}/cancel")


def docs_key(
    registry: RegistryTable,
    tenant: str,
    scopes: Collection[Scope] = tuple(Scope),
    expires_at: int = FOREVER,
) -> str:
    """Register a key and return it."""
    credential, key = new_key(tenant, opens="docs", scopes=scopes, expires_at=expires_at)
    registry.put_key(key)
    return credential


@dataclass(frozen=True)
class Clone:
    folder: Path

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.folder), *arguments], capture_output=True, check=True, text=True
        )
        return done.stdout.strip()

    def read(self, path: str) -> str:
        return (self.folder / path).read_text()


def cloned(url: str, branch: str, folder: Path) -> Clone:
    """Clone with the ordinary git client."""
    subprocess.run(["git", "clone", "--quiet", "--branch", branch, url, str(folder)], check=True)
    return Clone(folder)


@dataclass(frozen=True)
class Streamed:
    status: int
    job_id: str
    branch: str
    pieces: list[str]

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def write(
    docs: DocsApi, prompt: str, listening: Callable[[str], None] = lambda _: None, **body: Any
) -> Streamed:
    """Create a job and read its stream to the end, line by line."""
    where = urllib.parse.urlsplit(docs.base_url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=180)
    sent = {"messages": [{"role": "user", "content": prompt}], **body}
    connection.request(
        "POST",
        f"/v1/agent/{docs.project}/job",
        json.dumps(sent),
        {"Authorization": f"Bearer {docs.key}", "Content-Type": "application/json"},
    )
    answer = connection.getresponse()
    pieces = []
    for line in answer:
        pieces.append(line.decode())
        listening(pieces[-1])
    connection.close()
    return Streamed(
        answer.status,
        answer.headers["X-Session-Id"],
        answer.headers["X-Branch-Name"],
        pieces,
    )


def over(docs: DocsApi, job_id: str, *, seconds: float = TIMEOUT_S) -> Any:
    """Return the session once the agent has finished."""
    return eventually(
        lambda: docs.get(f"/v1/agent/{{project}}/job/{job_id}").json,
        lambda seen: seen["haultReason"] in OVER,
        seconds=seconds,
    )
