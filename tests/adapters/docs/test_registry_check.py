"""Problems of projects that `make registry` tells the operator."""

import json
from typing import Any

import pytest

from jobs.docs.docs_job import Project
from jobs.kit.errors import RefusedError
from scripts.registry_check import find_problems
from tests.adapters.docs.git_hosts import CREDENTIALS, Origin, hosted
from tests.adapters.upstream import reply, running


class Secrets:
    def read(self, name: str) -> str:
        if name != "git":
            raise RefusedError("A secret cannot be read", detail=f"secret {name} does not exist")
        user, password = CREDENTIALS.split(":")
        return json.dumps({"username": user, "password": password})


@pytest.fixture
def upstream() -> Any:
    with running() as server:
        yield server


@pytest.fixture
def origin(tmp_path) -> Any:
    with hosted(Origin(tmp_path / "origin.git"), "dulwich") as there:
        there.commit("main", {"a.md": "a"})
        yield there


@pytest.fixture
def problems(upstream, origin) -> Any:
    def find(**about: Any) -> list[str]:
        sane = {
            "repository": origin.url, "credentials_secret": "git",
            "settings": {"githubApi": upstream.url},
        }  # fmt: skip
        return [*find_problems([Project(id="p", tenant="acme", **sane | about)], Secrets())]

    return find


def test_usable_project_has_no_problem(problems, upstream) -> None:
    upstream.then(reply({"id": 1}))

    assert problems() == problems(pull_requests="acme/docs") == []
    assert problems(default_branch="main") == []
    assert upstream.only.path == "/repos/acme/docs"


def test_moved_repository_is_told_with_its_address(problems, upstream) -> None:
    upstream.then(reply(b"", 301, Location="https://git.example/new.git"))

    [problem] = problems(repository=f"{upstream.url}/old")

    assert problem == (
        "project p: The repository has moved to another address"
        " (git host: 301 https://git.example/new.git)"
    )


def test_repository_that_moved_on_github_is_told(problems, upstream) -> None:
    address = "https://api.github.com/repositories/7"
    upstream.then(reply({"message": "Moved Permanently"}, 301, Location=address))

    [problem] = problems(pull_requests="acme/old")

    assert problem.startswith("project p: The repository has moved on GitHub.")
    assert problem.endswith(f"(GitHub: 301 Moved Permanently to {address})")


@pytest.mark.parametrize(("about", "problem"), [
    ({"credentials_secret": "gone"},
     "The project's credentials are not set up (secret gone does not exist)"),
    ({"default_branch": "trunk"}, "The repository has no branch trunk"),
    ({"credentials_secret": None, "pull_requests": "acme/docs"},
     "The project has no credentials for GitHub"),
])  # fmt: skip
def test_problem_is_told(problems, about, problem) -> None:
    assert problems(**about) == [f"project p: {problem}"]
