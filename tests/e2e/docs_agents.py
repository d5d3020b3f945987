"""The documentation agents' API as its clients meet it: a key, a project, requests about it."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from jobs.adapters.dynamodb.registry import DynamoRegistry
from jobs.domain.agent import Scope
from jobs.services.authenticate import new_key
from tests.e2e.api import Answer, Api

FOREVER = 2**42
NOWHERE = "http://127.0.0.1:9/nowhere.git"


@dataclass(frozen=True)
class DocsApi:
    """A caller with a key and a project; `path` is filled in: `/v2/agent/{project}/job`."""

    base_url: str
    tenant: str
    project: str
    key: str

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a body: bytes as they are, all else as JSON."""
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        kind = {} if raw is None else {"Content-Type": "application/json"}
        mine = {"Authorization": f"Bearer {self.key}", **kind, **(headers or {})}
        place = path.replace("{project}", self.project)
        return Api(self.base_url, None, self.tenant).send(method, place, raw, mine)

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def create(self, prompt: str = "say Hello", **headers: str) -> Answer:
        return self.send("POST", "/v2/agent/{project}/job", {"prompt": prompt}, headers)

    def message(self, job_id: str, prompt: str = "say More", **headers: str) -> Answer:
        path = f"/v2/agent/{{project}}/job/{job_id}/message"
        return self.send("POST", path, {"prompt": prompt}, headers)


def docs_key(
    registry: DynamoRegistry,
    tenant: str,
    scopes: Collection[Scope] = tuple(Scope),
    expires_at: int = FOREVER,
) -> str:
    """Register a key and return it."""
    credential, kept = new_key(tenant, opens="docs", scopes=scopes, expires_at=expires_at)
    registry.put_key(kept)
    return credential
