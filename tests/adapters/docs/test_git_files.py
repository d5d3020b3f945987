"""Files of a branch that people check out elsewhere: their names, filters and line breaks."""

import json
import os
import subprocess
from typing import Any

import pytest

from jobs.docs.adapters.git.repositories import GitRepositories
from jobs.docs.adapters.git.wire import Limits
from jobs.docs.agent.notes import read_notes
from jobs.docs.agent.tools import Toolbox
from jobs.docs.docs_job import Project
from jobs.docs.errors import PathRefusedError
from jobs.docs.ports import ToolCall
from jobs.kit.errors import UpstreamError
from tests.adapters.docs.git_hosts import CREDENTIALS, Origin, git_app, hosted

NFC, NFD = "docs/caf\xe9.mdx", "docs/cafe\u0301.mdx"
NAMES = sorted([
    "docs/\u0645\u06cc\u200c\u062e\u0648.md", "docs/全角\u3000空白.mdx",
    "docs/👨\u200d👩\u200d👧.mdx", "docs/नमस्ते.md",
    "docs/новости.mdx", NFD,
    "docs/a b.mdx", "docs/nb\xa0sp.mdx", 'docs/q"uote.mdx', "docs/c:olon.mdx",
    "docs/-dash.mdx", "docs/sp ace/in ner/p.mdx",
])  # fmt: skip
POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)


@pytest.fixture
def origin(tmp_path) -> Any:
    with hosted(Origin(tmp_path / "origin.git"), "dulwich") as there:
        yield there


@pytest.fixture
def open_branch(origin, clock) -> Any:
    user, password = CREDENTIALS.split(":")
    secret = json.dumps({"username": user, "password": password})

    class Secrets:
        def read(self, name: str) -> str:
            return secret

    def opened(**about: Any) -> Any:
        project = Project(
            id="p", tenant="acme", repository=origin.url, credentials_secret="git",
            folder="docs", **about,
        )  # fmt: skip
        return GitRepositories(Secrets(), clock, Limits()).open(project, "docs/new")

    return opened


def catch_refusal(checkout: Any, path: str) -> str:
    with pytest.raises(PathRefusedError) as error:
        checkout.write(path, b"x")
    assert not checkout.changed()
    return str(error.value)


def test_every_name_is_listed_read_and_changed(origin, open_branch) -> None:
    origin.commit("main", dict.fromkeys(NAMES, "# x\n"))
    checkout = open_branch()

    assert sorted(checkout.files()) == NAMES
    for name in NAMES:
        assert checkout.read(name) == b"# x\n"
        checkout.write(name, b"# y\n")
    checkout.push("m")

    assert origin.files("docs/new") == dict.fromkeys(NAMES, b"# y\n")


@pytest.mark.parametrize(("there", "asked"), [(NFC, NFD), (NFD, NFC)])
def test_name_in_another_normalization_form_is_the_same_file(
    origin, open_branch, there, asked
) -> None:
    origin.commit("main", {there: "# x\n", f"{there}s/a": "a"})
    checkout = open_branch()

    assert checkout.read(asked) == b"# x\n"
    assert list(checkout.files(f"{asked}s")) == [f"{there}s/a"]
    checkout.write(asked, b"# y\n")
    checkout.write(f"{asked}s/b", b"b")
    checkout.delete(f"{asked}s/a")

    assert sorted(checkout.files()) == sorted([there, f"{there}s/b"])
    assert checkout.read(there) == b"# y\n"


@pytest.mark.parametrize("name", [
    "aux/index.mdx", "AUX", "con.md", "nul.tar.gz", "Prn .txt", "com1", "LPT9.x", "com².md",
    "conin$", "a?b.mdx", "a<b", "a>b", "a|b", "a*b", 'a"b', "a:b", "x/y:z/a.md",
])  # fmt: skip
def test_new_name_that_windows_cannot_have_is_refused(origin, open_branch, name) -> None:
    origin.commit("main", {"docs/a.mdx": "a"})

    assert "Windows" in catch_refusal(open_branch(), f"docs/{name}")


