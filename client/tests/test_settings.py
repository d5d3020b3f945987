import json

import pytest

from client.tests.responses import JOBS_HEALTH, ok
from sortie_client import NotConfiguredError, Settings, Sortie

STACK = {
    "baseUrl": "http://127.0.0.1:8080",
    "webSocketUrl": "ws://127.0.0.1:8080/ws",
    "messaging": {"apiKey": "k"},
    "missions": {"apiKey": "m", "clientId": "i", "clientSecret": "s", "deviceGroupId": "harbour"},
    "docsAgents": {"apiKey": "mint_d", "projectId": "p"},
    "admin": {"apiKey": "sortie_admin_a"},
}


@pytest.fixture
def folder(tmp_path):
    """A folder with the file of a running stack."""
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local/stack.json").write_text(json.dumps(STACK))
    return tmp_path


def test_find_in_a_subfolder_reads_the_stack_file(folder) -> None:
    below = folder / "docs/adr"
    below.mkdir(parents=True)

    found = Settings.find({}, below)

    assert (found.base_url, found.api_key) == ("http://127.0.0.1:8080", "k")
    assert found.websocket_url == "ws://127.0.0.1:8080/ws"
    assert (found.missions.api_key, found.missions.client_id) == ("m", "i")
    assert (found.docs.api_key, found.docs.project) == ("mint_d", "p")
    assert found.admin_key == "sortie_admin_a"


def test_find_variables_override_the_stack_file(folder) -> None:
    found = Settings.find({"SORTIE_API_KEY": "mine", "SORTIE_PROJECT": ""}, folder)

    assert (found.api_key, found.docs.project) == ("mine", "p")


def test_find_base_url_variable_ignores_the_stack_file(folder) -> None:
    found = Settings.find({"SORTIE_BASE_URL": "https://x", "SORTIE_CLIENT_ID": "i"}, folder)

    assert found == Settings("https://x")


def test_find_stack_file_variable_names_the_file(folder, tmp_path) -> None:
    variables = {"SORTIE_STACK_FILE": str(folder / ".local/stack.json")}

    assert Settings.find(variables, tmp_path / "elsewhere").api_key == "k"


@pytest.mark.parametrize("content", [None, "{"], ids=["missing", "invalid"])
def test_find_unreadable_stack_file_is_named(tmp_path, content) -> None:
    file = tmp_path / "stack.json"
    if content:
        file.write_text(content)

    with pytest.raises(NotConfiguredError, match=r"stack\.json"):
        Settings.find({"SORTIE_STACK_FILE": str(file)}, tmp_path)


def test_find_nothing_names_the_variable(tmp_path) -> None:
    with pytest.raises(NotConfiguredError, match="SORTIE_BASE_URL"):
        Settings.find({}, tmp_path)


def test_client_without_settings_finds_them(folder, monkeypatch) -> None:
    monkeypatch.chdir(folder)
    for name in ("SORTIE_BASE_URL", "SORTIE_STACK_FILE"):
        monkeypatch.delenv(name, raising=False)

    with Sortie() as sortie:
        assert sortie.messaging


PROFILES = {
    "default": "two",
    "variables": {
        name: {"SORTIE_BASE_URL": f"https://{name}", "SORTIE_API_KEY": name}
        for name in ("one", "two")
    },
}


@pytest.fixture
def variables(tmp_path):
    """The environment of a user with two profiles."""
    (tmp_path / "config/sortie").mkdir(parents=True)
    (tmp_path / "config/sortie/profiles.json").write_text(json.dumps(PROFILES))
    return {"XDG_CONFIG_HOME": str(tmp_path / "config")}


def test_find_last_profile_is_used_where_nothing_else_is(variables, tmp_path) -> None:
    assert Settings.find(variables, tmp_path / "none") == Settings("https://two", api_key="two")


def test_find_stack_file_is_preferred_to_the_last_profile(variables, folder) -> None:
    assert Settings.find(variables, folder).api_key == "k"


def test_find_named_profile_is_preferred_to_all(variables, folder) -> None:
    named = variables | {"SORTIE_PROFILE": "one"}
    elsewhere = named | {"SORTIE_BASE_URL": "https://x", "SORTIE_API_KEY": "of x"}

    for environment in (named, elsewhere):
        assert Settings.find(environment, folder) == Settings("https://one", api_key="one")


def test_find_unknown_profile_names_the_known_ones(variables, folder) -> None:
    with pytest.raises(NotConfiguredError, match="one, two"):
        Settings.find(variables | {"SORTIE_PROFILE": "three"}, folder)


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9"])
def test_request_to_this_machine_uses_no_proxy(sortie, server, monkeypatch, proxy) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy)
    server.will(ok(JOBS_HEALTH))

    assert sortie("health").code == 0


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "nonsense://127.0.0.1:9"])
def test_unusable_proxy_is_explained(monkeypatch, proxy) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)

    with pytest.raises(NotConfiguredError, match="ALL_PROXY"):
        Sortie(Settings("https://sortie.example"))


def test_settings_repr_hides_secrets(folder) -> None:
    text = repr(Settings.find({}, folder))

    assert not [key for key in ("'k'", "'m'", "'s'", "mint_d", "sortie_admin") if key in text]


def test_settings_url_without_a_scheme_is_refused() -> None:
    with pytest.raises(NotConfiguredError, match="https://"):
        Settings("sortie.example")
