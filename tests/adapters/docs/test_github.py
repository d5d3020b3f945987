"""Pull requests over GitHub's REST API, against a local server."""

import json
import time
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.docs.adapters.git import github
from jobs.docs.adapters.git.github import GitHubPullRequests, cut
from jobs.docs.docs_job import Project
from jobs.docs.errors import CredentialsRefusedError
from jobs.kit.errors import FailureClass, UpstreamError
from local.kit.network import find_free_port
from tests.adapters.upstream import close_connection, close_in_body, reply, running

TOKEN = "ghp_to_be_kept"
LINK = "https://github.com/acme/docs/pull/7"
FOUND = {
    "html_url": LINK,
    "head": {"ref": "docs/x", "repo": {"id": 1}}, "base": {"repo": {"id": 1}},
}  # fmt: skip
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}


def unprocessable(*errors: Any, message: str = "Validation Failed") -> Any:
    return reply({"message": message, "errors": [*errors]}, 422)


EXISTS = unprocessable({
    "resource": "PullRequest", "code": "custom",
    "message": "A pull request already exists for acme:docs/x.",
})  # fmt: skip
NO_DRAFTS = unprocessable(message="Draft pull requests are not supported in this repository.")
CREATED = reply({"html_url": LINK}, 201)


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
    def call(title: str = "A title", body: str = "Words", **about: Any) -> str:
        sane = {
            "repository": "https://github.com/acme/docs", "pull_requests": "acme/docs",
            "credentials_secret": "git", "default_branch": "main",
            "settings": {"githubApi": f"{upstream.url}/api/v3/"},
        }  # fmt: skip
        project = Project(id="p", tenant="acme", **sane | about)
        pulls = GitHubPullRequests(SimpleNamespace(read=lambda _: json.dumps(secret)))
        return pulls.open(project, "docs/x", title=title, body=body, draft=True)

    return call


def catch_error(opened: Any, **about: Any) -> UpstreamError:
    with pytest.raises(UpstreamError) as error:
        opened(**about)
    assert TOKEN not in str(error.value) + error.value.detail
    assert "127.0.0.1" not in str(error.value)
    return error.value


def test_pull_request_is_opened(upstream, opened) -> None:
    upstream.then(CREATED)

    assert opened() == LINK

    received = upstream.only
    assert (received.method, received.path) == ("POST", "/api/v3/repos/acme/docs/pulls")
    assert received.headers["authorization"] == f"Bearer {TOKEN}"
    assert received.headers["accept"] == "application/vnd.github+json"
    assert received.headers["user-agent"]
    assert received.body == {
        "title": "A title", "body": "Words", "head": "docs/x", "base": "main", "draft": True,
    }  # fmt: skip


@pytest.mark.parametrize("exists", [
    EXISTS, unprocessable("A pull request already exists for acme:docs/x."),
    reply({"message": "A pull request already exists for acme:docs/x."}, 422),
], ids=lambda _: "")  # fmt: skip
def test_existing_pull_request_is_returned(upstream, opened, exists) -> None:
    upstream.then(exists, reply([FOUND]))

    assert opened() == LINK

    _, found = upstream.received
    assert found.method == "GET"
    assert found.path == (
        "/api/v3/repos/acme/docs/pulls?head=acme%3Adocs%2Fx&base=main&state=open&per_page=100"
    )


def test_existing_pull_request_of_renamed_owner_is_returned(upstream, opened) -> None:
    fork = FOUND | {"html_url": "https://x/", "head": {"ref": "docs/x", "repo": {"id": 2}}}
    other = FOUND | {"html_url": "https://x/", "head": {"ref": "docs/y", "repo": {"id": 1}}}
    upstream.then(EXISTS, reply([]), reply([fork, other, None, FOUND]))

    assert opened() == LINK


@pytest.mark.parametrize("created", [
    reply({}, 201), reply([], 201), reply(b"<html>", 201), reply(b"", 201), reply({"html_url": 7}),
    reply({"html_url": "javascript:alert(1)"}, 201), reply(b"[" * 100_000, 201),
], ids=lambda _: "")  # fmt: skip
def test_answer_without_url_looks_for_pull_request(upstream, opened, created) -> None:
    upstream.then(created, reply([FOUND]))
    assert opened() == LINK

    upstream.received.clear()
    upstream.then(created, reply([]))
    assert catch_error(opened).failure_class is FailureClass.BAD_ANSWER


