"""`make up REPO=…` serves a repository of the developer's own, and says what it does not take."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.git.launch import run_git_host
from local.git.own_repository import find_repository
from local.kit.errors import LocalStackError


@pytest.fixture
def own(git, tmp_path) -> Path:
    """A repository with one commit on its branch `trunk`."""
    folder = tmp_path / "my handbook"
    git("init", "--quiet", "--initial-branch", "trunk", folder)
    (folder / "README.md").write_text("Mine\n")
    git("add", ".", at=folder)
    git("commit", "--quiet", "-m", "First", at=folder)
    return folder


def test_pushed_branch_is_in_the_own_repository(git, own, tmp_path) -> None:
    with run_git_host(tmp_path, find_repository(str(own))) as host:
        git("clone", "--quiet", host.url, "clone")
        git("push", "--quiet", with_credentials(host), "HEAD:docs-agent/x", at=tmp_path / "clone")

    assert host.url.endswith("/my-handbook.git")
    assert git("show", "docs-agent/x:README.md", at=own) == "Mine\n"
    git("fsck", "--strict", at=own)


def test_checked_out_branch_is_not_changed_below_its_files(git, own, tmp_path) -> None:
    git("branch", "elsewhere", at=own)
    git("worktree", "add", "--quiet", tmp_path / "tree", "elsewhere", at=own)
    with run_git_host(tmp_path, find_repository(str(tmp_path / "tree"))) as host:
        git("clone", "--quiet", host.url, "clone")
        git("commit", "--quiet", "--allow-empty", "-m", "Next", at=tmp_path / "clone")
        for target in ("HEAD:trunk", "HEAD:elsewhere", ":elsewhere"):
            refused = git("push", with_credentials(host), target, at=tmp_path / "clone", fails=True)
            assert "checked out" in refused

    assert git("log", "--oneline", "--all", at=own).count("\n") == 1


def test_bare_repository_and_worktree_name_their_branch(git, own, tmp_path) -> None:
    git("clone", "--quiet", "--bare", own, "own.git")
    git("worktree", "add", "--quiet", "-b", "topic", tmp_path / "tree", at=own)

    found = {each: find_repository(str(tmp_path / each)) for each in ("own.git", "tree")}

    assert {each: (it.name, it.branch) for each, it in found.items()} == {
        "own.git": ("own.git", "trunk"),
        "tree": ("tree.git", "topic"),
    }


type Spoil = Callable[[Any, Path], Path | str]


def shallow(git: Any, own: Path) -> Path:
    git("commit", "--quiet", "--allow-empty", "-m", "Second", at=own)
    git("clone", "--quiet", "--depth", "1", f"file://{own}", "shallow")
    return own.with_name("shallow")


def partial(git: Any, own: Path) -> Path:
    git("clone", "--quiet", "--filter", "blob:none", f"file://{own}", "partial")
    return own.with_name("partial")


def detached(git: Any, own: Path) -> Path:
    git("checkout", "--quiet", "--detach", at=own)
    return own


def unborn(git: Any, own: Path) -> Path:
    git("init", "--quiet", "unborn")
    return own.with_name("unborn")


def sha256(git: Any, own: Path) -> Path:
    git("init", "--quiet", "--object-format", "sha256", "sha256")
    return own.with_name("sha256")


def reftable(git: Any, own: Path) -> Path:
    git("config", "core.repositoryFormatVersion", "1", at=own)
    git("config", "extensions.refStorage", "reftable", at=own)
    return own


def unknown_format(git: Any, own: Path) -> Path:
    git("config", "core.repositoryFormatVersion", "1", at=own)
    git("config", "extensions.future", "true", at=own)
    return own


def subfolder(git: Any, own: Path) -> Path:
    (own / "docs").mkdir()
    return own / "docs"


@pytest.mark.parametrize(("spoil", "why", "advice"), [
    (lambda _, own: own.parent, "has no git repository", "REPO takes a folder"),
    (lambda _, own: own / "README.md", "is a file", "REPO takes a folder"),
    (lambda _, own: own / "nowhere", "does not exist", "REPO takes a folder"),
    (lambda *_: "https://example.com/docs.git", "is no folder", ".local/registry.yaml"),
    (lambda *_: "git@example.com:docs.git", "is no folder", "clone it here"),
    (subfolder, "is inside a repository", "use REPO=/"),
    (shallow, "shallow", "git fetch --unshallow"),
    (partial, "partial clone", "without --filter"),
    (detached, "no branch checked out", "git switch"),
    (unborn, "no commit", "commit something"),
    (sha256, "SHA-256", "SHA-1"),
    (reftable, "reftable", "clone it anew"),
    (unknown_format, "future", "clone it anew"),
])  # fmt: skip
def test_refused_repository_says_what_is_taken(git, own, spoil: Spoil, why, advice) -> None:
    repository = str(spoil(git, own))

    with pytest.raises(LocalStackError) as refused:
        find_repository(repository)

    assert str(refused.value).startswith(f"REPO={repository} ")
    assert why in str(refused.value)
    assert advice in str(refused.value)


def with_credentials(host: Any) -> str:
    return str(host.url).replace("://", f"://{host.user}:{host.password}@")
