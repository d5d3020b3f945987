"""`sortie-server`: serve, and look after the data of a server."""

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jobs.kit.file_secrets import FileSecrets
from jobs.kit.sqlite.backup import back_up
from jobs.kit.sqlite.errors import DatabaseError
from sortie_server.settings import STACK_NAME, ParameterError
from sortie_server.template import Template


class CommandError(Exception):
    """A command cannot do its work. The text says why, and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    try:
        options.command(options)
    except (CommandError, DatabaseError, ParameterError) as error:
        print(f"sortie-server: {error}", file=sys.stderr)
        return 1
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sortie-server", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve all APIs until Ctrl-C")
    serve.set_defaults(command=run_serve)
    serve.add_argument("--data", type=Path, required=True, help="folder of the database")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on")
    serve.add_argument("--port", type=int, default=8080, help="port to listen on; 0: any")
    serve.add_argument("--registry", type=Path, help="registry file to apply at the start")
    serve.add_argument("--public-url", default="", help="URL that clients call, behind a proxy")
    serve.add_argument("--log-level", default="INFO", choices=["DEBUG", "INFO", "WARNING", "ERROR"])
    serve.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        type=parse_setting,
        help="set a parameter of template.yaml, such as AgentConcurrency=20",
    )
    for name, command, text in (
        ("backup", run_backup, "copy the database to a new file, also while the server runs"),
        ("migrate", run_migrate, "bring the database to this version, before the server starts"),
        ("dlq", run_dlq, "list dead letters, or return them to their queue"),
        ("secret", run_secret, "store a secret, read from standard input"),
        (
            "export",
            run_export,
            "copy the registry, with keys' hashes, and ended jobs to a stack on AWS",
        ),
    ):
        other = commands.add_parser(name, help=text)
        other.set_defaults(command=command)
        other.add_argument("--data", type=Path, required=True, help="folder of the database")
        match name:
            case "backup":
                other.add_argument("--to", type=Path, required=True, help="the new file")
            case "dlq":
                other.add_argument("--redrive", metavar="QUEUE", help="the queue to empty")
            case "secret":
                other.add_argument("name", help="the secret's name, such as sortie/agents/far")
            case "export":
                other.add_argument("--stack", required=True, help="the stack's name")
                other.add_argument("--region", required=True, help="the stack's region")
    return parser.parse_args(arguments)


def parse_setting(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def run_serve(options: argparse.Namespace) -> None:
    from sortie_server.logs import set_up_logs  # noqa: PLC0415 - quick help
    from sortie_server.server import leave, open_server  # noqa: PLC0415

    with bind(options.host, options.port) as bound:
        host = f"[{options.host}]" if ":" in options.host else options.host
        own_url = f"http://{host}:{bound.getsockname()[1]}"
        set_up_logs(options.log_level)
        chosen = {"PublicUrl": options.public_url, **dict(options.set)}
        with open_server(options.data, chosen, own_url) as server:
            url = server.parameters["PublicUrl"]
            if options.registry:
                apply_registry(options.registry, url)
            server.run(bound, lambda: print(f"ready {url}", flush=True))
    leave(0)


def apply_registry(file: Path, url: str) -> None:
    """Write a registry file's entries; print new keys, once. Raises `CommandError`."""
    # These modules read the environment, which `open_server` sets.
    from yaml import YAMLError  # noqa: PLC0415

    from jobs.admin.errors import IdTakenError  # noqa: PLC0415
    from jobs.admin.wiring import wiring as admin  # noqa: PLC0415
    from jobs.messaging.errors import FunctionRefusedError  # noqa: PLC0415
    from scripts import registry_load as registry  # noqa: PLC0415
    from scripts.registry_file import RegistryFile  # noqa: PLC0415

    try:
        content = RegistryFile.read(file, {**os.environ, "STACK": STACK_NAME, "BASE_URL": url})
        registry.load(content, admin.registry)
    except KeyError as error:
        raise CommandError(f"{file} uses ${{{error.args[0]}}}, which is not set") from error
    except (OSError, ValueError, YAMLError, FunctionRefusedError, IdTakenError) as error:
        raise CommandError(f"{file}: {error}") from error
    missing = registry.find_missing_keys(content, admin.registry)
    new = registry.create_keys(missing, admin.registry)
    if not registry.has_admin_key(admin.registry):
        new["of the admin API"] = registry.create_admin_key(admin.registry, "server") or ""
    for name, key in new.items():
        print(f"new key {name}, shown once: {key}", flush=True)


def run_backup(options: argparse.Namespace) -> None:
    back_up(find_database(options), options.to)
    print(f"{options.to} is complete")


def run_migrate(options: argparse.Namespace) -> None:
    from sortie_server.server import open_server  # noqa: PLC0415

    find_database(options)
    with open_server(options.data, {}):
        print("the database has this version's tables")


def run_dlq(options: argparse.Namespace) -> None:
    from sortie_server import dead_letters  # noqa: PLC0415

    file, template = find_database(options), Template.load()
    if options.redrive is None:
        for name, count in sorted(dead_letters.count_dead_letters(file, template).items()):
            print(f"{name}  {count}")
        return
    try:
        moved = dead_letters.redrive(file, template, options.redrive)
    except KeyError:
        known = ", ".join(sorted({*dead_letters.find_sources(template), dead_letters.CHANGES}))
        raise CommandError(f"there is no queue {options.redrive}; known are {known}") from None
    print(f"{options.redrive}: {moved} returned to their source")


def run_secret(options: argparse.Namespace) -> None:
    options.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    FileSecrets(options.data / "secrets.json").put(options.name, sys.stdin.read().strip())


def run_export(options: argparse.Namespace) -> None:
    file = find_database(options)
    from botocore.session import get_session  # noqa: PLC0415 - only this command needs it

    from jobs.kit.clock import now  # noqa: PLC0415
    from sortie_server.export import export_jobs, export_registry  # noqa: PLC0415

    session: Any = get_session()  # its clients have types of their own
    stacks = session.create_client("cloudformation", region_name=options.region)
    [stack] = stacks.describe_stacks(StackName=options.stack)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    client = session.create_client("dynamodb", region_name=options.region)
    for name, done in (
        ("entries", export_registry(file, client, outputs["RegistryTableName"])),
        ("ended jobs", export_jobs(file, client, outputs["JobTableName"], now=now())),
    ):
        print(f"{done.written} {name} written, {done.known} were there already")


def find_database(options: argparse.Namespace) -> Path:
    """Return the database of a server. Raises `CommandError` if there is none."""
    file: Path = options.data / "sortie.db"
    if not file.is_file():
        raise CommandError(f"there is no database {file}: name the folder that serves with --data")
    return file


def bind(host: str, port: int) -> socket.socket:
    """Bind the port before the database opens. Raises `CommandError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise CommandError(f"cannot listen on {host}:{port}: {error.strerror}") from error


if __name__ == "__main__":
    sys.exit(main())