@pytest.mark.parametrize(
    "name", ["auxiliary.md", "console", "com0", "com10", "null", "a.con", "lpt"]
)
def test_new_name_like_a_reserved_one_is_accepted(origin, open_branch, name) -> None:
    origin.commit("main", {"docs/a.mdx": "a"})
    checkout = open_branch()

    checkout.write(f"docs/{name}", b"x")

    assert checkout.read(f"docs/{name}") == b"x"


@pytest.mark.parametrize(("new", "twin"), [
    ("docs/Index.mdx", "docs/index.mdx"), ("docs/GUIDES/b.md", "docs/guides"),
    ("docs/guides/A.md", "docs/guides/a.md"), ("docs/Guides", "docs/guides"),
    ("docs/STRASSE.md", "docs/straße.md"), ("docs/E\u0301t\xe9.md", "docs/e\u0301te\u0301.md"),
    ("docs/LINK", "docs/link"), ("docs/Sub/x", "docs/sub"),
])  # fmt: skip
def test_new_name_that_differs_in_case_only_is_refused(origin, open_branch, new, twin) -> None:
    origin.commit("main", {
        "docs/index.mdx": "i", "docs/guides/a.md": "a", "docs/straße.md": "s",
        "docs/e\u0301te\u0301.md": "e", "docs/link": (0o120000, origin.blob(b"index.mdx")),
        "docs/sub": (0o160000, b"1" * 40),
    })  # fmt: skip

    assert catch_refusal(open_branch(), new).startswith(f"{twin} exists, which Windows and macOS")


def test_case_of_a_name_changes_after_the_old_one_is_deleted(origin, open_branch) -> None:
    origin.commit("main", {"docs/Index.mdx": "i"})
    checkout = open_branch()

    checkout.delete("docs/Index.mdx")
    checkout.write("docs/index.mdx", b"i")

    assert list(checkout.files()) == ["docs/index.mdx"]


def test_name_of_other_case_pushed_meanwhile_is_a_conflict(origin, open_branch) -> None:
    origin.commit("main", {"docs/a.mdx": "a"})
    origin.commit("docs/new", {"docs/a.mdx": "a"})
    checkout = open_branch()
    checkout.write("docs/Index.mdx", b"ours")
    origin.commit("docs/new", {"docs/index.mdx": "theirs"})

    with pytest.raises(UpstreamError, match=r"^docs/index\.mdx exists, which Windows and macOS"):
        checkout.push("m")


def test_invisible_characters_do_not_show_hidden_files(origin, open_branch) -> None:
    origin.commit("main", {"docs/a.mdx": "a"})

    assert "is hidden" in catch_refusal(open_branch(), "docs/\u200c.github/x.yml")


@pytest.mark.parametrize("path", ["docs/pic.png", "docs/old.bin", "docs/mine.bin"])
def test_lfs_pointer_is_neither_read_nor_written(origin, open_branch, path) -> None:
    origin.commit("main", {
        ".gitattributes": "*.png filter=lfs diff=lfs merge=lfs -text\n",
        "docs/pic.png": POINTER, "docs/mine.bin": POINTER,
        "docs/old.bin": POINTER.replace(b"git-lfs.github", b"hawser.github"),
    })  # fmt: skip
    checkout = open_branch()

    with pytest.raises(PathRefusedError, match=f"^{path} is in Git LFS: the repository has only"):
        checkout.read(path)
    assert "Git LFS" in catch_refusal(checkout, path)
    checkout.delete(path)
    assert path not in list(checkout.files())


@pytest.mark.parametrize("path", [
    "docs/new.png", "docs/deep/er/new.png", "docs/raw/a.txt", "docs/a b.bin", "docs/secret.md",
    "docs/plain.png",
])  # fmt: skip
def test_file_of_a_filter_is_not_written(origin, open_branch, path) -> None:
    origin.commit("main", {
        ".gitattributes": "# LFS\n*.png filter=lfs -text\ndocs/a[[:space:]]b.bin filter=lfs\n",
        "docs/.gitattributes": "raw/** filter=lfs\nsecret.md filter=git-crypt\n",
        "docs/plain.png": b"\x89PNG",  # somebody committed it without the filter
    })  # fmt: skip

    assert "belongs to the filter" in catch_refusal(open_branch(), path)


