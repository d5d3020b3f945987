import json

import pytest

from sortie_client import NotConfiguredError, Settings, Sortie

STACK = {
    "baseUrl": "http://127.0.0.1:8080",
    "webSocketUrl": "ws://127.0.0.1:8080/ws",
    "messaging": {"apiKey": "k"},
    "missions": {"apiKey": "m", "clientId": "i", "clientSecret": "s", "deviceGroupId": "harbour"},
    "docsAgents": {"apiKey": "mint_d", "projectId": "p"},
}


@pytest.fixture
def folder(tmp_path):
    """One that a running stack has described itself in."""
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local/stack.json").write_text(json.dumps(STACK))
    return tmp_path


def test_a_running_stack_is_found_from_below_its_folder(folder) -> None:
    below = folder / "docs/adr"
    below.mkdir(parents=True)

    found = Settings.find({}, below)

    assert (found.base_url, found.api_key) == ("http://127.0.0.1:8080", "k")
    assert found.websocket_url == "ws://127.0.0.1:8080/ws"
    assert (found.missions.api_key, found.missions.client_id) == ("m", "i")
    assert (found.docs.api_key, found.docs.project) == ("mint_d", "p")


def test_single_variables_take_precedence_over_the_file(folder) -> None:
    found = Settings.find({"SORTIE_API_KEY": "mine", "SORTIE_PROJECT": ""}, folder)

    assert (found.api_key, found.docs.project) == ("mine", "p")


def test_another_server_is_not_given_the_stacks_keys(folder) -> None:
    found = Settings.find({"SORTIE_BASE_URL": "https://x", "SORTIE_CLIENT_ID": "i"}, folder)

    assert found == Settings("https://x")


def test_the_file_may_be_named(folder, tmp_path) -> None:
    named = {"SORTIE_STACK_FILE": str(folder / ".local/stack.json")}

    assert Settings.find(named, tmp_path / "elsewhere").api_key == "k"


@pytest.mark.parametrize("content", [None, "{"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content) -> None:
    file = tmp_path / "stack.json"
    if content:
        file.write_text(content)

    with pytest.raises(NotConfiguredError, match=r"stack\.json cannot be read"):
        Settings.find({"SORTIE_STACK_FILE": str(file)}, tmp_path)


def test_without_anything_it_says_what_to_do(tmp_path) -> None:
    with pytest.raises(NotConfiguredError, match="SORTIE_BASE_URL"):
        Settings.find({}, tmp_path)


def test_a_client_without_settings_finds_them(folder, monkeypatch) -> None:
    monkeypatch.chdir(folder)
    for name in ("SORTIE_BASE_URL", "SORTIE_STACK_FILE"):
        monkeypatch.delenv(name, raising=False)

    with Sortie() as sortie, pytest.raises(NotConfiguredError):
        Sortie(Settings.find({}, folder.parent))
    assert sortie.messaging


def test_secrets_are_not_shown(folder) -> None:
    shown = repr(Settings.find({}, folder))

    assert not [key for key in ("'k'", "'m'", "'s'", "mint_d") if key in shown]


def test_an_address_without_a_scheme_is_none() -> None:
    with pytest.raises(NotConfiguredError, match="https://"):
        Settings("sortie.example")