# ── Corrections ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize("refusal", [
    NO_DRAFTS, unprocessable({"field": "draft", "code": "invalid"}),
    unprocessable("Draft pull requests are not supported in this repository."),
], ids=lambda _: "")  # fmt: skip
def test_draft_becomes_ordinary_where_there_are_none(upstream, opened, refusal) -> None:
    upstream.then(refusal, CREATED)

    assert opened() == LINK

    assert [each.body["draft"] for each in upstream.received] == [True, False]


@pytest.mark.parametrize(("title", "sent"), [(" A\n\n title ", "A title"), (" ", "docs/x")])
def test_title_is_one_line_and_never_empty(upstream, opened, title, sent) -> None:
    upstream.then(CREATED)

    opened(title=title)

    assert upstream.only.body["title"] == sent


def test_long_texts_are_cut(upstream, opened) -> None:
    upstream.then(CREATED)

    opened(title="t" * 300, body="é" * 70_000)

    sent = upstream.only.body
    assert sent["title"] == "t" * 255 + "…"
    assert len(sent["body"]) == 65_536
    assert sent["body"].endswith("é\n\n… (cut off, too long for GitHub)")


@pytest.mark.parametrize(("error", "field", "length"), [
    ({"field": "body", "message": "body is too long (maximum is 50 characters)"}, "body", 50),
    ({"field": "body", "message": "is too long (maximum is 50 characters)"}, "body", 50),
    ({"field": "body", "message": "body is too long (maximum is 65536 bytes)"}, "body", 250),
    ("Body is too long", "body", 250),
    ({"field": "title", "message": "title is too long (maximum is 50 characters)"}, "title", 50),
])  # fmt: skip
def test_text_that_github_finds_too_long_is_cut(upstream, opened, error, field, length) -> None:
    upstream.then(unprocessable(error), CREATED)

    assert opened(body="b" * 500, title="t" * 100) == LINK

    assert len(upstream.received[1].body[field]) == length


def test_several_corrections_are_made(upstream, opened) -> None:
    upstream.then(NO_DRAFTS, unprocessable("body is too long (maximum is 50 characters)"), EXISTS,
                  reply([FOUND]))  # fmt: skip

    assert opened(body="b" * 500) == LINK


def test_corrections_end(upstream, opened) -> None:
    upstream.then(unprocessable("body is too long (maximum is 65536 characters)"))

    assert catch_error(opened, body="b" * 500).failure_class is FailureClass.REFUSED


@pytest.mark.parametrize(("text", "expected"), [
    ("abcdef", "abc…"), ("abcd", "abcd"), ("abe\u0301de", "ab…"), ("a👩\u200d🔬bc", "a…"),
    ("ab👍🏽cd", "ab…"), ("ab\u0939\u093fxx", "ab…"), ("👩\u200d👩\u200d👧bcd", "…"),
])  # fmt: skip
def test_cut_splits_no_letter(text, expected) -> None:
    assert cut(text, 4, "…") == expected


# ── Refusals ──────────────────────────────────────────────────────────────────

NO_ACCESS = "Our token may not open pull requests on GitHub: it needs write access to them"
SIGN_ON = "GitHub wants our token to be authorized for the organization's single sign-on"
UNKNOWN = "GitHub has no such repository, or our credentials do not open it"


@pytest.mark.parametrize(("answer", "reason"), [
    (reply({"message": "Bad credentials"}, 401), "GitHub refused our credentials"),
    (reply(b"<html>no</html>", 401), "GitHub refused our credentials"),
    (reply({"message": "Forbidden"}, 403), "GitHub refused our credentials"),
    (reply({"message": "Resource not accessible by integration"}, 403), NO_ACCESS),
    (reply({"message": "Resource not accessible by personal access token"}, 403,
           X_RateLimit_Remaining="0"), NO_ACCESS),
    (reply({"message": "Must have push access to the repository."}, 403), NO_ACCESS),
    (reply({"message": "Must have admin rights to Repository."}, 403), NO_ACCESS),
    (reply({"message": "`acme` forbids access via a personal access token (classic)."}, 403),
     "GitHub refused our credentials"),
    (reply({"message": "Resource protected by organization SAML enforcement."}, 403,
           X_GitHub_SSO="required; url=https://github.com/orgs/acme/sso?authorization_request=A"),
     SIGN_ON),
    (reply({"message": "Resource protected by organization SAML enforcement."}, 403), SIGN_ON),
    (reply({"message": "Not Found"}, 404), UNKNOWN),
], ids=lambda _: "")  # fmt: skip
def test_wrong_token_raises_refused_error(upstream, opened, answer, reason) -> None:
    upstream.then(answer)

    error = catch_error(opened)

    assert isinstance(error, CredentialsRefusedError)
    assert str(error) == reason
    assert error.detail.startswith("GitHub: 40")
    assert "authorization_request" not in error.detail
    assert len(upstream.received) == 1