@pytest.mark.parametrize("path", ["docs/icons/a.png", "docs/b.svg", "docs/raw/x.png"])
def test_file_without_filter_is_written(origin, open_branch, path) -> None:
    origin.commit("main", {
        ".gitattributes": "*.png filter=lfs\n/b.svg filter=lfs\ndocs/[ filter=lfs\n",
        "docs/icons/.gitattributes": "*.png -filter\n", "docs/raw/.gitattributes": "* !filter\n",
        "docs/lfs.md": POINTER + b"is what a pointer looks like.\n" * 50,
    })  # fmt: skip
    checkout = open_branch()

    checkout.write(path, b"x")

    assert checkout.read("docs/lfs.md").startswith(POINTER)
    assert checkout.read(path) == b"x"


def test_new_file_has_the_line_breaks_of_gitattributes(origin, open_branch, tmp_path) -> None:
    """Git stores line feeds, and writes others into the work tree: it finds nothing to convert."""
    git_app(origin)  # skips without git
    origin.commit("main", {
        ".gitattributes": "*.mdx text eol=crlf\n*.sh eol=lf\n", "docs/old.mdx": "one\ntwo\n",
    })  # fmt: skip
    checkout = open_branch()
    toolbox = Toolbox(checkout, lambda _: None)

    for path, content in (("docs/new.mdx", "a\nb\n"), ("docs/new2.mdx", "a\r\nb\r\n")):
        toolbox.use(ToolCall(id="1", name="write_file", args={"path": path, "content": content}))
    checkout.push("m")

    clone = tmp_path / "clone"
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    clone_it = ["git", "clone", "-q", "-b", "docs/new", origin.folder, clone]
    subprocess.run(clone_it, check=True, env=environment)
    assert (clone / "docs/new.mdx").read_bytes() == b"a\r\nb\r\n"
    assert (clone / "docs/new2.mdx").read_bytes() == b"a\r\nb\r\n"
    status = subprocess.run(
        ["git", "status", "--porcelain"],
        cwd=clone,
        capture_output=True,
        check=True,
        env=environment,
    )
    assert status.stdout == b""


# ── Notes for agents, outside of the project's folder ─────────────────────────────


def test_notes_are_read_from_the_top_of_the_branch(origin, open_branch) -> None:
    origin.commit("main", {"AGENTS.md": "Top", ".mintlify/AGENTS.md": "Own", "docs/a.md": "a"})
    checkout = open_branch()

    found = read_notes(checkout, "docs")

    assert [(each.path, each.text) for each in found] == [
        ("AGENTS.md", "Top"), (".mintlify/AGENTS.md", "Own"),
    ]  # fmt: skip
    with pytest.raises(PathRefusedError):
        checkout.read("AGENTS.md")
    with pytest.raises(PathRefusedError):
        checkout.delete("AGENTS.md")


@pytest.mark.parametrize(("mode", "content", "problem"), [
    (0o120000, b"CLAUDE.md", "AGENTS.md is a symbolic link, not a file"),
    (0o120000, b"/etc/passwd", "AGENTS.md is a symbolic link, not a file"),
    (0o100644, POINTER, "AGENTS.md is in Git LFS: the repository has only a pointer"),
    (0o100644, b"x" * (2**20 + 1), "AGENTS.md is larger than 1 MB"),
    (0o100644, b"\x89PNG\0", "AGENTS.md is not a text file"),
], ids=["link", "link out", "LFS", "large", "binary"])  # fmt: skip
def test_notes_of_other_kinds_are_left_out(origin, open_branch, mode, content, problem) -> None:
    notes_file = (mode, origin.blob(content))
    origin.commit("main", {"docs/a.md": "a", "CLAUDE.md": "b", "AGENTS.md": notes_file})

    [notes] = read_notes(open_branch(), "docs")

    assert notes.problem.startswith(problem)
    assert notes.text == ""


def test_notes_in_a_linked_folder_are_left_out(origin, open_branch) -> None:
    link = (0o120000, origin.blob(b"docs"))
    origin.commit("main", {"docs/AGENTS.md": "b", ".mintlify": link})

    linked, notes = read_notes(open_branch(), "docs")

    assert linked.problem == ".mintlify is a symbolic link, not a folder"
    assert notes.text == "b"
