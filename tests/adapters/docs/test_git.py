"""Branches of real repositories over HTTP, read and written without a work tree."""

import json
from typing import Any

import pytest

from jobs.docs.adapters.git.repositories import GitRepositories
from jobs.docs.adapters.git.wire import Limits
from jobs.docs.docs_job import Project
from jobs.docs.errors import CredentialsRefusedError, PathRefusedError
from jobs.kit.errors import FailureClass, UpstreamError
from tests.adapters.docs.git_hosts import CREDENTIALS, Origin, hosted
from tests.support import NOON

USER, PASSWORD = CREDENTIALS.split(":")
PAGES = {"docs/a.mdx": "# A\n", "docs/b/c.mdx": "# C\n", "docs.json": "{}", "src/x.py": "x = 1\n"}


class Secrets:
    def __init__(self) -> None:
        self.values = {"git": json.dumps({"username": USER, "password": PASSWORD})}

    def read(self, name: str) -> str:
        return self.values[name]


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture(params=["dulwich", "git"])
def origin(request, tmp_path) -> Any:
    with hosted(Origin(tmp_path / "origin.git"), request.param) as there:
        there.commit("main", PAGES)
        yield there


@pytest.fixture
def open_branch(origin, secrets, clock) -> Any:
    def opened(branch: str = "docs/new", **about: Any) -> Any:
        sane = {"repository": origin.url, "folder": "docs", "credentials_secret": "git"}
        project = Project(id="p", tenant="acme", **sane | about)
        return GitRepositories(secrets, clock, Limits()).open(project, branch)

    return opened


def test_branch_differing_from_default_is_published(origin, open_branch) -> None:
    new = open_branch()
    assert not new.published()

    new.write("docs/page.mdx", b"x")
    new.push("Add a page")

    assert open_branch().published()
    assert not open_branch("main").published()


def test_new_branch_starts_at_default(origin, open_branch) -> None:
    checkout = open_branch()
    assert not checkout.changed()

    checkout.write("docs/new/page.mdx", b"# New\n")
    pushed = checkout.push("Add a page\n\nIt was missing.")

    tip = origin.tip("docs/new")
    assert tip is not None
    assert tip.id.decode() == pushed
    assert tip.parents == [origin.tip("main").id]
    assert tip.message == b"Add a page\n\nIt was missing.\n"
    assert tip.commit_time == NOON // 1000
    assert origin.files("docs/new") == {k: v.encode() for k, v in PAGES.items()} | {
        "docs/new/page.mdx": b"# New\n"
    }
    assert not checkout.changed()


def test_existing_branch_is_continued(origin, open_branch) -> None:
    first = open_branch()
    first.write("docs/a.mdx", b"# A2\n")
    first.push("one")

    second = open_branch()
    assert second.read("docs/a.mdx") == b"# A2\n"
    second.delete("docs/b/c.mdx")
    second.push("two")

    assert "docs/b/c.mdx" not in origin.files("docs/new")
    assert origin.files("main")["docs/b/c.mdx"] == b"# C\n"
    assert len(origin.tip("docs/new").parents) == 1


def test_checkout_can_be_pushed_twice(origin, open_branch) -> None:
    checkout = open_branch()
    checkout.write("docs/a.mdx", b"1")
    first = checkout.push("one")
    checkout.write("docs/a.mdx", b"2")
    checkout.push("two")

    assert origin.files("docs/new")["docs/a.mdx"] == b"2"
    assert origin.tip("docs/new").parents == [first.encode()]


def test_files_are_below_project_folder(open_branch) -> None:
    checkout = open_branch()

    assert list(checkout.files()) == ["docs/a.mdx", "docs/b/c.mdx"]
    assert list(checkout.files("docs")) == ["docs/a.mdx", "docs/b/c.mdx"]
    assert list(checkout.files("docs/b/")) == ["docs/b/c.mdx"]
    assert list(checkout.files("docs/none")) == []
    assert list(open_branch(folder="").files()) == sorted(PAGES)
    with pytest.raises(PathRefusedError):
        list(checkout.files("src"))
    with pytest.raises(PathRefusedError):
        list(checkout.files("docs/.."))


