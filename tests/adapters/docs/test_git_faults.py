"""Git hosts that are unreachable, slow or too large, and servers that are no git host."""

import json
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
from jobs.kit.errors import UpstreamError
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


@pytest.mark.parametrize(("status", "reason"), [
    (401, "The repository's host refused our credentials"),
    (403, "The repository's host refused our credentials"),
    (404, "The repository does not exist, or our credentials do not open it"),
    (301, "The repository has moved to another address"),
    (308, "The repository has moved to another address"),
    (400, "The repository's host has failed"),
    (500, "The repository's host has failed"),
])  # fmt: skip
def test_error_status_of_host_raises_reason(upstream, status, reason) -> None:
    upstream.then(reply(b"127.0.0.1", status, Location=f"{upstream.url}/elsewhere"))

    error = catch_error(upstream.url)

    assert str(error) == reason
    assert isinstance(error, CredentialsRefusedError) == (status in {401, 403})
    assert {each.path for each in upstream.received} == {"/info/refs?service=git-upload-pack"}


@pytest.mark.parametrize("fault", [
    close_connection, close_in_body, never_respond, respond_slowly,
    reply(b"<html>welcome</html>", Content_Type="text/html"), reply(b""),
    reply(b"", Content_Type=GIT), reply(b"0000", Content_Type=GIT),
    reply(b"zzzz", Content_Type=GIT), reply(b"ffff", Content_Type=GIT),
    reply(b"001e# service=git-upload-pack\n0000zzzz", Content_Type=GIT),
    reply(b"001e# service=git-upload-pack\n0000000eversion 2\n0000", Content_Type=GIT),
    reply(b"\xff\xfe", Content_Type=GIT), reply(b"x", Content_Type=GIT, Content_Encoding="gzip"),
    reply(b"0010ERR no such\n", Content_Type=GIT),
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


def test_push_refused_by_rule_raises_reason(origin) -> None:
    hook = origin.folder / "hooks/update"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    checkout = opened(origin.url)
    checkout.write("b.md", b"2")

    with pytest.raises(UpstreamError, match=r"^The repository's host refused the push$"):
        checkout.push("m")

    assert origin.tip("docs/x") is None
