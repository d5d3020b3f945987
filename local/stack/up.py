"""`make up`: run the whole system on this machine until Ctrl-C.

usage: PORT=8080 CLOUD_PORT=0 PAYMENTS=off REPO= MODEL= STACK_FILE=.local/stack.json
       python -m local.stack.up
"""

import io
import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from dataclasses import replace
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from jobs.payments.payment import PaymentsMode
from local.git.own_repository import OwnRepository, find_repository
from local.kit.errors import LocalStackError
from local.kit.paths import ROOT
from local.models.model import Model, read_model
from local.models.reach import check_model
from local.models.warm_up import load_in_background
from local.stack.chat_link import format_chat_link
from local.stack.journal import Journal
from local.stack.launch import run_stack
from local.stack.local_stack import LocalStack
from local.stack.logline import NAME_WIDTH, format_line
from local.stack.logs import LogFollower
from local.stack.memory import Backend, Keeper, Memory
from local.stack.model import list_agents
from local.stack.own_registry import OwnRegistry
from local.stack.parent import Parent
from local.stack.seed import read_registry
from local.stack.stack_file import StackFile

POLL_INTERVAL_S = 0.5
MAX_PORT = 65_535
END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOPPING = "stopping: functions that still run have a few seconds to end"
SUMMARY = """
Sortie is running. Send a message to an agent:

  KEY=$(grep -m1 -o 'sortie_[^"]*' {quoted_file})
  curl -s {url}/api/messaging/jobs \\
    -H "X-API-Key: $KEY" -H 'Content-Type: application/json' -H 'Prefer: wait=10' \\
    -d '{{"userId": "11111111-1111-4111-8111-111111111111", "content": "Hello"}}'

Chat with the agents (sign in with the key `messaging` of the file below): {url}/chat

Live map of the drones (sign in with the `missions` credentials of the file below): {url}/tracking

All APIs, to read and to try with the credentials of the file below: {url}/docs

The documentation agents push each job to a branch of its own:

  {git}

{payments}{agents}Addresses and keys: {file}. Emulated AWS: {cloud}.
Logs follow, and with their times in {log}. Press Ctrl-C to stop.
"""
PAYMENTS_SUMMARY = """Messages cost USDC here (x402). The file below has the key of a funded wallet.

"""


class Interrupted(BaseException):
    """A signal has asked the process to end."""


def main() -> int:
    handle_signals()
    try:
        model = find_model()
        file = StackFile(ROOT / os.environ.get("STACK_FILE", ".local/stack.json"))
        with file.hold(), record_output(file.log) as journal:
            try:
                run(file, journal, model)
            except LocalStackError as error:
                journal.write(f"\n{error}\n")
                return 1
            except Interrupted:
                return 0
    except LocalStackError as error:  # of the file: another stack's journal has no place for it
        print(error, file=sys.stderr)
        return 1
    except Interrupted:
        return 0
    return 0


def find_model() -> Model | None:
    """Return the model that MODEL names, if any. Raises `LocalStackError` if it does not answer."""
    model = read_model(os.environ)
    if model:
        check_model(model)
    return model


def run(file: StackFile, journal: Journal, model: Model | None) -> None:
    """Run a stack until a signal."""
    memory = Memory.read(file.memory)
    own = read_repository(os.environ.get("REPO", ""))
    with (
        run_stack(
            port=read_port("PORT", 8080),
            cloud_port=read_port("CLOUD_PORT", 0),
            payments=parse_payments_mode(os.environ.get("PAYMENTS", "off")),
            repository=own,
            memory=memory,
            model=model,
        ) as stack,
        file.publish(stack.description()),
        Backend(stack.aws_endpoint_url, stack.name, stack.outputs) as backend,
        keep_memory(file, backend, remember_seeded(memory, stack)) as keeper,
        announce_end(),
    ):
        variables = {
            "STACK": stack.name,
            "BASE_URL": stack.base_url,
            "GIT_URL": stack.git_url.rpartition("/")[0],
        }
        registry = OwnRegistry(
            file.path.with_name("registry.yaml"),
            backend,
            keeper,
            variables,
            has_bedrock=model is not None and model.kind == "bedrock",
        )
        print(format_summary(stack, file, own))
        journal.show(format_chat_link(stack.base_url, stack.seeded["messaging"]["apiKey"]))
        apply_registry(registry, file, stack)
        print(f"ready {stack.base_url}")
        load_in_background(model)
        for _ in follow_logs(stack, journal):
            keeper.save_if_due()
            apply_registry(registry, file, stack)


def read_repository(text: str) -> OwnRepository | None:
    return find_repository(text) if text else None


