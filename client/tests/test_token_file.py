"""Access tokens that one command leaves to the next, as AWS bills each of them."""

import json
import stat
from dataclasses import replace

import pytest

from client.tests.conftest import SETTINGS, Caller
from client.tests.responses import JOB_ID, error, mission, ok, token
from sortie_client import MissionsCredentials
from sortie_client.missions.token_file import TokenFile

MISSION = {"success": True, "job": mission()}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache/sortie/tokens.json"


@pytest.fixture
def get_job(server, path):
    """Get a job as a program of its own."""

    def call(**changed):
        settings = replace(SETTINGS, token_file=path, **changed)
        Caller(server, is_async=False).call(lambda s: s.missions.get_job(JOB_ID), settings)

    return call


def tokens_requested(server) -> int:
    return server.paths.count("POST /v3/auth/token")


def test_second_command_uses_the_token_of_the_first(sortie, server) -> None:
    server.will(token(), ok({"job": mission()}, 201), ok({"job": mission()}, 201))

    for _ in range(2):
        sortie("missions", "fly", "round", "--group", "harbour", "--no-watch")

    assert tokens_requested(server) == 1


def test_token_file_is_readable_by_its_user_only(server, get_job, path) -> None:
    server.will(token(), ok(MISSION))

    get_job()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0
    assert "mine" not in path.read_text()
    assert [each.name for each in path.parent.iterdir()] == ["tokens.json"]


def test_token_about_to_expire_is_not_used(server, get_job) -> None:
    server.will(token(expires_in=59), ok(MISSION), token("T2"), ok(MISSION))

    get_job()
    get_job()

    assert server.headers("Authorization")[-1] == "Bearer T2"


def test_token_refused_is_replaced_for_later_programs(server, get_job) -> None:
    server.will(token("T1"), ok(MISSION), error(401), token("T2"), ok(MISSION), ok(MISSION))

    for _ in range(3):
        get_job()

    assert server.headers("Authorization")[-2:] == ["Bearer T2", "Bearer T2"]


def test_token_of_other_credentials_or_server_is_not_used(server, get_job) -> None:
    server.will(*[token(), ok(MISSION)] * 3)
    other = MissionsCredentials(api_key="mission-key", client_id="me", client_secret="other")

    get_job()
    get_job(missions=other)
    get_job(base_url="https://other.example")

    assert tokens_requested(server) == 3


@pytest.mark.parametrize("text", ["", "[]", "{", '{"key": 1}', '{"key": ["T", "soon"]}'])
def test_broken_file_costs_a_new_token_and_is_replaced(server, get_job, path, text) -> None:
    server.will(token(), ok(MISSION), ok(MISSION))
    own = TokenFile.of(replace(SETTINGS, token_file=path))
    assert own is not None
    path.parent.mkdir(parents=True)
    path.write_text(text.replace("key", own.key))

    get_job()
    get_job()

    assert tokens_requested(server) == 1
    assert [*json.loads(path.read_text())] == [own.key]


def test_folder_that_cannot_be_written_costs_a_new_token(server, get_job, path) -> None:
    server.will(*[token(), ok(MISSION)] * 2)
    path.parent.parent.write_text("a file")

    get_job()
    get_job()

    assert tokens_requested(server) == 2
