"""The git host, used by git itself."""

import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from local.git.launch import run_git_host


@pytest.fixture(scope="module")
def host(tmp_path_factory) -> Any:
    with run_git_host(tmp_path_factory.mktemp("host")) as running:
        yield running


@pytest.fixture
def clone(host, git, tmp_path) -> Path:
    git("clone", "--quiet", host.url, "clone")
    return tmp_path / "clone"


def with_credentials(host: Any) -> str:
    return host.url.replace("://", f"://{host.user}:{host.password}@")


def commit(git: Any, clone: Path, branch: str, content: str) -> None:
    (clone / "docs/new.mdx").write_text(content)
    git("checkout", "--quiet", "-B", branch, at=clone)
    git("add", ".", at=clone)
    git("commit", "--quiet", "-m", "New", at=clone)


def test_clone_needs_no_credentials(host, git, clone, tmp_path) -> None:
    assert (clone / "docs/docs.json").exists()
    assert git("status", "--short", "--branch", at=clone).strip() == "## main...origin/main"
    git("fsck", "--strict", at=clone)
    git("clone", "--quiet", "--depth", "1", host.url, "shallow")
    assert (tmp_path / "shallow/docs/guides/authentication.mdx").exists()


def test_push_with_credentials_is_accepted(host, git, clone, tmp_path) -> None:
    commit(git, clone, "docs/pushed", "x" * 3_000_000)  # more than git sends in one piece

    git("push", "--quiet", with_credentials(host), "docs/pushed", at=clone)

    git("clone", "--quiet", "--branch", "docs/pushed", host.url, "again")
    assert (tmp_path / "again/docs/new.mdx").stat().st_size == 3_000_000
    git("push", "--quiet", with_credentials(host), ":docs/pushed", at=clone)
    assert "docs/pushed" not in git("ls-remote", host.url)


def test_fetch_receives_the_pushes_of_others(host, git, clone, tmp_path) -> None:
    git("clone", "--quiet", host.url, "other")
    commit(git, tmp_path / "other", "docs/theirs", "theirs")
    git("push", "--quiet", with_credentials(host), "docs/theirs", at=tmp_path / "other")

    git("fetch", "--quiet", at=clone)

    assert git("show", "origin/docs/theirs:docs/new.mdx", at=clone) == "theirs"


def test_push_without_credentials_is_refused(host, git, clone) -> None:
    commit(git, clone, "docs/x", "x")

    assert "Authentication failed" in git("push", host.url, "docs/x", at=clone, fails=True)
    wrong = host.url.replace("://", f"://{host.user}:wrong@")
    assert "Authentication failed" in git("push", wrong, "docs/x", at=clone, fails=True)
    assert "docs/x" not in git("ls-remote", host.url)


def test_other_repository_is_not_found(host, git) -> None:
    for other in ("/other.git", "/docs/demo-docs.git", ""):
        assert "not found" in git(
            "ls-remote", host.url.replace("/demo-docs.git", other), fails=True
        )


@pytest.mark.parametrize("header", [
    {"Origin": "https://evil.example"}, {"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"},
])  # fmt: skip
def test_foreign_web_page_is_refused(host, header) -> None:
    request = urllib.request.Request(
        f"{host.url}/info/refs?service=git-upload-pack", headers=header
    )

    with pytest.raises(HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    with refused.value as answer:
        assert answer.code == 403
