"""Invoke functions in Lambda's own image with `sam local`, in Docker, on their files in events/.

usage: python -m local.sam_local.invoke [--up]

Without --up: invoke every function in turn, on a stack of its own. With --up: write the files that
`sam local` needs to use the stack of `make up`, and serve its containers until Ctrl-C.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event

from local.cloud.aws import REGION
from local.cloud.build import HOST_ARCHITECTURE, LOCAL, build
from local.kit.errors import LocalStackError
from local.kit.paths import ROOT, find_tool
from local.kit.run_folder import run_folder
from local.sam_local.containers import NO_DOCKER, expose, extract_web_adapter, is_docker_running
from local.sam_local.invocations import (
    Backend,
    DescribedStack,
    Invocation,
    prepare_invocations,
    write_files,
)
from local.stack.launch import run_stack

FOLDER = ROOT / ".local/sam"
STACK_FILE = ROOT / ".local/stack.json"
MIN_ERROR_STATUS = 400
READY = """
`sam local` invokes functions on this stack until Ctrl-C:

  .tools/sam/bin/sam local invoke MessagingCreateJobFunction \\
    --template .local/sam/template.json --event .local/sam/events/messaging/create_job.json
"""


def find_failure(output: str) -> str | None:
    """Return the failure in the output; `sam local invoke` itself always ends with status 0."""
    try:
        answer = json.loads(output)
    except ValueError:
        return "no answer"
    match answer:
        case {"errorMessage": text}:
            return f"{answer.get('errorType', 'error')}: {text}"
        case {"statusCode": int(status), "body": body} if status >= MIN_ERROR_STATUS:
            return f"{status} {body}"
        case {"batchItemFailures": [_, *_]}:
            return "the batch's records failed"
    return None


@contextmanager
def prepare(stack: Backend, folder: Path) -> Iterator[list[Invocation]]:
    """Write the files that `sam local` needs; its containers reach the stack during the block."""
    build(LOCAL)
    with expose(stack.aws_endpoint_url) as endpoint_url:
        invocations = list(prepare_invocations(stack))
        adapter = extract_web_adapter(folder / "adapter")
        write_files(folder, invocations, endpoint_url, adapter)
        yield invocations


def build_command(invocation: Invocation, folder: Path) -> list[str | Path]:
    return [
        *(find_tool("sam/bin/sam"), "local", "invoke", invocation.function),
        *("--template", folder / "template.json"),
        *("--event", folder / "events" / invocation.file),
        *("--region", REGION, "--parameter-overrides", f"Architecture={HOST_ARCHITECTURE}"),
    ]


def invoke(invocation: Invocation, folder: Path) -> bool:
    """Invoke the function, print the result, and return whether it has succeeded."""
    completed = subprocess.run(  # noqa: S603 - our own command
        build_command(invocation, folder), check=False, capture_output=True, text=True
    )
    failure = find_failure(completed.stdout)
    outcome = "FAILED" if failure else "ok"
    print(f"{invocation.function:<30} {outcome:<6} {failure or completed.stdout.strip():.120}")
    if failure:
        print(completed.stderr)
    return failure is None


def invoke_all() -> int:
    with (
        run_folder() as folder,
        run_stack() as stack,
        prepare(stack, folder) as invocations,
    ):
        return 1 if [each for each in invocations if not invoke(each, folder)] else 0


def serve_until_interrupted() -> int:
    if not STACK_FILE.exists():
        raise LocalStackError("no stack is running: start one with `make up`")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with prepare(DescribedStack.read(STACK_FILE), FOLDER), suppress(KeyboardInterrupt):
        print(READY, flush=True)
        Event().wait()
    return 0


def main() -> int:
    if not is_docker_running():
        print(NO_DOCKER, file=sys.stderr)
        return 2
    return serve_until_interrupted() if "--up" in sys.argv else invoke_all()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LocalStackError as error:
        sys.exit(str(error))
