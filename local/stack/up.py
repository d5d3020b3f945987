"""`make up`: run the whole system on this machine until Ctrl-C.

usage: PORT=8080 CLOUD_PORT=0 PAYMENTS=off STACK_FILE=.local/stack.json python -m local.stack.up
"""

import io
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from jobs.payments.payment import PaymentsMode
from local.kit.errors import LocalStackError
from local.kit.paths import ROOT
from local.stack.launch import run_stack
from local.stack.local_stack import LocalStack
from local.stack.logline import NAME_WIDTH, format_line
from local.stack.logs import LogFollower
from local.stack.parent import Parent

POLL_INTERVAL_S = 0.5
MAX_PORT = 65_535
END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SUMMARY = """
Sortie is running. Send a message to an agent, then read its answer:

  curl -s {url}/api/messaging/jobs -H 'X-API-Key: {key}' -H 'Content-Type: application/json' \\
    -d '{{"userId": "11111111-1111-4111-8111-111111111111", "content": "Hello"}}'
  curl -s {url}/api/messaging/jobs/JOB_ID -H 'X-API-Key: {key}'

Live map of the drones (sign in with the `missions` credentials of the file below): {url}/tracking

All APIs, to read and to try with the credentials of the file below: {url}/docs

The documentation agents push each job to a branch of its own:

  git clone {git}

{payments}Addresses and keys: {file}. Emulated AWS: {cloud}. Logs follow; press Ctrl-C to stop.
"""
PAYMENTS_SUMMARY = """Messages cost USDC here (x402). The file below has the key of a funded wallet.

"""


class Interrupted(BaseException):
    """A signal has asked the process to end."""


def main() -> int:
    handle_signals()
    try:
        file = ROOT / os.environ.get("STACK_FILE", ".local/stack.json")
        with (
            run_stack(
                port=read_port("PORT", 8080),
                cloud_port=read_port("CLOUD_PORT", 0),
                payments=parse_payments_mode(os.environ.get("PAYMENTS", "off")),
            ) as stack,
            publish_description(stack, file),
        ):
            print_line(format_summary(stack, file))
            print_line(f"ready {stack.base_url}")
            follow_logs(stack)
    except Interrupted:
        return 0
    except LocalStackError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def read_port(variable: str, default: int) -> int:
    value = os.environ.get(variable, str(default))
    if not value.isdecimal() or int(value) > MAX_PORT:
        raise LocalStackError(f"{variable}={value} is not a port; use 0 to {MAX_PORT}")
    return int(value)


def parse_payments_mode(mode: str) -> PaymentsMode:
    if mode not in set(PaymentsMode):
        raise LocalStackError(f"PAYMENTS={mode} is unknown; use one of {', '.join(PaymentsMode)}")
    return PaymentsMode(mode)


def format_summary(stack: LocalStack, file: Path) -> str:
    return SUMMARY.format(
        payments=PAYMENTS_SUMMARY if stack.chains else "",
        url=stack.base_url,
        key=stack.api_key,
        git=stack.git_url,
        file=file,
        cloud=stack.aws_endpoint_url,
    )


def handle_signals() -> None:
    def interrupt(*_: object) -> None:
        for each in END_SIGNALS:
            signal.signal(each, signal.SIG_IGN)  # a second signal must not interrupt the cleanup
        raise Interrupted

    for each in END_SIGNALS:
        if each != signal.SIGHUP or signal.getsignal(each) != signal.SIG_IGN:  # nohup ignores it
            signal.signal(each, interrupt)


@contextmanager
def publish_description(stack: LocalStack, file: Path) -> Iterator[None]:
    """Write stack.json, by which clients find the stack; remove it at the end of the block.

    It has keys, so only its owner may read it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)  # an old file would keep its mode
    file.touch(mode=0o600)
    file.write_text(json.dumps(stack.description(), indent=2) + "\n")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def follow_logs(stack: LocalStack) -> None:
    parent, coloured = Parent(), sys.stdout.isatty()
    with LogFollower(stack.aws_endpoint_url, stack.name) as follower, ExitStack() as files:
        docks = files.enter_context(stack.docks_log.open()) if stack.docks_log else io.StringIO()
        logs = stack.web_function_logs.items()
        web_functions = {name: files.enter_context(log.open()) for name, log in logs}
        while parent.is_parent_waiting():
            stack.check()
            for line in docks:
                print_line(f"{'(docks)':<{NAME_WIDTH}} {line.rstrip()}")
            messages = [
                (name, message.rstrip()) for name, log in web_functions.items() for message in log
            ]
            with suppress(BotoCoreError, ClientError):  # if MiniStack has ended, check() says so
                messages += follower.poll()
            for function, message in messages:
                if formatted := format_line(function, message, coloured=coloured):
                    print_line(formatted)
            time.sleep(POLL_INTERVAL_S)


def print_line(line: str) -> None:
    try:
        print(line, flush=True)
    except OSError:  # the terminal or the pipe's reader is gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise Interrupted from None


if __name__ == "__main__":
    sys.exit(main())
