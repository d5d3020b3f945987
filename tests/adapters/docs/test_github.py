"""Pull requests over GitHub's REST API, against a local server."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.docs.adapters.git import github
from jobs.docs.adapters.git.github import GitHubPullRequests
from jobs.docs.docs_job import Project
from jobs.docs.errors import CredentialsRefusedError
from jobs.kit.errors import UpstreamError
from local.kit.network import find_free_port
from tests.adapters.upstream import close_connection, close_in_body, reply, running

TOKEN = "ghp_to_be_kept"
LINK = "https://github.com/acme/docs/pull/7"
EXISTS = {
    "message": "Validation Failed",
    "errors": [{"message": "A pull request already exists for acme:docs/x."}],
}


@pytest.fixture
def upstream() -> Any:
    with running() as server:
        yield server


@pytest.fixture
def pauses(monkeypatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(github, "time", SimpleNamespace(sleep=slept.append))
    return slept


@pytest.fixture
def secret() -> dict[str, Any]:
    return {"username": "x-access-token", "password": TOKEN}


@pytest.fixture
def opened(upstream, pauses, secret) -> Any:
    def call(**about: Any) -> str:
        sane = {
            "repository": "https://github.com/acme/docs", "pull_requests": "acme/docs",
            "credentials_secret": "git", "settings": {"githubApi": f"{upstream.url}/api/v3/"},
        }  # fmt: skip
        project = Project(id="p", tenant="acme", **sane | about)
        pulls = GitHubPullRequests(SimpleNamespace(read=lambda _: json.dumps(secret)))
        return pulls.open(project, "docs/x", title="A title", body="Words", draft=True)

    return call


def catch_error(opened: Any, **about: Any) -> UpstreamError:
    with pytest.raises(UpstreamError) as error:
        opened(**about)
    assert TOKEN not in str(error.value)
    assert "127.0.0.1" not in str(error.value)
    return error.value


def test_pull_request_is_opened(upstream, opened) -> None:
    upstream.then(reply({"html_url": LINK}, 201))

    assert opened() == LINK

    received = upstream.only
    assert (received.method, received.path) == ("POST", "/api/v3/repos/acme/docs/pulls")
    assert received.headers["authorization"] == f"Bearer {TOKEN}"
    assert received.headers["accept"] == "application/vnd.github+json"
    assert received.headers["user-agent"]
    assert received.body == {
        "title": "A title", "body": "Words", "head": "docs/x", "base": "main", "draft": True,
    }  # fmt: skip


def test_existing_pull_request_is_returned(upstream, opened) -> None:
    upstream.then(reply(EXISTS, 422), reply([{"html_url": LINK}]))

    assert opened() == LINK

    _, found = upstream.received
    assert found.method == "GET"
    assert found.path == ("/api/v3/repos/acme/docs/pulls?head=acme%3Adocs%2Fx&base=main&state=open")


@pytest.mark.parametrize("status", [401, 403, 404])
def test_wrong_token_raises_refused_error(upstream, opened, status) -> None:
    upstream.then(reply({"message": "Bad credentials"}, status))

    assert isinstance(catch_error(opened), CredentialsRefusedError)
    assert len(upstream.received) == 1


def test_missing_token_raises_refused_error(opened) -> None:
    assert isinstance(catch_error(opened, credentials_secret=None), CredentialsRefusedError)


def test_malformed_token_raises_refused_error(opened, secret) -> None:
    secret["password"] = f"{TOKEN}\n"

    assert isinstance(catch_error(opened), CredentialsRefusedError)


@pytest.mark.parametrize("fault", [
    reply({}, 500), reply({}, 502), reply(b"<html>", 503), reply({}, 429),
    close_connection, close_in_body,
    reply({}, 403, Retry_After="1"),
], ids=lambda _: "")  # fmt: skip
def test_transient_failure_is_retried(upstream, opened, pauses, fault) -> None:
    upstream.then(fault, fault, reply({"html_url": LINK}, 201))
    assert opened() == LINK
    assert len(pauses) == 2

    upstream.received.clear()
    upstream.then(fault)
    error = catch_error(opened)
    assert str(error) == "GitHub is not available"
    assert not isinstance(error, CredentialsRefusedError)
    assert len(upstream.received) == 4


def test_exhausted_rate_limit_is_not_retried(upstream, opened, pauses) -> None:
    upstream.then(reply({}, 403, X_RateLimit_Remaining="0"))

    assert not isinstance(catch_error(opened), CredentialsRefusedError)
    assert pauses == []


@pytest.mark.parametrize("answers", [
    [reply(EXISTS, 422), reply([])], [reply(EXISTS, 422), reply({})],
    [reply(EXISTS, 422), reply(EXISTS, 422)], [reply({}, 201)], [reply([], 201)],
    [reply(b"<html>", 201)], [reply({"html_url": 7}, 201)], [reply(b"", 201)],
    [reply({"html_url": "javascript:alert(1)"}, 201)], [reply(b"[" * 100_000, 201)],
], ids=lambda _: "")  # fmt: skip
def test_response_without_url_raises_error(upstream, opened, answers) -> None:
    upstream.then(*answers)

    assert str(catch_error(opened)) == "GitHub refused the pull request"


@pytest.mark.parametrize("status", [301, 307, 400, 410])
def test_other_status_raises_error(upstream, opened, status) -> None:
    upstream.then(reply({}, status, Location=f"{upstream.url}/elsewhere"))

    assert str(catch_error(opened)) == "GitHub is not available"
    assert len(upstream.received) == 1


def test_unreachable_host_raises_error(opened) -> None:
    away = {"githubApi": f"http://127.0.0.1:{find_free_port()}"}

    assert str(catch_error(opened, settings=away)) == "GitHub is not available"
