"""The server's tenants, by its admin API, and its events, by its own stream."""

import http.client
import json
import sqlite3
import urllib.parse
from collections.abc import Mapping
from contextlib import closing
from threading import Thread
from typing import Any, Self
from uuid import uuid4

from jobs.docs.adapters.dynamodb.projects import to_row
from jobs.docs.docs_job import Project
from jobs.kit.file_secrets import FileSecrets
from jobs.kit.sqlite.rows import to_text
from jobs.messaging.agent import Agent
from jobs.webhooks.adapters.secrets import dump_secrets
from jobs.webhooks.signature import new_secret
from local.stack.server_process import ServerStack
from tests.e2e.api import Api, eventually
from tests.e2e.docs_agents import NOWHERE, DocsApi


class Operator:
    """Registers entries by the admin API."""

    def __init__(self, stack: ServerStack) -> None:
        self._api = Api(stack.base_url, stack.seeded["admin"]["apiKey"], "")

    def add_tenant(self, tenant: str) -> None:
        assert self._api.post("/admin/tenants", {"id": tenant}).status in {201, 409}

    def put(self, tenant: str, collection: str, entry: Mapping[str, Any]) -> None:
        path = f"/admin/tenants/{tenant}/{collection}/{entry['id']}"
        put = self._api.send("PUT", path, json.dumps(entry).encode())
        assert put.status in {200, 201}, put.body

    def make_key(self, tenant: str, **about: Any) -> str:
        made = self._api.post(f"/admin/tenants/{tenant}/keys", {"name": "test", **about})
        return str(made.json["secret"])


def add_tenant(stack: ServerStack, *agents: Agent) -> Api:
    """Register a new tenant with a key and these agents, by default an echo."""
    operator, tenant = Operator(stack), f"tenant-{uuid4().hex[:12]}"
    operator.add_tenant(tenant)
    for agent in agents or [Agent(id=str(uuid4()), name="Echo")]:
        about = {
            name: getattr(agent, name)
            for name in ("id", "name", "bio", "order", "active", "provider", "settings")
        }
        operator.put(tenant, "agents", about)
    return Api(stack.base_url, operator.make_key(tenant, api="messaging"), tenant)


def add_project(
    stack: ServerStack, tenant: str | None = None, repository: str = NOWHERE, **about: Any
) -> DocsApi:
    """Register a project, by default of a new organisation."""
    owner, project = tenant or f"docs-{uuid4().hex[:12]}", f"p-{uuid4().hex[:12]}"
    operator = Operator(stack)
    operator.add_tenant(owner)
    made = Project(id=project, tenant=owner, repository=repository, subdomain="acme", **about)
    # The admin API refuses what only tests need, such as another address of GitHub.
    write_row(stack, f"TENANT#{owner}", f"PROJECT#{project}", to_row(made))
    key = operator.make_key(owner, api="docs", scopes=["read", "write"])
    return DocsApi(stack.base_url, owner, project, key)


def write_row(stack: ServerStack, pk: str, sk: str, row: Mapping[str, Any]) -> None:
    """Write to the registry beside the server, which reads it at each use."""
    with closing(sqlite3.connect(stack.data / "sortie.db")) as database, database:
        database.execute(
            "INSERT INTO registry (pk, sk, row) VALUES (?, ?, ?)", (pk, sk, to_text(row))
        )


def add_webhook_secret(stack: ServerStack, tenant: str) -> str:
    """Store a signing secret for a tenant's webhooks; return it."""
    made = new_secret()
    secrets = FileSecrets(stack.data / "secrets.json")
    secrets.put(f"sortie/webhooks/{tenant}", dump_secrets([made]))
    return made


class EventStream:
    """A caller's events, as `tests.e2e.events.Bus` has them."""

    def __init__(self, api: Api) -> None:
        where = urllib.parse.urlsplit(api.base_url)
        self._connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
        self._headers = {"X-API-Key": api.key or ""}
        self._details: list[Any] = []

    def __enter__(self) -> Self:
        self._connection.request("GET", "/events", headers=self._headers)
        self._response = self._connection.getresponse()
        assert self._response.status == 200
        assert self._response.readline() == b": connected\n"
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.sock and self._connection.sock.close()

    def received(self) -> list[Any]:
        return [*self._details]

    def of(self, job_id: str) -> list[str]:
        return [event["status"] for event in self.received() if event["jobId"] == job_id]

    def until(self, job_id: str, *statuses: str) -> None:
        """Wait for as many events of a job; check that they are exactly these."""
        eventually(lambda: self.of(job_id), lambda seen: len(seen) >= len(statuses))
        assert self.of(job_id) == [*statuses]

    def _read(self) -> None:
        while line := self._response.readline():
            if line.startswith(b"data: "):
                self._details.append(json.loads(line[6:]))