def remember_seeded(memory: Memory, stack: LocalStack) -> Memory:
    """Return the memory with the keys of the demo tenant."""
    seeded = stack.seeded
    own = {"demo": seeded["messaging"]["apiKey"], "demo-docs": seeded["docsAgents"]["apiKey"]}
    keys = {**memory.keys, seeded["tenant"]: memory.keys.get(seeded["tenant"], {}) | own}
    program = {name: seeded["missions"][name] for name in ("apiKey", "clientId", "clientSecret")}
    return replace(
        memory,
        keys=keys,
        program=program,
        git_password=seeded["docsAgents"]["gitPassword"],
        admin_key=seeded["admin"]["apiKey"],
    )


@contextmanager
def keep_memory(file: StackFile, backend: Backend, memory: Memory) -> Iterator[Keeper]:
    """Save the memory at once, and what has changed at the end of the block."""
    keeper = Keeper(file.memory, backend, memory)
    keeper.save()
    try:
        yield keeper
    finally:
        with suppress(BotoCoreError, ClientError):
            keeper.save()


def apply_registry(registry: OwnRegistry, file: StackFile, stack: LocalStack) -> None:
    if applied := registry.apply_if_changed():
        print(applied.text)
        if applied.description:
            file.write(stack.description() | {"registry": applied.description})


@contextmanager
def announce_end() -> Iterator[None]:
    """Say at the end of the block what the terminal waits for."""
    try:
        yield
    finally:
        print(f"\n{STOPPING}")


@contextmanager
def record_output(file: Path) -> Iterator[Journal]:
    """Write what the block prints to the file, too, with times."""
    journal = Journal(sys.stdout, file)
    with redirect_stdout(journal):
        yield journal


def read_port(variable: str, default: int) -> int:
    value = os.environ.get(variable, str(default))
    if not value.isdecimal() or int(value) > MAX_PORT:
        raise LocalStackError(f"{variable}={value} is not a port; use 0 to {MAX_PORT}")
    return int(value)


def parse_payments_mode(mode: str) -> PaymentsMode:
    if mode not in set(PaymentsMode):
        raise LocalStackError(f"PAYMENTS={mode} is unknown; use one of {', '.join(PaymentsMode)}")
    return PaymentsMode(mode)


def format_summary(stack: LocalStack, file: StackFile, own: OwnRepository | None) -> str:
    """Return what to do first, without keys: what is printed is also in a file."""
    branches = f"git -C {shlex.quote(str(own.folder))} branch" if own else None
    return SUMMARY.format(
        payments=PAYMENTS_SUMMARY if stack.chains else "",
        agents=f"Agents: {describe_agents(stack, stack.model)}\n\n" if stack.model else "",
        url=stack.base_url,
        git=branches or f"git clone {stack.git_url}",
        file=file.path,
        quoted_file=shlex.quote(str(file.path)),
        log=file.log,
        cloud=stack.aws_endpoint_url,
    )


def describe_agents(stack: LocalStack, model: Model) -> str:
    return list_agents(read_registry(stack.name, stack.base_url, stack.git_url), model)


def handle_signals() -> None:
    def interrupt(*_: object) -> None:
        for each in END_SIGNALS:
            signal.signal(each, signal.SIG_IGN)  # a second signal must not interrupt the cleanup
        raise Interrupted

    for each in END_SIGNALS:
        if each != signal.SIGHUP or signal.getsignal(each) != signal.SIG_IGN:  # nohup ignores it
            signal.signal(each, interrupt)


def follow_logs(stack: LocalStack, journal: Journal) -> Iterator[None]:
    """Print new lines of the logs until make ends; yield after each look at them."""
    parent = Parent()
    with LogFollower(stack.aws_endpoint_url, stack.name) as follower, ExitStack() as files:
        docks = files.enter_context(stack.docks_log.open()) if stack.docks_log else io.StringIO()
        logs = stack.web_function_logs.items()
        web_functions = {name: files.enter_context(log.open()) for name, log in logs}
        while parent.is_parent_waiting() and not journal.is_terminal_gone:
            stack.check()
            now = time.time()
            for line in docks:
                journal.write_line(f"{'(docks)':<{NAME_WIDTH}} {line.rstrip()}", now)
            messages = [
                (name, message.rstrip(), now)
                for name, log in web_functions.items()
                for message in log
            ]
            with suppress(BotoCoreError, ClientError):  # if MiniStack has ended, check() says so
                messages += follower.poll()
            for function, message, at in messages:
                if formatted := format_line(function, message, coloured=journal.isatty()):
                    journal.write_line(formatted, at)
            yield
            time.sleep(POLL_INTERVAL_S)


if __name__ == "__main__":
    sys.exit(main())
