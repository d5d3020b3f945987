"""`sortie login`, `sortie logout` and `sortie profiles`."""

import os
import sys
from collections.abc import Mapping
from typing import Annotated, Final

import typer

from sortie_client.cli.errors import explain
from sortie_client.cli.output import AsJson, print_json, print_note, print_result, print_table
from sortie_client.client import Sortie
from sortie_client.errors import NotConfiguredError, SortieError
from sortie_client.profiles import Profiles
from sortie_client.settings import Settings

_QUESTIONS: Final = {
    "SORTIE_API_KEY": "API key for messages and sessions",
    "SORTIE_MISSIONS_API_KEY": "API key for missions",
    "SORTIE_CLIENT_ID": "Client id for missions",
    "SORTIE_CLIENT_SECRET": "Client secret for missions",
    "SORTIE_WEBSOCKET_URL": "WebSocket URL, to watch missions",
    "SORTIE_DOCS_API_KEY": "API key for documentation agents",
    "SORTIE_PROJECT": "Project of documentation agents",
    "SORTIE_ADMIN_KEY": "Key of the admin API, for operators",
}
_SECRETS: Final = {
    "SORTIE_API_KEY", "SORTIE_MISSIONS_API_KEY", "SORTIE_CLIENT_SECRET", "SORTIE_DOCS_API_KEY",
    "SORTIE_ADMIN_KEY",
}  # fmt: skip

Name = Annotated[str, typer.Argument(metavar="[PROFILE]", help="The name of the profile.")]


def login(
    name: Name = "default",
    *,
    url: Annotated[
        str | None, typer.Option(help="The server's URL: the stack's output ApiUrl.")
    ] = None,
) -> None:
    """Keep a server's address and keys as a profile, once the server has accepted the keys.

    Asks for each key; Enter leaves one out. Outside a terminal, takes the keys from the variables
    SORTIE_API_KEY, …
    """
    variables = {"SORTIE_BASE_URL": url or _ask("SORTIE_BASE_URL", "URL of the server")}
    if not variables["SORTIE_BASE_URL"]:
        raise NotConfiguredError("The server's address is missing. Pass --url")
    for variable, question in _QUESTIONS.items():
        variables[variable] = _ask(variable, question)
    variables = {variable: value for variable, value in variables.items() if value}
    _check(variables)
    path = Profiles.read().put(name, variables).write()
    print_note(f"Profile {name} is now the default. Its keys are in {path}, for you only")


def logout(name: Name = "default") -> None:
    """Forget a profile with its keys."""
    Profiles.read().remove(name).write()
    print_note(f"Profile {name} is gone. Its keys still work")


def profiles(*, as_json: AsJson = False) -> None:
    """List the profiles that `sortie login` keeps."""
    kept = Profiles.read()
    urls = {name: values["SORTIE_BASE_URL"] for name, values in kept.variables.items()}
    if as_json:
        print_json({"default": kept.default, "profiles": urls})
        return
    rows = [(name, "default" if name == kept.default else "", url) for name, url in urls.items()]
    print_table(("PROFILE", "", "URL"), rows)


def _ask(variable: str, question: str) -> str:
    if not sys.stdin.isatty():
        return os.environ.get(variable, "")
    answer: str = typer.prompt(
        question, default="", show_default=False, hide_input=variable in _SECRETS, err=True
    )
    return answer.strip()


def _check(variables: Mapping[str, str]) -> None:
    """Use each key once. Raises `NotConfiguredError` for one that the server refuses."""
    settings = Settings.find({**variables, "XDG_CONFIG_HOME": os.devnull})
    if not (settings.api_key or settings.missions or settings.docs or settings.admin_key):
        raise NotConfiguredError("Pass at least one key. Nothing is kept")
    with Sortie(settings) as sortie:
        checks = {
            "SORTIE_API_KEY": settings.api_key and sortie.messaging.get_jobs_health,
            "SORTIE_CLIENT_SECRET": settings.missions and sortie.missions.get_token,
            "SORTIE_DOCS_API_KEY": settings.docs
            and settings.docs.project
            and sortie.docs.list_jobs,
            "SORTIE_ADMIN_KEY": settings.admin_key and sortie.admin.list_tenants,
        }
        for variable, check in checks.items():
            if check:
                try:
                    check()
                except SortieError as error:
                    text, _ = explain(error)
                    what = _QUESTIONS[variable]
                    raise NotConfiguredError(f"{what}: {text}\nNothing is kept") from error
                print_result(f"{_QUESTIONS[variable]}: accepted")
