"""Examples of the documentation work as pasted.

`<!-- run -->` stands directly above a block that is run, `<!-- run paid -->` above one that needs a
stack with payments, `<!-- run model -->` above one that needs a model. `<!-- prints -->` stands
directly above the block with the output, in which `…` is any text, and on a line of its own any
lines. Blocks are shell scripts or Python programs.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.kit.paths import ROOT, TOOLS
from local.stack.local_stack import LocalStack
from local.stack.server_process import ServerStack, run_server
from tests.adapters.upstream import reply, running
from tests.conftest import missing
from tests.model_endpoints import answer_as
from tests.shared_stack import find_server

PAGES = (ROOT / "README.md", ROOT / "client/README.md", *sorted(ROOT.glob("docs/**/*.md")))
BLOCK = re.compile(
    r"^(?:#+ (?P<heading>[^\n]+)|(?:<!-- (?P<kind>run|run paid|run model|prints) -->\n)?"
    r"```(?P<language>\w*)\n(?P<text>.*?)^```)$",
    re.MULTILINE | re.DOTALL,
)


@dataclass
class Example:
    title: str
    language: str
    script: str
    kind: str
    output: str | None = None

    def matches(self, printed: str) -> bool:
        parts = re.split(r"^…\n", (self.output or "…").strip(), flags=re.MULTILINE)
        wanted = r"(?:[^\n]*\n)*?".join(re.escape(part).replace("…", ".*?") for part in parts)
        return re.fullmatch(wanted, printed.strip(), re.DOTALL) is not None


def examples(page: Path) -> list[Example]:
    """Read each block that is run, with the output below it; a block is named by its heading."""
    found: list[Example] = []
    heading = ""
    for block in BLOCK.finditer(page.read_text()):
        if block["heading"]:
            heading = block["heading"]
        elif block["kind"] == "prints":
            found[-1].output = block["text"]
        elif block["kind"]:
            title = f"{page.relative_to(ROOT).with_suffix('')}: {heading}"
            found.append(Example(title, block["language"], block["text"], block["kind"]))
    return found


EXAMPLES = [example for page in PAGES for example in examples(page)]


def test_pages_have_examples_with_their_output() -> None:
    pages = {each.title.partition(":")[0] for each in EXAMPLES}

    assert {"README", "client/README", "docs/tutorial/messages"} <= pages
    assert {each.kind for each in EXAMPLES} == {"run", "run paid", "run model"}
    assert [each.title for each in EXAMPLES if not each.output] == []


def by_title(kind: str) -> pytest.MarkDecorator:
    chosen = [each for each in EXAMPLES if each.kind == kind]
    return pytest.mark.parametrize("example", chosen, ids=[each.title for each in chosen])


@by_title("run")
def test_example_prints_the_documented_output(example, stack, tmp_path) -> None:
    check(example, stack, tmp_path)


@by_title("run paid")
def test_paid_example_prints_the_documented_output(example, paid_stack, tmp_path) -> None:
    check(example, paid_stack, tmp_path)


@by_title("run model")
def test_example_with_a_model_prints_the_documented_output(example, tmp_path) -> None:
    listed = reply({"object": "list", "data": [{"id": "qwen3:latest"}]})
    with running() as ollama:
        ollama.then(answer_as("qwen3", "One flight of one aircraft.", models=listed))
        chosen = {"MODEL": "ollama:qwen3", "OLLAMA_BASE_URL": f"{ollama.url}/v1"}
        with run_server(tmp_path, **chosen) as (server, _):
            check(example, server, tmp_path)


def test_first_example_prints_its_output_on_the_server(tmp_path) -> None:
    first = next(each for each in EXAMPLES if each.kind == "run")

    check(first, find_server(), tmp_path)


def check(example: Example, stack: LocalStack | ServerStack, folder: Path) -> None:
    """Paste an example and compare its output with the page."""
    if "npm " in example.script and not shutil.which("npm"):
        missing("npm is missing")
    (folder / ".local").mkdir()
    (folder / ".local/stack.json").write_text(json.dumps(stack.description()))
    for name in ("client", "events", ".tools"):
        (folder / name).symlink_to(ROOT / name)

    done = paste(example, folder)
    if "settlement_unknown" in done.stderr:  # the error says to repeat the request
        done = paste(example, folder)

    assert done.returncode == 0, done.stderr
    assert example.matches(done.stdout), done.stdout


def paste(example: Example, folder: Path) -> subprocess.CompletedProcess[str]:
    quiet = {"npm_config_audit": "false", "npm_config_prefer_offline": "true"}
    command, more = ["bash", "-euo", "pipefail", "-c", example.script], quiet
    if example.language == "python":
        paid = example.kind == "run paid"
        python = TOOLS / "chain/bin/python" if paid else sys.executable
        command, more = (
            [str(python), "-c", example.script],
            {"PYTHONPATH": str(ROOT / "client/src")},
        )
    return subprocess.run(
        command,
        capture_output=True,
        check=False,
        cwd=folder,
        env=os.environ | more,
        text=True,
        timeout=180,
    )
