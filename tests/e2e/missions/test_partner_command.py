"""`make partner`, as an operator types it."""

import os
import re
import subprocess

import pytest

from local.cloud.aws import CREDENTIALS
from local.kit.paths import ROOT
from tests.e2e.partners import Partner


@pytest.fixture
def command(stack):
    def make(**variables: str):
        given = [f"{name}={value}" for name, value in ({"STACK": stack.name} | variables).items()]
        return subprocess.run(
            ["make", "--no-print-directory", "partner", *given],
            cwd=ROOT,
            env=os.environ | CREDENTIALS | {"AWS_ENDPOINT_URL": stack.aws_endpoint_url},
            capture_output=True,
            text=True,
            check=False,
        )

    return make


def shown(stack, said) -> Partner:
    """What the command's output lets its reader do."""
    lines = re.findall(r"^  (API key|client id|client secret) +(\S+)$", said.stdout, re.MULTILINE)
    found = dict(lines)
    organisation = re.search(r"of organisation (\S+)\.", said.stdout)
    return Partner(
        stack.base_url,
        organisation[1] if organisation else "",
        found["API key"],
        found["client id"],
        found["client secret"],
    )


def test_what_is_shown_gets_a_token(command, stack) -> None:
    said = command(NAME="O.Brien + Söhne", ROLE="pilot")

    partner = shown(stack, said)
    assert partner.tenant == "o-brien-sohne"
    assert partner.ask_for_token().status == 200


def test_the_example_that_is_shown_works_as_it_is(command) -> None:
    said = command(NAME="Example", ROLE="VIEWER", ORG="example-org")

    example = re.search(r"^  (curl .*?\}')$", said.stdout, re.MULTILINE | re.DOTALL)
    assert example
    answer = subprocess.run(
        ["bash", "-c", f"{example[1]} --silent"], capture_output=True, text=True, check=True
    )
    assert '"access_token"' in answer.stdout


def test_once_more_is_another_client_and_the_first_keeps_working(command, stack) -> None:
    first, second = (shown(stack, command(NAME="Twice", ROLE="viewer")) for _ in range(2))

    assert first.client_id != second.client_id
    assert first.tenant == second.tenant == "twice"
    assert {first.ask_for_token().status, second.ask_for_token().status} == {200}


@pytest.mark.parametrize(("variables", "complaint"), [
    ({"ROLE": "pilot"}, "NAME="),
    ({"NAME": "a;b", "ROLE": "pilot"}, "NAME="),
    ({"NAME": "O'Brien", "ROLE": "pilot"}, "NAME="),
    ({"NAME": "Acme"}, "ROLE=viewer|pilot|manager"),
    ({"NAME": "Acme", "ROLE": "admin"}, "ROLE=viewer|pilot|manager"),
    ({"NAME": "Acme", "ROLE": "pilot", "ORG": "No Slug"}, "ORG="),
    ({"NAME": "東京", "ROLE": "pilot"}, "ORG="),
    ({"NAME": "Acme", "ROLE": "pilot", "STACK": "no-such-stack"}, "no-such-stack"),
], ids=str)  # fmt: skip
def test_what_is_wrong_is_said_together_with_what_to_do(command, variables, complaint) -> None:
    said = command(**variables)

    assert said.returncode != 0
    assert complaint in said.stderr
    assert "Traceback" not in said.stderr
    assert said.stdout == ""
