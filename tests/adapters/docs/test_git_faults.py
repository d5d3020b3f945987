"""Git hosts that are unreachable, slow or too large, and servers that are no git host."""

import json
import subprocess
from types import SimpleNamespace
from typing import Any

import pytest
from dulwich.pack import PackInflater

from jobs.docs.adapters.git import wire
from jobs.docs.adapters.git.remote import Store
from jobs.docs.adapters.git.repositories import GitRepositories
from jobs.docs.adapters.git.wire import Limits
from jobs.docs.docs_job import Project
from jobs.docs.errors import CredentialsRefusedError
from jobs.kit.errors import RefusedError, UpstreamError
from local.git.server import REPOSITORY_NAME
from local.kit.network import find_free_port
from tests.adapters.docs.git_hosts import CREDENTIALS, Origin, dulwich_app, hosted, serving
from tests.adapters.upstream import (
    close_connection,
    close_in_body,
    never_respond,
    reply,
    respond_slowly,
    running,
)
from tests.support import Broken

USER, PASSWORD = CREDENTIALS.split(":")
GIT = "application/x-git-upload-pack-advertisement"
HASTY = Limits(connect=0.3, read=0.3, total=0.3)


@pytest.fixture(autouse=True)
def pauses(monkeypatch) -> list[float]:
    slept: list[float] = []
    times = SimpleNamespace(sleep=slept.append, monotonic=wire.time.monotonic)
    monkeypatch.setattr(wire, "time", times)
    return slept


@pytest.fixture
def upstream() -> Any:
    with running() as server:
        yield server


@pytest.fixture
def origin(tmp_path) -> Any:
    with hosted(Origin(tmp_path / "origin.git"), "dulwich") as there:
        there.commit("main", {"a.md": "x" * 50_000, "b.md": "b"})
        yield there


def opened(url: str, limits: Limits = HASTY) -> Any:
    secrets = SimpleNamespace(read=lambda _: json.dumps({"username": USER, "password": PASSWORD}))
    project = Project(id="p", tenant="acme", repository=url, credentials_secret="git")
    return GitRepositories(secrets, lambda: 0, limits).open(project, "docs/x")


def catch_error(url: str, limits: Limits = HASTY) -> UpstreamError:
    with pytest.raises(UpstreamError) as error:
        opened(url, limits)
    assert not {"127.0.0.1", USER, PASSWORD} & set(str(error.value).split())
    assert "127.0.0.1" not in str(error.value)
    return error.value


REFUSED = "The repository's host refused our credentials"
UNKNOWN = "The repository does not exist, or our credentials do not open it"
NEW = "https://bob:secret@git.example/new.git"
MOVED = "The repository has moved to another address"
FAILED = "The repository's host has failed"
LIMITED = "The repository's host limits the rate of our requests. Try again later"
HTML = reply(b"<html><head><style>b{}</style></head><h1>Oops</h1></html>", 502)


