"""What a local stack remembers from run to run: the registry, partners' programs, secrets, keys.

The emulator itself forgets everything. So the registry table, the programs' app clients and the
secrets are read every few seconds, and written into each new stack before its demo entries.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from botocore.exceptions import BotoCoreError, ClientError

from local.cloud.aws import create_session
from local.kit.errors import LocalStackError
from local.stack.model import secret_name
from local.stack.stack_file import write_privately

INTERVAL_S: Final = 2
CLIENT_FIELDS: Final = (
    *("ClientId", "ClientSecret", "ClientName", "AllowedOAuthFlows", "AllowedOAuthScopes"),
    *("AllowedOAuthFlowsUserPoolClient", "AccessTokenValidity", "TokenValidityUnits"),
)
GIVEN_FIELDS: Final = ("ClientId", "ClientSecret")  # only the emulator takes them: app_clients.py


@dataclass(frozen=True)
class Memory:
    """`keys`: the plain keys of each tenant by name, as the registry has only their hashes.

    `program`: the credentials of the demo tenant's program. `git_password`: that of the git host.
    `admin_key`: the key of the admin API.
    """

    items: list[dict[str, Any]] = field(default_factory=list)
    clients: list[dict[str, Any]] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)
    keys: dict[str, dict[str, str]] = field(default_factory=dict)
    program: dict[str, str] = field(default_factory=dict)
    git_password: str = ""
    admin_key: str = ""

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read the file; return an empty memory if there is none."""
        try:
            return cls(**json.loads(file.read_text()))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, TypeError) as error:
            raise LocalStackError(f"{file} is unreadable: delete it, to start anew") from error

    def has_key(self, credential: str) -> bool:
        """Whether a key still works: an operator may have revoked or replaced it."""
        wanted = {f"KEY#{part}" for part in credential.split("_")[1:3]}
        never, now = {"N": "inf"}, time.time() * 1000
        return any(
            item["PK"]["S"] in wanted and now < float(item.get("expires_at", never)["N"])
            for item in self.items
        )

    def has_client(self, client_id: str) -> bool:
        return any(each["ClientId"] == client_id for each in self.clients)


class Backend:
    """The parts of the emulated AWS that are remembered."""

    def __init__(self, endpoint_url: str, stack: str, outputs: Mapping[str, str]) -> None:
        self.stack, self.outputs = stack, outputs
        self._prefixes = (f"{stack}/agents/", f"{stack}/webhooks/")
        self._forgotten = secret_name(stack)  # the key is the caller's
        self._table, self._pool = outputs["RegistryTableName"], outputs["UserPoolId"]
        self._cleanup = ExitStack()

        def open_client(name: Any) -> Any:
            client = create_session().client(name, endpoint_url=endpoint_url)
            return self._cleanup.enter_context(closing(client))

        self.dynamodb = open_client("dynamodb")
        self.cognito = open_client("cognito-idp")
        self.secrets = open_client("secretsmanager")
        self.iot = open_client("iot")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def restore(self, memory: Memory) -> None:
        """Write what is remembered into an empty stack.

        Raises:
            LocalStackError: The stack refuses it.

        """
        try:
            for item in memory.items:
                self.dynamodb.put_item(TableName=self._table, Item=item)
            for client in memory.clients:
                self._create_client(client)
            for name, value in memory.secrets.items():
                self.put_secret(name, value)
        except (BotoCoreError, ClientError, KeyError) as error:
            raise LocalStackError(
                f"the last run's registry cannot be restored: {error}. `make clean` forgets it"
            ) from error

    def read_items(self) -> list[dict[str, Any]]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self._table)
        return [item for page in pages for item in page["Items"]]

    def read_clients(self, items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the app clients of the programs in the registry."""
        for item in items:
            kind, _, client_id = item["PK"]["S"].partition("#")
            if kind != "CLIENT":
                continue
            try:
                found = self.cognito.describe_user_pool_client(
                    UserPoolId=self._pool, ClientId=client_id
                )["UserPoolClient"]
            except self.cognito.exceptions.ResourceNotFoundException:
                continue  # only an operator deletes one
            yield {name: found[name] for name in CLIENT_FIELDS if name in found}

    def list_secrets(self) -> dict[str, str]:
        """Return the version of each secret's value by the secret's name."""
        pages = self.secrets.get_paginator("list_secrets").paginate()
        return {
            secret["Name"]: json.dumps(secret.get("SecretVersionsToStages"), sort_keys=True)
            for page in pages
            for secret in page["SecretList"]
            if secret["Name"].startswith(self._prefixes) and secret["Name"] != self._forgotten
        }

    def read_secret(self, name: str) -> str:
        return str(self.secrets.get_secret_value(SecretId=name)["SecretString"])

    def put_secret(self, name: str, value: str) -> None:
        try:
            self.secrets.create_secret(Name=name, SecretString=value)
        except self.secrets.exceptions.ResourceExistsException:
            self.secrets.put_secret_value(SecretId=name, SecretString=value)

    def _create_client(self, client: Mapping[str, Any]) -> None:
        def add_given_fields(params: dict[str, Any], **_: object) -> None:
            given = {name: client[name] for name in GIVEN_FIELDS}
            params["body"] = json.dumps(json.loads(params["body"]) | given).encode()

        event = "before-call.cognito-identity-provider.CreateUserPoolClient"
        self.cognito.meta.events.register(event, add_given_fields)
        fields = {name: value for name, value in client.items() if name not in GIVEN_FIELDS}
        self.cognito.create_user_pool_client(UserPoolId=self._pool, GenerateSecret=True, **fields)
        self.cognito.meta.events.unregister(event, add_given_fields)


class Keeper:
    """Writes what has changed to the file."""

    def __init__(self, file: Path, backend: Backend, memory: Memory) -> None:
        self.memory = memory
        self._file = file
        self._backend = backend
        self._seen: object = None
        self._due_at = 0.0

    def remember(self, **changed: Any) -> None:
        """Keep other fields of the memory with the next save."""
        self.memory = Memory(**asdict(self.memory) | changed)
        self._seen, self._due_at = None, 0.0

    def save_if_due(self) -> None:
        if time.monotonic() >= self._due_at:
            with suppress(BotoCoreError, ClientError):  # if MiniStack has ended, others say so
                self.save()
            self._due_at = time.monotonic() + INTERVAL_S

    def save(self) -> None:
        items, versions = self._backend.read_items(), self._backend.list_secrets()
        if self._seen == (items, versions):
            return
        secrets = {name: self._backend.read_secret(name) for name in versions}
        clients = [*self._backend.read_clients(items)]
        changed = {"items": items, "clients": clients, "secrets": secrets}
        self.memory = Memory(**asdict(self.memory) | changed)
        write_privately(self._file, json.dumps(asdict(self.memory)) + "\n")
        self._seen = (items, versions)
