import sys

import pytest

from scripts import partner


@pytest.mark.parametrize(("options", "complaint"), [
    (["--role=pilot"], "NAME="),
    (["--name=a;b", "--role=pilot"], "NAME="),
    (["--name=O'Brien", "--role=pilot"], "NAME="),
    (["--name=Acme"], "ROLE=viewer|pilot|manager"),
    (["--name=Acme", "--role=admin"], "ROLE=viewer|pilot|manager"),
    (["--name=Acme", "--role=pilot", "--organisation=No Slug"], "ORG="),
    (["--name=東京", "--role=pilot"], "ORG="),
], ids=str)  # fmt: skip
def test_partner_command_with_a_wrong_option_names_it(
    options, complaint, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(sys, "argv", ["partner", *options])

    status = partner.main()

    printed = capsys.readouterr()
    assert (status, printed.out) == (1, "")
    assert complaint in printed.err