@pytest.mark.parametrize(("answer", "failure_class", "reason"), [
    (reply(b"", 401, WWW_Authenticate='Basic realm="GitLab"'), "credentials", REFUSED),
    (reply(b"127.0.0.1", 403), "credentials", REFUSED),
    (reply(b"Write access to repository not granted.", 403), "credentials", REFUSED),
    (reply(b"This repository was archived so it is read-only.", 403), "refused",
     "The repository's host refused the request: This repository was archived so it is read-only."),
    (reply(b"Your account is suspended. See https://127.0.0.1/help", 403), "refused",
     "The repository's host refused the request: Your account is suspended. See"),
    (reply(b"<title>Attention Required! | Cloudflare</title>", 403), "refused",
     "The repository's host refused the request: Attention Required! | Cloudflare"),
    (reply(b"API rate limit exceeded for user ID 7", 403), "quota", LIMITED),
    (reply(b"Retry later", 429), "quota", LIMITED),
    (reply(b"", 404), "not_found", UNKNOWN), (reply(b"", 410), "not_found", UNKNOWN),
    (reply(b"127.0.0.1", 400), "refused", "The repository's host refused the request"),
    (reply(b"", 407), "unavailable", "A proxy refuses the way to the repository's host"),
    (reply(b"", 451), "refused", "The repository's host refused the request"),
    (reply(b"", 500), "unavailable", FAILED), (HTML, "unavailable", FAILED),
])  # fmt: skip
def test_error_status_of_host_raises_reason(upstream, answer, failure_class, reason) -> None:
    upstream.then(answer)

    error = catch_error(upstream.url)

    assert (str(error), error.failure_class) == (reason, failure_class)
    assert isinstance(error, CredentialsRefusedError) == (failure_class == "credentials")
    assert error.detail.startswith("git host: ")
    assert {each.path for each in upstream.received} == {"/info/refs?service=git-upload-pack"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_moved_repository_raises_error_with_address_for_operator(upstream, status) -> None:
    upstream.then(reply(b"", status, Location=f"{NEW}/info/refs?service=git-upload-pack"))

    error = catch_error(upstream.url)

    assert (str(error), error.failure_class) == (MOVED, "not_found")
    assert error.detail == f"git host: {status} https://…git.example/new.git"
    assert len(upstream.received) == 1


def test_detail_has_status_and_words_of_host_without_secrets(upstream) -> None:
    said = f"Sorry {USER}, {PASSWORD}\r\n does not fit".encode()
    upstream.then(reply(said, 401, WWW_Authenticate='Basic realm="GitHub"'))

    error = catch_error(upstream.url)

    assert error.detail == 'git host: 401 Sorry …, … does not fit Basic realm="GitHub"'


def test_host_that_wants_credentials_where_there_are_none_raises_reason(upstream) -> None:
    upstream.then(reply(b"", 401))
    project = Project(id="p", tenant="acme", repository=upstream.url)

    with pytest.raises(CredentialsRefusedError, match="wants credentials, and the project has no"):
        GitRepositories(SimpleNamespace(), lambda: 0, HASTY).open(project, "docs/x")


@pytest.mark.parametrize("answer", [
    b"003eERR access denied or repository not exported: /acme/docs\n0000",
    b"001e# service=git-upload-pack\n0000" + b"0020ERR Repository not found.\n",
])  # fmt: skip
def test_error_packet_of_unknown_repository_raises_reason(upstream, answer) -> None:
    upstream.then(reply(answer, Content_Type=GIT))

    assert str(catch_error(upstream.url)) == UNKNOWN


@pytest.mark.parametrize(("words", "failure_class", "reason"), [
    ("FATAL: R any docs/x DENIED by fallthru (or you mis-spelled the repo)", "refused", None),
    ("You do not have permission to read this repository", "credentials", REFUSED),
    ("Too many requests", "quota", LIMITED),
    ("Repository is in maintenance", "refused",
     "The repository's host refused the request: Repository is in maintenance"),
])  # fmt: skip
def test_error_packet_raises_reason(upstream, words, failure_class, reason) -> None:
    packet = f"ERR {words}\n".encode()
    upstream.then(reply(b"%04x%s0000" % (len(packet) + 4, packet), Content_Type=GIT))

    error = catch_error(upstream.url)

    assert error.failure_class == failure_class
    assert reason is None or str(error) == reason
    assert error.detail == f"git host: {words}"


@pytest.mark.parametrize(("after", "waited"), [("7", [7, 7]), ("600", [])])
def test_retry_after_of_host_is_respected(upstream, pauses, after, waited) -> None:
    upstream.then(reply(b"", 503, Retry_After=after))

    catch_error(upstream.url)

    assert pauses == waited


def test_missing_secret_is_told_to_operator(upstream) -> None:
    class Secrets:
        def read(self, name: str) -> str:
            raise RefusedError("A secret cannot be read", detail=f"secret {name} does not exist")

    project = Project(id="p", tenant="acme", repository=upstream.url, credentials_secret="git")
    with pytest.raises(CredentialsRefusedError) as error:
        GitRepositories(Secrets(), lambda: 0, HASTY).open(project, "docs/x")

    assert str(error.value) == "The project's credentials are not set up"
    assert error.value.detail == "secret git does not exist"


@pytest.mark.parametrize("fault", [
    close_connection, close_in_body, never_respond, respond_slowly,
    reply(b"<html>welcome</html>", Content_Type="text/html"), reply(b""),
    reply(b"", Content_Type=GIT), reply(b"0000", Content_Type=GIT),
    reply(b"zzzz", Content_Type=GIT), reply(b"ffff", Content_Type=GIT),
    reply(b"001e# service=git-upload-pack\n0000zzzz", Content_Type=GIT),
    reply(b"001e# service=git-upload-pack\n0000000eversion 2\n0000", Content_Type=GIT),
    reply(b"\xff\xfe", Content_Type=GIT), reply(b"x", Content_Type=GIT, Content_Encoding="gzip"),
], ids=lambda _: "")  # fmt: skip
def test_host_without_git_raises_reason(upstream, fault) -> None:
    upstream.then(fault)

    assert str(catch_error(upstream.url)).startswith("The repository's ")


def test_unreachable_host_is_tried_three_times(pauses) -> None:
    error = catch_error(f"http://127.0.0.1:{find_free_port()}/docs.git")

    assert str(error) == "The repository's host cannot be reached"
    assert pauses == [0.5, 1.0]


def test_transient_status_is_retried(origin, upstream, pauses) -> None:
    app, answers = dulwich_app(origin), [503, 429]

    def troubled(environ: Any, respond: Any) -> Any:
        if answers:
            respond(f"{answers.pop()} Later", [])
            return [b""]
        return app(environ, respond)

    with serving(troubled) as address:
        assert opened(f"{address}/{REPOSITORY_NAME}").read("b.md") == b"b"

    assert pauses == [0.5, 1.0]


def test_pack_over_limit_is_not_read_completely(origin) -> None:
    origin.commit("main", {"big": bytes(range(256)) * 200 + origin.url.encode() * 9})
    error = catch_error(origin.url, Limits(bytes=700))

    assert str(error) == "The repository is too large"


def test_pack_expanding_over_limit_is_refused_before_it_expands(origin, monkeypatch) -> None:
    monkeypatch.setattr(Store, "_bytes_left", 40_000)
    monkeypatch.setattr(PackInflater, "for_pack_data", Broken(AssertionError("expanded")))

    assert str(catch_error(origin.url)) == "The repository is too large"


@pytest.mark.parametrize("status", [500, 503])
def test_failed_push_is_not_retried_but_checked(origin, status) -> None:
    app, pushes = dulwich_app(origin), []

    def troubled(environ: Any, respond: Any) -> Any:
        if environ["PATH_INFO"].endswith("/git-receive-pack"):
            pushes.append(status)
            respond(f"{status} Oh", [])
            return [b""]
        return app(environ, respond)

    with serving(troubled) as address:
        checkout = opened(f"{address}/{REPOSITORY_NAME}")
        checkout.write("b.md", b"2")
        with pytest.raises(UpstreamError, match=r"^The repository's host has failed$"):
            checkout.push("m")

    assert pushes == [status]


def test_push_with_lost_response_succeeds(origin) -> None:
    app = dulwich_app(origin)

    def troubled(environ: Any, respond: Any) -> Any:
        if environ["PATH_INFO"].endswith("/git-receive-pack"):
            b"".join(app(environ, lambda *_: lambda _: None))
            respond("502 Lost", [])
            return [b""]
        return app(environ, respond)

    with serving(troubled) as address:
        checkout = opened(f"{address}/{REPOSITORY_NAME}")
        checkout.write("b.md", b"2")
        pushed = checkout.push("m")

    assert origin.tip("docs/x").id.decode() == pushed


NOTHING = "The repository's host refused the push, so nothing was pushed"


@pytest.fixture
def real_origin(tmp_path) -> Any:
    with hosted(Origin(tmp_path / "origin.git"), "git") as there:
        there.commit("main", {"a.md": "a", "b.md": "b"})
        yield there


def refused_push(origin: Any) -> UpstreamError:
    checkout = opened(origin.url, Limits())
    checkout.write("b.md", b"2")
    with pytest.raises(UpstreamError) as error:
        checkout.push("m")
    assert PASSWORD not in error.value.detail
    return error.value


def write_hook(origin: Any, name: str, script: str) -> None:
    hook = origin.folder / "hooks" / name
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{script}\nexit 1\n")
    hook.chmod(0o755)


def test_push_refused_by_rule_raises_reason(origin) -> None:
    write_hook(origin, "update", "")

    error = refused_push(origin)

    assert str(error) == f"{NOTHING}: update hook exited with status 1"
    assert origin.tip("docs/x") is None


@pytest.mark.parametrize(("said", "failure_class", "told"), [
    (["error: GH006: Protected branch update failed for refs/heads/docs/x.",
      "error: Changes must be made through a pull request."], "refused",
     ("GH006: Protected branch update failed for refs/heads/docs/x. Changes must be made through a"
     " pull request.")),
    (["", "=========", ("GitLab: You are not allowed to push code to protected branches on this"
      " project."), ""], "refused",
     "GitLab: You are not allowed to push code to protected branches on this project."),
    (["GH006: Protected branch update failed: commits must have verified signatures."], "refused",
     "GH006: Protected branch update failed: commits must have verified signatures."),
    (["GH013: Repository rule violations found. Push cannot contain secrets: AWS credentials"],
     "refused", None),
    ([("refusing to allow a Personal Access Token to create or update workflow without `workflow`"
      " scope")], "credentials", None),
    (["Gitea: Not allowed to push to protected branch docs/x"], "refused",
     "Gitea: Not allowed to push to protected branch docs/x"),
    (["Branch refs/heads/docs/x can only be modified through pull requests.",
      "Check your branch permissions configuration with your admin."], "refused", None),
    ([("TF402455: Pushes to this branch are not permitted; you must use a pull request to update"
      " this branch.")], "refused", None),
    (["error: GH001: Large files detected. You may want to try Git Large File Storage",
      "error: See https://gh.io/lfs for more information.",
      "error: File big.bin is 120.00 MB; this exceeds the file size limit of 100.00 MB"], "quota",
     None),
    ([("GitLab: Your push to this repository has been rejected because it exceeds the storage"
      " limit")], "quota", None),
    (["GitLab: This deploy key does not have write access to this project."], "credentials", None),
    (["Permission to acme/docs.git denied to bob."], "credentials", None),
    (["Resolving deltas: 100% (1/1), done.", "Processing changes: refs: 1, done",
      "GH013: Repository rule violations found for refs/heads/docs/x."], "refused",
     "GH013: Repository rule violations found for refs/heads/docs/x."),
    ([f"Password {PASSWORD} of {USER} at http://127.0.0.1/x"], "refused", "Password … of … at"),
    (["\x1b[31mZweig geschützt: 保護されたブランチ\x1b[0m"], "refused",
     "Zweig geschützt: 保護されたブランチ"),
    (["x" * 100] * 300 + ["No"], "refused", None),
    ([], "refused", "pre-receive hook declined"),
])  # fmt: skip
def test_reason_of_hook_is_told(real_origin, said, failure_class, told) -> None:
    lines = "\n".join(said)
    write_hook(real_origin, "pre-receive", f"cat >&2 <<'EOF'\n{lines}\nEOF")

    error = refused_push(real_origin)

    assert error.failure_class == failure_class
    assert str(error) == f"{NOTHING}: {told}".removesuffix(": None") or told is None
    assert real_origin.tip("docs/x") is None


def test_status_of_host_is_told(real_origin) -> None:
    with (real_origin.folder / "config").open("a") as config:
        config.write("[receive]\n\tmaxInputSize = 10\n")

    assert str(refused_push(real_origin)).startswith(f"{NOTHING}: ")


def test_lost_status_and_unreachable_host_tells_the_first_failure(origin) -> None:
    app, down = dulwich_app(origin), []

    def troubled(environ: Any, respond: Any) -> Any:
        if down or environ["PATH_INFO"].endswith("/git-receive-pack"):
            down.append(True)
            respond("403 Forbidden" if len(down) == 1 else "500 Oh", [])
            return [b"This repository was archived so it is read-only."]
        return app(environ, respond)

    with serving(troubled) as address:
        checkout = opened(f"{address}/{REPOSITORY_NAME}")
        checkout.write("b.md", b"2")
        with pytest.raises(UpstreamError, match="archived"):
            checkout.push("m")


def test_shallow_repository_of_host_is_changed(real_origin, tmp_path) -> None:
    real_origin.commit("main", {"a.md": "second"})
    shallow = Origin(tmp_path / "shallow.git")
    for command in (
        ["fetch", "-q", "--depth=1", real_origin.folder.as_uri(), "main:refs/heads/main"],
        ["config", "receive.shallowUpdate", "true"],
    ):
        subprocess.run(["git", *command], cwd=shallow.folder, check=True)

    with hosted(shallow, "git"):
        checkout = opened(shallow.url, Limits())
        checkout.write("b.md", b"2")
        checkout.push("m")

    assert shallow.files("docs/x") == {"a.md": b"second", "b.md": b"2"}


def test_repository_of_sha256_raises_reason(tmp_path) -> None:
    origin = Origin(tmp_path / "plain.git")
    folder = tmp_path / "sha256.git"
    with hosted(origin, "git"):
        script = (
            f"git init -q --bare --object-format=sha256 -b main {folder} && cd {folder} &&"
            " git update-ref refs/heads/main $(git -c user.name=a -c user.email=a@example.com"
            " commit-tree -m x $(git mktree </dev/null))"
        )
        subprocess.run(["sh", "-c", script], check=True)
        origin.folder = folder

        error = catch_error(origin.url, Limits())

    assert str(error).startswith("The repository has object ids of SHA-256")
