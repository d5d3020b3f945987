"""Functions in Lambda's own image, on their files in events/: `sam local`, in Docker.

usage: python -m local.sam_local.invoke [--up]

All of them, one after the other, on a stack of their own. With --up, none, but until Ctrl-C what
`sam local` itself needs to have them run on the stack of `make up`.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from local.cloud.aws import REGION
from local.cloud.build import HOST_ARCHITECTURE, LOCAL, build
from local.kit.errors import LocalStackError
from local.kit.paths import ROOT, tool
from local.sam_local.containers import NO_DOCKER, docker_runs, reachable, web_adapter
from local.sam_local.invocations import Backend, Described, Invocation, invocations, write_template
from local.stack.launch import running

FOLDER = ROOT / ".local/sam"
STACK_FILE = ROOT / ".local/stack.json"
REFUSED = 400
READY = """
`sam local` has the functions run on this stack, until Ctrl-C:

  .tools/sam/bin/sam local invoke MessagingCreateJobFunction \\
    --template .local/sam/template.json --event .local/sam/events/messaging/create_job.json
"""


def failure(answer: str) -> str | None:
    """What went wrong, by what is answered: `sam local invoke` itself ends with 0 all the same."""
    try:
        said = json.loads(answer)
    except ValueError:
        return "no answer"
    match said:
        case {"errorMessage": text}:
            return f"{said.get('errorType', 'error')}: {text}"
        case {"statusCode": int(status), "body": body} if status >= REFUSED:
            return f"{status} {body}"
        case {"batchItemFailures": [_, *_]}:
            return "the batch's records failed"
    return None


@contextmanager
def prepared(stack: Backend, folder: Path) -> Iterator[list[Invocation]]:
    """Write to the folder what `sam local` needs; its containers reach the stack meanwhile."""
    build(LOCAL)
    with reachable(stack.aws_endpoint_url) as endpoint_url:
        invoked = list(invocations(stack))
        adapter = web_adapter(folder / "adapter")
        write_template(folder / "template.json", invoked, endpoint_url, adapter)
        for each in invoked:
            event = folder / "events" / each.file
            event.parent.mkdir(parents=True, exist_ok=True)
            event.write_text(each.event)
        yield invoked


def command(each: Invocation, folder: Path) -> list[str | Path]:
    return [
        *(tool("sam/bin/sam"), "local", "invoke", each.function),
        *("--template", folder / "template.json", "--event", folder / "events" / each.file),
        *("--region", REGION, "--parameter-overrides", f"Architecture={HOST_ARCHITECTURE}"),
    ]


def invoke(each: Invocation, folder: Path) -> bool:
    ran = subprocess.run(  # noqa: S603 - our own command
        command(each, folder), check=False, capture_output=True, text=True
    )
    wrong = failure(ran.stdout)
    print(
        f"{each.function:<30} {'FAILED' if wrong else 'ok':<6} {wrong or ran.stdout.strip():.120}"
    )
    if wrong:
        print(ran.stderr)
    return wrong is None


def invoke_all() -> int:
    with (
        TemporaryDirectory(prefix="sortie-") as name,
        running() as stack,
        prepared(stack, folder := Path(name)) as invoked,
    ):
        return 1 if [each for each in invoked if not invoke(each, folder)] else 0


def open_until_interrupted() -> int:
    if not STACK_FILE.exists():
        raise LocalStackError("there is no stack yet: make up")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with prepared(Described.of(STACK_FILE), FOLDER), suppress(KeyboardInterrupt):
        print(READY, flush=True)
        Event().wait()
    return 0


def main() -> int:
    if not docker_runs():
        print(NO_DOCKER, file=sys.stderr)
        return 2
    return open_until_interrupted() if "--up" in sys.argv else invoke_all()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LocalStackError as error:
        sys.exit(str(error))
