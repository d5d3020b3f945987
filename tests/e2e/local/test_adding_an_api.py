"""The API that docs/adding-an-api.md walks through, built from the page in a copy of the tree."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.kit.paths import ROOT

PAGE = ROOT / "docs/adding-an-api.md"
BLOCK = re.compile(
    r"^`(?P<file>[^`\n]+)`(?:, (?P<where>below|above) `(?P<line>[^`\n]+)`)?:\n\n"
    r"```\w+\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
SHARED = (".venv", ".tools", "tests/node/node_modules", "local/chain/node_modules")
"""Installed environments, which the copy uses as they are."""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Copy the tracked files."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / name)
    for name in SHARED:
        if (ROOT / name).exists():
            (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def apply_page(tree: Path) -> int:
    """Write the page's files and insert its lines; return how many blocks there are."""
    blocks = list(BLOCK.finditer(PAGE.read_text()))
    for block in blocks:
        file = tree / block["file"]
        if not block["where"]:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block["text"])
            continue
        lines = file.read_text().splitlines(keepends=True)
        [at] = [n for n, each in enumerate(lines) if each.startswith(block["line"])][:1]
        lines.insert(at + (block["where"] == "below"), block["text"])
        file.write_text("".join(lines))
    for package in ("reports", "reports/api", "reports/adapters"):
        (tree / "layers/jobs/jobs" / package / "__init__.py").touch()
    return len(blocks)


def test_api_built_from_the_page_works_on_a_stack(tree) -> None:
    blocks = apply_page(tree)

    run = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
            "tests/architecture/test_import_rule.py",
            "tests/architecture/test_import_cycles.py",
            "tests/architecture/test_environment.py",
            "tests/e2e/reports",
        ],
        cwd=tree, capture_output=True, check=False, text=True, timeout=900,
    )  # fmt: skip

    assert blocks >= 15
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-2000:]
