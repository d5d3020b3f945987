"""`make serve`: run the server on this machine until Ctrl-C, with the demo registry.

usage: PORT=8080 DATA=.local/serve REPO= MODEL= STACK_FILE=.local/stack.json
    PARAMETERS='{"Name": "value"}' python -m local.stack.serve
"""

import json
import os
import socket
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.git.launch import GitHost, run_git_host
from local.git.own_repository import find_repository
from local.kit.errors import LocalStackError
from local.kit.network import bind_port
from local.kit.paths import ROOT
from local.kit.progress import step
from local.kit.run_folder import run_folder
from local.models.model import BEDROCK_KEY, PARAMETERS, Model, bedrock_variables, read_model
from local.models.reach import check_model
from local.models.tiny import run_tiny
from local.models.warm_up import load_in_background
from local.stack.chat_link import format_chat_link
from local.stack.stack_file import StackFile, write_privately
from sortie_server.logs import set_up_logs
from sortie_server.server import Server, leave, open_server

STACK_NAME: Final = "sortie"
REGISTRY: Final = Path(__file__).with_name("registry.yaml")
MAX_PORT: Final = 65_535
ABSENT: Final = ("webSocketUrl", "awsEndpointUrl", "eventBusName", "mqtt", "missions", "payments")
"""Keys that the description of `make up` has, and this one has no value for."""
SUMMARY: Final = """
Sortie is running. Send a message to an agent:

  KEY=$(grep -m1 -o 'sortie_[^"]*' {file})
  curl -s {url}/api/messaging/jobs \\
    -H "X-API-Key: $KEY" -H 'Content-Type: application/json' -H 'Prefer: wait=10' \\
    -d '{{"userId": "11111111-1111-4111-8111-111111111111", "content": "Hello"}}'

Chat with the agents (sign in with the key `messaging` of that file): {url}/chat

All APIs but missions, to read and to try with the keys of that file: {url}/docs
{agents}Jobs stay in {data}. Press Ctrl-C to stop.
"""


def main() -> int:
    file = StackFile(ROOT / os.environ.get("STACK_FILE", ".local/stack.json"))
    try:
        if model := read_model(os.environ):
            check_model(model)
        with file.hold():
            run(file, model)
    except LocalStackError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before the server takes signals itself
        return 0
    return 0


def run(file: StackFile, model: Model | None) -> None:
    data = ROOT / os.environ.get("DATA", ".local/serve")
    own = os.environ.get("REPO", "")
    with ExitStack() as cleanup:
        bound = cleanup.enter_context(bind(os.environ.get("PORT", "8080")))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        folder = cleanup.enter_context(run_folder())
        set_up_logs(os.environ.get("LOG_LEVEL", "WARNING"))
        keys = Keys.read(data / "keys.json")
        git = cleanup.enter_context(
            run_git_host(folder, find_repository(own) if own else None, keys.git_password)
        )
        chosen = {"PublicUrl": url, "WebhooksToLoopback": "true"}
        if model:
            chosen |= PARAMETERS
            if model.kind == "tiny":
                with step("starting the model"):
                    model = cleanup.enter_context(run_tiny(model, folder))
        connect_bedrock(model)
        chosen |= json.loads(os.environ.get("PARAMETERS", "{}"))
        server = cleanup.enter_context(open_server(data, chosen))
        description, agents = seed(server, url, git, keys, model)
        cleanup.enter_context(file.publish(description))
        print(SUMMARY.format(file=file.path, url=url, data=data, agents=agents))
        if sys.stdout.isatty():
            print(format_chat_link(url, keys.keys["demo"]))
        server.run(bound, lambda: announce(url, model))


def connect_bedrock(model: Model | None) -> None:
    """Have this process reach Bedrock with the caller's key, only if it was asked for."""
    os.environ.pop(BEDROCK_KEY, None)
    os.environ.update(bedrock_variables(model))


def announce(url: str, model: Model | None) -> None:
    print(f"ready {url}", flush=True)
    load_in_background(model)