def test_unpushed_changes_are_read_and_listed(origin, open_branch) -> None:
    checkout = open_branch()

    checkout.write("docs/z.mdx", "é🐎\r\n".encode())
    checkout.write("docs/z.mdx", b"again")
    checkout.delete("docs/a.mdx")

    assert checkout.read("docs/z.mdx") == b"again"
    assert list(checkout.files()) == ["docs/b/c.mdx", "docs/z.mdx"]
    with pytest.raises(FileNotFoundError):
        checkout.read("docs/a.mdx")
    assert origin.tip("docs/new") is None


def test_same_content_is_no_change(open_branch) -> None:
    checkout = open_branch()

    checkout.write("docs/a.mdx", b"changed")
    assert checkout.changed()
    checkout.write("docs/a.mdx", b"# A\n")
    checkout.write("docs/new.mdx", b"x")
    checkout.delete("docs/new.mdx")

    assert not checkout.changed()


def test_file_keeps_mode(origin, open_branch) -> None:
    origin.commit("main", {"docs/run.sh": (0o100755, origin.blob(b"1"))})
    checkout = open_branch()

    checkout.write("docs/run.sh", b"2")
    checkout.push("m")

    assert origin.modes("docs/new")["docs/run.sh"] == 0o100755


@pytest.mark.parametrize(("path", "reason"), [
    ("docs/link", "docs/link is a symbolic link, not a file"),
    ("docs/far/x", "docs/far is a symbolic link, not a folder"),
    ("docs/sub/x", "docs/sub is a submodule, not a folder"),
    ("docs/sub", "docs/sub is a submodule, not a file"),
    ("docs/b", "docs/b is a folder, not a file"),
    ("docs/a.mdx/x", "docs/a.mdx is a file, not a folder"),
    ("src/x.py", "src/x.py is outside of the documentation's folder, docs/"),
    ("docs/../src/x.py", "docs/../src/x.py has a part that is empty or ends with a dot or a space"),
    ("docs/.git/config", "docs/.git/config belongs to git itself"),
])  # fmt: skip
def test_path_not_regular_file_or_outside_is_refused(origin, open_branch, path, reason) -> None:
    origin.commit("main", {
        "docs/link": (0o120000, origin.blob(b"/etc/passwd")),
        "docs/far": (0o120000, origin.blob(b"../src")),
        "docs/sub": (0o160000, b"1" * 40),
    })  # fmt: skip
    checkout = open_branch()

    for attempt in (checkout.read, checkout.delete, lambda path: checkout.write(path, b"x")):
        with pytest.raises(PathRefusedError) as error:
            attempt(path)
        assert str(error.value) == reason

    assert list(checkout.files()) == ["docs/a.mdx", "docs/b/c.mdx"]
    assert not checkout.changed()
    checkout.write("docs/a.mdx", b"x")
    checkout.push("beside them")
    assert origin.modes("docs/new")["docs/sub"] == 0o160000


def test_file_over_1_mb_is_refused(origin, open_branch) -> None:
    origin.commit("main", {"docs/big": b"x" * (2**20 + 1), "docs/full": b"x" * 2**20})
    checkout = open_branch()

    assert len(checkout.read("docs/full")) == 2**20
    with pytest.raises(PathRefusedError, match=r"^docs/big is larger than 1 MB$"):
        checkout.read("docs/big")
    with pytest.raises(PathRefusedError, match=r"^docs/c would be larger than 1 MB$"):
        checkout.write("docs/c", b"x" * (2**20 + 1))
    assert not checkout.changed()


def test_writes_over_10_mb_are_refused(open_branch) -> None:
    checkout = open_branch()
    for number in range(10):
        checkout.write(f"docs/{number}", bytes([number]) * 2**20)

    with pytest.raises(PathRefusedError, match=r"^A job may write at most 10 MB$"):
        checkout.write("docs/more", b"x")
    checkout.write("docs/0", b"smaller")
    checkout.write("docs/more", b"x")


def test_changes_of_over_200_files_are_refused(open_branch) -> None:
    checkout = open_branch()
    for number in range(199):
        checkout.write(f"docs/{number}", b"x")
    checkout.delete("docs/a.mdx")

    with pytest.raises(PathRefusedError, match=r"^A job may change at most 200 files$"):
        checkout.write("docs/more", b"x")
    checkout.write("docs/1", b"again")


