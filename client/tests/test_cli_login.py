"""`sortie login`: profiles of several servers."""

import json

import pytest

from client.tests.responses import JOBS_HEALTH, error, job, ok, token

PAGE = {"jobs": [job()], "total": 1, "filtered": 1}


@pytest.fixture
def config(tmp_path):
    return tmp_path / "config/sortie/profiles.json"


@pytest.fixture
def forget(monkeypatch, environment):
    """Remove the address and the keys from the environment."""

    def remove() -> None:
        for name in environment:
            if name.startswith("SORTIE_"):
                monkeypatch.setenv(name, "")

    return remove


def accept(server) -> None:
    server.will(ok(JOBS_HEALTH), token(), ok({"allSessions": []}), ok({"tenants": []}))


def test_profile_has_the_keys_for_later_commands(sortie, server, environment, config, forget):
    accept(server)

    result = sortie("login", "prod", "--url", environment["SORTIE_BASE_URL"])
    forget()
    server.will(ok(PAGE))
    listed = sortie("jobs", "list")

    assert (result.code, listed.code) == (0, 0)
    assert server.headers("X-API-Key")[-1] == "an-api-key"
    assert config.stat().st_mode & 0o777 == 0o600
    assert config.parent.stat().st_mode & 0o077 == 0
    assert "an-api-key" not in result.out + result.err


def test_refused_key_is_named_and_not_kept(sortie, server, environment, config) -> None:
    server.will(error(401, "Unauthorized"))

    result = sortie("login", "prod", "--url", environment["SORTIE_BASE_URL"])

    assert result.code == 2
    assert "API key for messages and sessions: Unauthorized" in result.err
    assert not config.exists()


def test_profile_option_chooses_among_servers(sortie, server, config, forget) -> None:
    profiles = {
        name: {"SORTIE_BASE_URL": f"https://{name}.example", "SORTIE_API_KEY": f"k-{name}"}
        for name in ("one", "two")
    }
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"default": "one", "variables": profiles}))
    forget()

    listed = sortie("profiles")
    unknown = sortie("--profile", "three", "jobs", "list")
    gone = sortie("logout", "one")

    assert listed.out == "one\tdefault\thttps://one.example\ntwo\t\thttps://two.example\n"
    assert (unknown.code, "one, two" in unknown.err) == (2, True)
    assert gone.code == 0
    assert [*json.loads(config.read_text())["variables"]] == ["two"]
