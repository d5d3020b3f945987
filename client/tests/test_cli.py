"""Exit codes and advice of all commands."""

import sys

import pytest

from client.tests.responses import JOB_ID, error, ok
from sortie_client._core import synchronous
from sortie_client.cli import __main__


@pytest.mark.parametrize(
    ("response", "code", "advice"),
    [
        (error(401, "Unauthorized"), 3, "SORTIE_API_KEY=…, which is from the environment"),
        (error(404, "Job not found", "JOB_NOT_FOUND"), 3, "JOB_NOT_FOUND"),
        (error(402, "Pay"), 3, "Python client"),
        (error(429, "Too many", **{"Retry-After": "99"}), 4, "99 s"),
        (ok([]), 4, "object"),
    ],
    ids=["401", "404", "402", "429", "invalid response"],
)
def test_error_response_exits_with_code_and_advice(sortie, server, response, code, advice) -> None:
    server.will(response)

    result = sortie("jobs", "get", JOB_ID)

    assert (result.code, result.out) == (code, "")
    assert advice in result.err


def test_unreachable_server_exits_4(sortie, server, monkeypatch) -> None:
    monkeypatch.setenv("SORTIE_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(synchronous.time, "sleep", lambda _: None)

    result = sortie("jobs", "get", JOB_ID)

    assert result.code == 4
    assert "http://127.0.0.1:9: " in result.err
    assert "SORTIE_BASE_URL" in result.err


def test_error_names_the_job_that_is_not_there(sortie, server, environment) -> None:
    server.will(error(404, "Job not found", "JOB_NOT_FOUND"))

    result = sortie("jobs", "get", JOB_ID)

    assert f"{environment['SORTIE_BASE_URL']}/api/messaging/jobs/{JOB_ID}" in result.err


@pytest.mark.parametrize(("api", "variable"), [
    ("jobs", "SORTIE_API_KEY"), ("docs", "SORTIE_DOCS_API_KEY"),
    ("missions", "SORTIE_MISSIONS_API_KEY"),
])  # fmt: skip
def test_refused_key_is_named_without_its_secret(
    sortie, server, monkeypatch, api, variable
) -> None:
    monkeypatch.setenv(variable, "sortie_0123456789ab_secret")
    server.will(error(401, "Unauthorized"))

    result = sortie(api, "list")

    assert result.code == 3
    assert f"{variable}=sortie_0123456789ab_…" in result.err
    assert "secret" not in result.err


def test_refused_call_without_a_key_names_the_variable(sortie, server, monkeypatch) -> None:
    monkeypatch.delenv("SORTIE_API_KEY")
    server.will(error(401, "Unauthorized"))

    assert "No key was sent. Set SORTIE_API_KEY" in sortie("jobs", "list").err


@pytest.mark.parametrize("variable", ["SORTIE_DOCS_API_KEY", "SORTIE_PROJECT"])
def test_missing_variable_is_named(sortie, server, monkeypatch, variable) -> None:
    monkeypatch.delenv(variable)

    result = sortie("docs", "list")

    assert result.code == 2
    assert variable in result.err


def test_missing_mission_variable_is_named_alone(sortie, server, monkeypatch) -> None:
    monkeypatch.delenv("SORTIE_CLIENT_SECRET")

    result = sortie("missions", "list")

    assert result.code == 2
    assert "SORTIE_CLIENT_SECRET" in result.err
    assert "SORTIE_CLIENT_ID" not in result.err


def test_short_help_lists_the_commands(sortie, server) -> None:
    assert "redrive" in sortie("dlq", "-h").out
    assert "--profile" in sortie("-h").out


def test_shell_completion_completes_commands(sortie, server, monkeypatch) -> None:
    monkeypatch.setenv("_SORTIE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "sortie missions p")
    monkeypatch.setenv("COMP_CWORD", "2")

    assert sortie().out.split() == ["plans"]


def test_missing_server_address_exits_2(sortie, server, monkeypatch) -> None:
    monkeypatch.delenv("SORTIE_BASE_URL")

    result = sortie("health")

    assert result.code == 2
    assert "SORTIE_BASE_URL" in result.err


@pytest.mark.parametrize(
    "arguments", [["jobs", "lst"], ["ask"], ["jobs", "list", "--limit", "0"], ["dlq", "redrive"]]
)
def test_wrong_usage_exits_2(sortie, server, arguments) -> None:
    assert sortie(*arguments).code == 2


def test_missing_extra_exits_2_and_names_it(monkeypatch, capsys) -> None:
    monkeypatch.delitem(sys.modules, "sortie_client.cli.app")
    monkeypatch.setitem(sys.modules, "typer", None)
    with pytest.raises(SystemExit) as exit_:
        __main__.main()

    assert exit_.value.code == 2
    assert "pip install 'sortie-client[cli]'" in capsys.readouterr().err