def bind(port: str) -> socket.socket:
    if not port.isdecimal() or int(port) > MAX_PORT:
        raise LocalStackError(f"PORT={port} is not a port; use 0 to {MAX_PORT}")
    try:
        bound = bind_port(int(port))
    except OSError as error:
        raise LocalStackError(f"port {port} is unavailable; try PORT=8090 make serve") from error
    bound.listen(2048)
    return bound


@dataclass
class Keys:
    """The plain keys of the demo tenant, as the database has only their hashes."""

    file: Path
    keys: dict[str, str]
    git_password: str

    @classmethod
    def read(cls, file: Path) -> "Keys":
        try:
            content = json.loads(file.read_text())
        except FileNotFoundError:
            content = {}
        return cls(file, content.get("keys", {}), content.get("gitPassword", ""))

    def write(self) -> None:
        content = {"keys": self.keys, "gitPassword": self.git_password}
        write_privately(self.file, json.dumps(content, indent=2) + "\n")


def seed(
    server: Server, url: str, git: GitHost, keys: Keys, model: Model | None
) -> tuple[dict[str, Any], str]:
    """Register the demo tenant. Return the content of stack.json, and a line about its agents."""
    # These modules read the environment, which `open_server` sets.
    from jobs.admin.api.requests import admin_key  # noqa: PLC0415
    from jobs.admin.wiring import wiring as admin  # noqa: PLC0415
    from jobs.auth.wiring import wiring as auth  # noqa: PLC0415
    from local.stack.demo import serve_own_repository  # noqa: PLC0415
    from local.stack.model import forget_model, list_agents, secret_name, with_model  # noqa: PLC0415
    from scripts.registry_file import RegistryFile  # noqa: PLC0415
    from scripts.registry_load import create_keys, list_keys, load  # noqa: PLC0415

    git_url = git.url.rpartition("/")[0]
    variables = {"STACK": STACK_NAME, "BASE_URL": url, "GIT_URL": git_url}
    file = serve_own_repository(RegistryFile.read(REGISTRY, variables), git)
    file = with_model(file, model, STACK_NAME)
    load(file, admin.registry)
    if model is None:
        forget_model(admin.registry, file.tenant)
    elif model.key:
        server.secrets.hold(secret_name(STACK_NAME), model.key)
    wanted = [*list_keys(file), admin_key("local")]
    missing = [
        each
        for each in wanted
        if not auth.authenticate(keys.keys.get(each.name, ""), opens=each.opens)
    ]
    keys.keys |= create_keys(missing, admin.registry)
    keys.git_password = git.password
    keys.write()
    credentials = json.dumps({"username": git.user, "password": git.password})
    server.secrets.put(f"{STACK_NAME}/agents/far-echo", keys.keys["demo"])
    server.secrets.put(f"{STACK_NAME}/agents/git", credentials)
    project = file.projects[0]
    description = {
        "stackName": STACK_NAME,
        "baseUrl": url,
        **dict.fromkeys(ABSENT),
        "tenant": file.tenant,
        "messaging": {"apiKey": keys.keys["demo"]},
        "docsAgents": {
            "apiKey": keys.keys["demo-docs"],
            "projectId": project.id,
            "repository": project.repository,
            "gitUser": git.user,
            "gitPassword": git.password,
        },
        "webhooks": {"secret": find_webhook_secret(server, file.tenant)},
        "admin": {"apiKey": keys.keys["local"]},
        **({"model": model.description()} if model else {}),
    }
    return description, f"Agents: {list_agents(file, model)}\n" if model else ""


def find_webhook_secret(server: Server, tenant: str) -> str:
    """Return the newest secret that signs the tenant's webhooks; create the first one."""
    from jobs.kit.errors import RefusedError  # noqa: PLC0415
    from jobs.webhooks.adapters.secrets import dump_secrets, parse_secrets  # noqa: PLC0415
    from jobs.webhooks.signature import new_secret  # noqa: PLC0415

    name = f"{STACK_NAME}/webhooks/{tenant}"
    try:
        return parse_secrets(server.secrets.read(name))[0]
    except RefusedError:
        server.secrets.put(name, dump_secrets([new_secret()]))
        return parse_secrets(server.secrets.read(name))[0]


if __name__ == "__main__":
    leave(main())