def test_push_after_remote_change_rebases(origin, open_branch) -> None:
    origin.commit("docs/new", PAGES)
    checkout = open_branch()
    checkout.write("docs/a.mdx", b"ours")
    checkout.write("docs/n/new.mdx", b"ours")
    checkout.delete("docs/b/c.mdx")
    other_commit = origin.commit(
        "docs/new", {"docs/theirs.mdx": "theirs", "docs/n/x.mdx": "theirs"}
    )

    checkout.push("m")

    tip = origin.tip("docs/new")
    assert tip.parents == [other_commit]
    assert origin.files("docs/new") == {
        "docs.json": b"{}", "src/x.py": b"x = 1\n", "docs/a.mdx": b"ours",
        "docs/n/new.mdx": b"ours", "docs/n/x.mdx": b"theirs", "docs/theirs.mdx": b"theirs",
    }  # fmt: skip


def test_push_of_branch_created_meanwhile_rebases(origin, open_branch) -> None:
    checkout = open_branch()
    checkout.write("docs/a.mdx", b"ours")
    other_commit = origin.commit("docs/new", PAGES | {"docs/theirs.mdx": "theirs"})

    checkout.push("m")

    assert origin.tip("docs/new").parents == [other_commit]
    assert origin.files("docs/new")["docs/theirs.mdx"] == b"theirs"


@pytest.mark.parametrize("other_commit", [
    {"docs/a.mdx": "theirs"}, {"docs/a.mdx": None}, {"docs/n.mdx": "theirs"},
    {"docs/a.mdx": None, "docs/a.mdx/x": "theirs"}, {"docs/b/c.mdx": "theirs"},
])  # fmt: skip
def test_push_with_conflict_raises_error(origin, open_branch, other_commit) -> None:
    origin.commit("docs/new", PAGES)
    checkout = open_branch()
    checkout.write("docs/a.mdx", b"ours")
    checkout.write("docs/n.mdx", b"ours")
    checkout.delete("docs/b/c.mdx")
    for path, content in other_commit.items():
        tip = origin.commit("docs/new", {path: content})

    with pytest.raises(UpstreamError, match=r"^Somebody else has changed docs/\S+ on the branch$"):
        checkout.push("m")

    assert origin.tip("docs/new").id == tip


def test_push_of_change_already_there_succeeds(origin, open_branch) -> None:
    origin.commit("docs/new", PAGES)
    checkout = open_branch()
    checkout.write("docs/a.mdx", b"both")
    other_commit = origin.commit("docs/new", {"docs/a.mdx": "both"})

    assert checkout.push("m") == other_commit.decode()
    assert origin.tip("docs/new").id == other_commit


def test_push_that_lost_race_is_detected(origin, open_branch) -> None:
    origin.commit("docs/new", PAGES)
    checkout = open_branch()
    checkout.write("docs/a.mdx", b"ours")
    origin.before_push.append(lambda: origin.commit("docs/new", {"docs/t.mdx": "theirs"}))

    checkout.push("m")

    assert origin.files("docs/new")["docs/t.mdx"] == b"theirs"
    assert origin.files("docs/new")["docs/a.mdx"] == b"ours"


def test_push_to_branch_that_keeps_moving_raises_error(origin, open_branch) -> None:
    origin.commit("docs/new", PAGES)
    checkout = open_branch()
    checkout.write("docs/a.mdx", b"ours")
    for n in range(2):
        origin.before_push.append(lambda n=n: origin.commit("docs/new", {f"docs/{n}": "theirs"}))

    with pytest.raises(UpstreamError, match=r"^The branch keeps changing; nothing was pushed$"):
        checkout.push("m")

    assert origin.files("docs/new")["docs/a.mdx"] == b"# A\n"


@pytest.mark.parametrize("folder", ["", "docs", ".docs"])
@pytest.mark.parametrize("path", [".github/workflows/x.yml", "a/.vale.ini", ".x"])
def test_hidden_file_is_readable_and_not_changed(origin, open_branch, folder, path) -> None:
    whole = f"{folder}/{path}".lstrip("/")
    origin.commit("main", {whole: "theirs"})
    checkout = open_branch(folder=folder)

    assert checkout.read(whole) == b"theirs"
    with pytest.raises(PathRefusedError, match="is hidden"):
        checkout.write(whole, b"ours")
    with pytest.raises(PathRefusedError, match="is hidden"):
        checkout.delete(whole)
    assert not checkout.changed()


