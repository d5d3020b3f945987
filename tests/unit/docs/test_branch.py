"""Branch names: a subset of those that git accepts."""

import os
import subprocess
from shutil import which

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.docs.branch import is_valid_branch

PIECES = [
    "a", "Z", "9", "é", "🐎", ".", "..", "/", "-", "_", "@", "{", "}", "~", "^", ":", "?", "*", "[",
    "\\", " ", "\t", "\n", "\0", "\x7f", "\x85", "\ud800", ".lock", "refs/", "HEAD",
]  # fmt: skip


@pytest.mark.parametrize("name", [
    "main", "docs/quickstart", "a", "feature/JIRA-12_x", "v1.2", "ünï/🐎", "a@b", "x{y}", "a.b/c.d",
    "HEAD/x", "heads/main", "a/-b", "lock", "x.locked", "x" * 200, "é" * 100, "#1", "a'b", "$(x)",
])  # fmt: skip
def test_branch_valid_is_accepted(name) -> None:
    assert is_valid_branch(name)


@pytest.mark.parametrize("name", [
    "", " ", "a b", "a..b", "a~1", "a^", "a:b", "a?b", "a*b", "a[b", "a\\b", "-x", "--force", "@",
    "HEAD", "@{u}", "a@{1}", "x.lock", "a.lock/b", "a/.b", ".a", "x.", "/a", "a/", "a//b", "/",
    "refs/heads/x", "refs/x", "x\n", "\nx", "a\tb", "a\0b", "\x7f", "a\x1fb", "a\x85b", "a\u2028b",
    "\ud800", "x" * 201, "é" * 101, "..", "a/../b",
])  # fmt: skip
def test_branch_invalid_is_refused(name) -> None:
    assert not is_valid_branch(name)


@settings(max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_branch_accepted_is_valid_for_git(name) -> None:
    if not which("git"):
        if os.environ.get("CI") == "true":
            pytest.fail("git is missing")
        pytest.skip("git is not installed here")
    if is_valid_branch(name):
        command = ["git", "check-ref-format", "--branch", name]
        assert subprocess.run(command, check=False, capture_output=True).returncode == 0
