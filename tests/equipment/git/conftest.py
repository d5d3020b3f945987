"""Git itself, without the developer's settings."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
}  # fmt: skip


@pytest.fixture
def git(tmp_path) -> Any:
    if not shutil.which("git"):
        if os.environ.get("CI") == "true":
            pytest.fail("git is missing")
        pytest.skip("git is not installed here")
    isolated = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_ASKPASS": "true",
    }  # fmt: skip

    def run(*arguments: Any, at: Path = tmp_path, fails: bool = False) -> str:
        completed = subprocess.run(
            ["git", *map(str, arguments)], cwd=at, env=isolated | IDENTITY, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        assert (completed.returncode != 0) == fails, completed.stderr
        return completed.stdout + completed.stderr

    return run