def test_hidden_file_is_changed_where_the_project_allows_it(open_branch) -> None:
    checkout = open_branch(folder="", allows_hidden_files=True)

    checkout.write(".github/workflows/x.yml", b"ours")

    assert checkout.changed()


def test_push_to_deleted_branch_raises_error(origin, open_branch) -> None:
    origin.commit("docs/new", PAGES)
    checkout = open_branch()
    checkout.write("docs/a.mdx", b"ours")
    origin.delete_branch("docs/new")

    with pytest.raises(UpstreamError, match=r"^The branch was deleted meanwhile$"):
        checkout.push("m")

    assert origin.tip("docs/new") is None


def test_head_names_default_branch(origin, open_branch) -> None:
    origin.commit("trunk", {"docs/a.mdx": "trunk"})
    origin.set_head(b"ref: refs/heads/trunk")

    checkout = open_branch()

    assert (checkout.default_branch, checkout.exists()) == ("trunk", False)
    assert checkout.read("docs/a.mdx") == b"trunk"
    assert open_branch(default_branch="main").read("docs/a.mdx") == b"# A\n"
    assert open_branch("trunk").default_branch == "trunk"
    assert not open_branch("trunk").published()


def test_detached_head_is_the_branch_with_its_commit(origin, open_branch) -> None:
    commit = origin.commit("trunk", {"docs/a.mdx": "trunk"})
    origin.set_head(commit)

    assert open_branch().default_branch == "trunk"


def test_detached_head_on_no_branch_serves_without_pull_requests(origin, open_branch) -> None:
    commit = origin.commit("trunk", {"docs/a.mdx": "trunk"})
    origin.set_head(commit)
    origin.commit("trunk", {"docs/a.mdx": "newer"})

    assert open_branch().default_branch is None
    assert open_branch().read("docs/a.mdx") == b"trunk"
    with pytest.raises(UpstreamError, match="names no branch for pull requests") as error:
        open_branch(pull_requests="acme/docs")
    assert error.value.failure_class is FailureClass.NOT_FOUND


def test_head_that_names_missing_branch_raises_error(origin, open_branch) -> None:
    origin.set_head(b"ref: refs/heads/gone")

    with pytest.raises(UpstreamError, match=r"^The repository's HEAD names no branch that exists"):
        open_branch()
    assert open_branch("main").default_branch is None
    assert open_branch(default_branch="main").default_branch == "main"


def test_missing_default_branch_raises_error_with_name(open_branch) -> None:
    with pytest.raises(UpstreamError, match=r"^The repository has no branch trunk$"):
        open_branch(default_branch="trunk")


@pytest.mark.parametrize("backend", ["dulwich", "git"])
def test_empty_repository_raises_error(tmp_path, secrets, clock, backend) -> None:
    with hosted(Origin(tmp_path / "origin.git"), backend) as origin:
        project = Project(id="p", tenant="acme", repository=origin.url)
        with pytest.raises(UpstreamError, match=r"^The repository is empty"):
            GitRepositories(secrets, clock, Limits()).open(project, "x")


@pytest.mark.parametrize("branch", ["", "-x", "refs/heads/x", "a b", "a..b", "HEAD", "x.lock"])
def test_invalid_branch_name_is_not_requested(open_branch, branch) -> None:
    with pytest.raises(UpstreamError, match=r"^The branch name is invalid$"):
        open_branch(branch)


@pytest.mark.parametrize("secret", [
    json.dumps({"username": USER, "password": "wrong"}), "no json", "{}", "[]", "7",
    json.dumps({"username": USER}), json.dumps({"username": USER, "password": 7}),
])  # fmt: skip
def test_wrong_credentials_raise_refused_error(origin, open_branch, secrets, secret) -> None:
    secrets.values["git"] = secret

    def work() -> None:
        checkout = open_branch()
        checkout.write("docs/a.mdx", b"x")
        checkout.push("m")

    with pytest.raises(CredentialsRefusedError) as error:
        work()

    assert "127.0.0.1" not in str(error.value)
    assert PASSWORD not in str(error.value)
    assert origin.tip("docs/new") is None


def test_project_without_credentials_is_read_only(open_branch) -> None:
    checkout = open_branch(credentials_secret=None)
    checkout.write("docs/a.mdx", b"x")

    with pytest.raises(CredentialsRefusedError):
        checkout.push("m")