def test_missing_token_raises_refused_error(opened) -> None:
    assert isinstance(catch_error(opened, credentials_secret=None), CredentialsRefusedError)


def test_malformed_token_raises_refused_error(opened, secret) -> None:
    secret["password"] = f"{TOKEN}\n"

    assert isinstance(catch_error(opened), CredentialsRefusedError)


@pytest.mark.parametrize(("answer", "reason"), [
    (unprocessable({"code": "custom", "message": "No commits between main and docs/x"}),
     "GitHub refused the pull request: Validation Failed; No commits between main and docs/x"),
    (reply({"message": "Repository was archived so is read-only."}, 403),
     "GitHub refused the pull request: Repository was archived so is read-only."),
    (reply({"message": "Upgrade to GitHub Pro or make this repository public."}, 403),
     "GitHub refused the pull request: Upgrade to GitHub Pro or make this repository public."),
    (reply({"message": "Repository access blocked"}, 403),
     "GitHub refused the pull request: Repository access blocked"),
    (reply({"message": "Although you appear to have the correct authorization credentials, the"
                       " `acme` organization has an IP allow list enabled"}, 403), None),
    (reply({"message": "Blocked, see https://127.0.0.1/help"}, 403),
     "GitHub refused the pull request: Blocked, see"),
    (reply({"message": "Pull requests are disabled"}, 410),
     "GitHub refused the pull request: Pull requests are disabled"),
    (reply({"message": "Problems parsing JSON"}, 400),
     "GitHub refused the pull request: Problems parsing JSON"),
    (reply({"message": f"Not with {TOKEN}"}, 422), "GitHub refused the pull request: Not with …"),
    (unprocessable(None, 7, {}, {"field": [], "message": {}}),
     "GitHub refused the pull request: Validation Failed"),
    (reply({}, 422), "GitHub refused the pull request"),
], ids=lambda _: "")  # fmt: skip
def test_refusal_has_reason_of_github(upstream, opened, answer, reason) -> None:
    upstream.then(answer)

    error = catch_error(opened)

    assert error.failure_class is FailureClass.REFUSED
    assert reason is None or str(error) == reason
    assert len(upstream.received) == 1


def test_unknown_base_raises_error(upstream, opened) -> None:
    upstream.then(unprocessable({"resource": "PullRequest", "field": "base", "code": "invalid"}))

    error = catch_error(opened)

    assert str(error) == "GitHub does not know the base branch of the pull request"
    assert error.failure_class is FailureClass.NOT_FOUND


def test_head_that_github_does_not_know_yet_is_tried_again(upstream, opened, pauses) -> None:
    head = unprocessable({"resource": "PullRequest", "field": "head", "code": "invalid"})
    upstream.then(head, CREATED)
    assert opened() == LINK
    assert len(pauses) == 1

    upstream.received.clear()
    upstream.then(head)
    error = catch_error(opened)
    assert str(error) == "GitHub does not know the head branch of the pull request"


@pytest.mark.parametrize("answer", [
    reply(b"<html>Welcome</html>", 403), reply(b"<html>", 404), reply([], 403), reply(b"", 400),
], ids=lambda _: "")  # fmt: skip
def test_answer_of_no_github_raises_error(upstream, opened, answer) -> None:
    upstream.then(answer)

    error = catch_error(opened)

    assert str(error) == "GitHub's answer makes no sense. Is `githubApi` right?"
    assert error.failure_class is FailureClass.BAD_ANSWER


# ── Limits and outages ────────────────────────────────────────────────────────


