"""`make up`: the whole system on this machine, until Ctrl-C.

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
from local.stack.follow import Follower
from local.stack.launch import LocalStack, running
from local.stack.logline import NAME_WIDTH, readable
from local.stack.parent import Parent

POLL_SECONDS = 0.5
STREAMS = "DocsStreamJob"  # the function that local/gateway/streams.py stands for
LAST_PORT = 65_535
FAREWELLS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SUMMARY = """
Sortie runs. A message to an agent, then its answer:

  curl -s {url}/api/messaging/jobs -H 'X-API-Key: {key}' -H 'Content-Type: application/json' \\
    -d '{{"userId": "11111111-1111-4111-8111-111111111111", "content": "Hello"}}'
  curl -s {url}/api/messaging/jobs/JOB_ID -H 'X-API-Key: {key}'

Drones, live on a map, for whoever has what missions has in the file below: {url}/tracking

All APIs, to read and to try with what is in the file below: {url}/docs

Documentation agents write here; what they push is on a branch of its own:

  git clone {git}

{paid}Addresses and keys: {file}. AWS, emulated: {cloud}. Logs follow; Ctrl-C ends it.
"""
PAID = """A message costs USDC here, by x402. A wallet that has some is in the file below.

"""


class Farewell(BaseException):
    """Somebody asked for the end."""


def main() -> int:
    listen()
    try:
        file = ROOT / os.environ.get("STACK_FILE", ".local/stack.json")
        with (
            running(
                port=port("PORT", 8080),
                cloud_port=port("CLOUD_PORT", 0),
                payments=payments(os.environ.get("PAYMENTS", "off")),
            ) as stack,
            published(stack, file),
        ):
            say(summary(stack, file))
            say(f"ready {stack.base_url}")
            follow(stack)
    except Farewell:
        return 0
    except LocalStackError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def port(variable: str, default: int) -> int:
    value = os.environ.get(variable, str(default))
    if not value.isdecimal() or int(value) > LAST_PORT:
        raise LocalStackError(f"{variable}={value} is no port")
    return int(value)


def payments(mode: str) -> PaymentsMode:
    if mode not in set(PaymentsMode):
        raise LocalStackError(f"PAYMENTS={mode} is none of {', '.join(PaymentsMode)}")
    return PaymentsMode(mode)


def summary(stack: LocalStack, file: Path) -> str:
    return SUMMARY.format(
        paid=PAID if stack.chains else "",
        url=stack.base_url,
        key=stack.api_key,
        git=stack.git_url,
        file=file,
        cloud=stack.aws_endpoint_url,
    )


def listen() -> None:
    def end(*_: object) -> None:
        for each in FAREWELLS:
            signal.signal(each, signal.SIG_IGN)  # once is enough: what follows is the cleaning up
        raise Farewell

    for each in FAREWELLS:
        if each != signal.SIGHUP or signal.getsignal(each) != signal.SIG_IGN:  # nohup's wish
            signal.signal(each, end)


@contextmanager
def published(stack: LocalStack, file: Path) -> Iterator[None]:
    """Clients find the stack by this file, so it is there exactly while the stack is."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(stack.description(), indent=2) + "\n")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def follow(stack: LocalStack) -> None:
    parent, coloured = Parent(), sys.stdout.isatty()
    with Follower(stack.aws_endpoint_url, stack.name) as follower, ExitStack() as files:
        docks = files.enter_context(stack.docks.log.open()) if stack.docks else io.StringIO()
        streams = files.enter_context(stack.streams.log.open())
        while parent.wants_us():
            stack.check()
            for happened in docks:
                say(f"{'(docks)':<{NAME_WIDTH}} {happened.rstrip()}")
            said = [(STREAMS, message.rstrip()) for message in streams]
            with suppress(BotoCoreError, ClientError):  # the next check says why
                said += follower.poll()
            for function, message in said:
                if line := readable(function, message, coloured=coloured):
                    say(line)
            time.sleep(POLL_SECONDS)


def say(line: str) -> None:
    try:
        print(line, flush=True)
    except OSError:  # the terminal, or the pipe's reader, is gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise Farewell from None


if __name__ == "__main__":
    sys.exit(main())
