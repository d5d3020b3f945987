"""Exit codes and advice of all commands."""

import sys

import pytest

from client.tests.responses import JOB_ID, error, ok
from sortie_client._core import synchronous
from sortie_client.cli import __main__


@pytest.mark.parametrize(
    ("response", "code", "advice"),
    [
        (error(401, "Unauthorized"), 3, "API key"),
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
    assert "SORTIE_BASE_URL" in result.err


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