@pytest.mark.parametrize("fault", [
    reply({}, 500), reply({}, 502), reply(b"<html>", 503), close_connection, close_in_body,
    reply({}, 408),
], ids=lambda _: "")  # fmt: skip
def test_transient_failure_is_retried(upstream, opened, pauses, fault) -> None:
    upstream.then(fault, fault, CREATED)
    assert opened() == LINK
    assert len(pauses) == 2

    upstream.received.clear()
    upstream.then(fault)
    error = catch_error(opened)
    assert str(error) == "GitHub is not available"
    assert error.failure_class is FailureClass.UNAVAILABLE
    assert len(upstream.received) == 4


def soon(seconds: int) -> str:
    return str(int(time.time()) + seconds)


# Their times are those of the answer, as a test may run long after its module was imported.


def at_a_date(handler: Any) -> None:
    reply(SECONDARY, 429, Retry_After=formatdate(time.time() + 80, usegmt=True))(handler)


def until_a_time(handler: Any) -> None:
    text = "API rate limit exceeded for user ID 1."
    headers = {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": soon(80)}
    reply({"message": text}, 403, **headers)(handler)


def until_a_distant_time(handler: Any) -> None:
    reply({}, 403, X_RateLimit_Remaining="0", X_RateLimit_Reset=soon(1800))(handler)


@pytest.mark.parametrize(("limit", "pause"), [
    (reply(SECONDARY, 403), 60),
    (reply(SECONDARY, 429), 60),
    (reply(SECONDARY, 403, X_RateLimit_Remaining="4900"), 60),
    (reply(SECONDARY, 403, Retry_After="7"), 7),
    (reply({}, 403, Retry_After="7"), 7),
    (reply({}, 429, Retry_After="7"), 7),
    (reply(b"<html>", 429), 60),
    (at_a_date, 75), (until_a_time, 75),
    (reply({"message": "You have triggered an abuse detection mechanism."}, 403), 60),
    (reply({"message": "was submitted too quickly"}, 422), 60),
], ids=lambda _: "")  # fmt: skip
def test_rate_limit_is_waited_for(upstream, opened, pauses, limit, pause) -> None:
    upstream.then(limit, CREATED)

    assert opened() == LINK

    [waited] = pauses
    assert pause - 40 < waited < pause + 6 if pause > 70 else waited == pause


@pytest.mark.parametrize("limit", [
    reply(SECONDARY, 403, Retry_After="600"), reply({}, 403, X_RateLimit_Remaining="0"),
    until_a_distant_time,
    reply({}, 429, X_RateLimit_Remaining="0", X_RateLimit_Reset="soon"),
], ids=lambda _: "")  # fmt: skip
def test_rate_limit_that_lasts_is_told(upstream, opened, pauses, limit) -> None:
    upstream.then(limit)

    error = catch_error(opened)

    assert str(error) == "GitHub limits the rate of our requests. Try again later"
    assert error.failure_class is FailureClass.QUOTA
    assert not isinstance(error, CredentialsRefusedError)
    assert pauses == []


def test_secondary_rate_limit_that_goes_on_is_told(upstream, opened, pauses) -> None:
    upstream.then(reply(SECONDARY, 403))

    error = catch_error(opened)

    assert error.failure_class is FailureClass.QUOTA
    assert error.detail == f"GitHub: 403 {SECONDARY['message']}"
    assert pauses == [60]


# ── Redirects ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("location", ["/repositories/7/pulls", "{}/repositories/7/pulls"])
def test_redirect_is_followed(upstream, opened, status, location) -> None:
    upstream.then(reply({}, status, Location=location.format(upstream.url)), CREATED)

    assert opened() == LINK

    first, second = upstream.received
    assert (second.method, second.path) == ("POST", "/repositories/7/pulls")
    assert second.body == first.body


@pytest.mark.parametrize("location", [
    {"Location": "http://127.0.0.1:1/x"}, {"Location": "https://evil.example/"}, {},
    {"Location": "/again"},
], ids=lambda _: "")  # fmt: skip
def test_redirect_elsewhere_or_for_ever_raises_error(upstream, opened, location) -> None:
    upstream.then(reply({"message": "Moved Permanently"}, 301, **location))

    error = catch_error(opened)

    assert str(error).startswith("The repository has moved on GitHub.")
    assert error.failure_class is FailureClass.NOT_FOUND
    assert len(upstream.received) <= 4


def test_unreachable_host_raises_error(opened) -> None:
    away = {"githubApi": f"http://127.0.0.1:{find_free_port()}"}

    assert str(catch_error(opened, settings=away)) == "GitHub is not available"
