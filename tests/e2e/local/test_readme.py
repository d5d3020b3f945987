"""What README.md and the client's tell a newcomer to paste does what it says.

`<!-- run -->` stands directly above a block that is run, `<!-- run paid -->` above one that is run
where jobs cost something, `<!-- prints -->` directly above the block that shows what it prints, in
which `…` is anything, and a line of it any lines, or none. Blocks are shell scripts, or Python
programs.
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

README = ROOT / "README.md"
CLIENTS = ROOT / "client/README.md"
ADDRESS = "http://127.0.0.1:8080"
BLOCK = re.compile(
    r"^<!-- (run|run paid|prints) -->\n```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Example:
    language: str
    script: str
    prints: str | None
    paid: bool

    @property
    def title(self) -> str:
        titles = {"python": WORDS}.get(self.language, TITLES)
        named = next((words for words in titles if words in self.script), "shell")
        return f"{self.language}: {named}"

    def matches(self, printed: str) -> bool:
        parts = re.split(r"^…\n", (self.prints or "…").strip(), flags=re.MULTILINE)
        wanted = r"(?:[^\n]*\n)*?".join(re.escape(part).replace("…", ".*?") for part in parts)
        return re.fullmatch(wanted, printed.strip(), re.DOTALL) is not None


def examples(readme: Path) -> list[Example]:
    """Each block that is run, with what it prints where the next block says so."""
    blocks = BLOCK.findall(readme.read_text())
    following = [*blocks[1:], ("", "", "")]
    return [
        Example(language, text, then[2] if then[0] == "prints" else None, paid=kind == "run paid")
        for (kind, language, text), then in zip(blocks, following, strict=True)
        if kind != "prints"
    ]


TITLES = ("x402", "sam ", "npm", "sortie ask", "Prefer", "websockets", "/v3/", "/v1/agent", "curl")
WORDS = ("x402", "send_message_and_wait", "missions.watch", "docs.run", "JobFailedError")
EXAMPLES = [*examples(README), *examples(CLIENTS)]


def test_the_readme_has_examples_and_shows_what_they_print() -> None:
    assert any("curl" in example.script for example in EXAMPLES)
    assert any("@elizaos/api-client" in example.script for example in EXAMPLES)
    assert any(example.paid for example in EXAMPLES)
    assert all(example.prints for example in EXAMPLES)
    assert "make up" in README.read_text()


def by_title(*, paid: bool) -> pytest.MarkDecorator:
    chosen = [each for each in EXAMPLES if each.paid == paid]
    return pytest.mark.parametrize("example", chosen, ids=[each.title for each in chosen])


@by_title(paid=False)
def test_an_example_does_what_the_readme_shows(example, stack, tmp_path) -> None:
    shown(example, stack, tmp_path)


@by_title(paid=True)
def test_a_paid_example_does_what_the_readme_shows(example, paid_stack, tmp_path) -> None:
    shown(example, paid_stack, tmp_path)


def shown(example: Example, stack: LocalStack, folder: Path) -> None:
    """Paste an example and see that it prints what the README says."""
    if "npm " in example.script and not shutil.which("npm"):
        if os.environ.get("CI") == "true":
            pytest.fail("npm is missing")
        pytest.skip("npm is missing")
    (folder / ".local").mkdir()
    (folder / ".local/stack.json").write_text(json.dumps(stack.description()))
    for name in ("client", "events", ".tools"):
        (folder / name).symlink_to(ROOT / name)

    done = pasted(example, stack, folder)
    if "settlement_unknown" in done.stderr:  # it says what to do: the same once more
        done = pasted(example, stack, folder)

    assert done.returncode == 0, done.stderr
    assert example.matches(done.stdout), done.stdout


def pasted(example: Example, stack: LocalStack, folder: Path) -> subprocess.CompletedProcess[str]:
    quiet = {"npm_config_audit": "false", "npm_config_prefer_offline": "true"}
    script = example.script.replace(ADDRESS, stack.base_url)
    command, more = ["bash", "-euo", "pipefail", "-c", script], quiet
    if example.language == "python":
        python = TOOLS / "chain/bin/python" if example.paid else sys.executable
        command, more = [str(python), "-c", script], {"PYTHONPATH": str(ROOT / "client/src")}
    return subprocess.run(
        command,
        capture_output=True,
        check=False,
        cwd=folder,
        env=os.environ | more,
        text=True,
        timeout=180,
    )
