"""`make partner`, as an operator runs it."""

import re
import subprocess

from tests.e2e.partners import Partner


def printed(stack, done) -> Partner:
    """Return the partner whose credentials the command printed."""
    lines = re.findall(r"^  (API key|client id|client secret) +(\S+)$", done.stdout, re.MULTILINE)
    found = dict(lines)
    organisation = re.search(r"of organisation (\S+)\.", done.stdout)
    return Partner(
        stack.base_url,
        organisation[1] if organisation else "",
        found["API key"],
        found["client id"],
        found["client secret"],
    )


def test_printed_credentials_get_a_token(make, stack) -> None:
    done = make("partner", NAME="O.Brien + Söhne", ROLE="pilot")

    partner = printed(stack, done)
    assert partner.tenant == "o-brien-sohne"
    assert partner.ask_for_token().status == 200


def test_printed_example_returns_a_token(make) -> None:
    done = make("partner", NAME="Example", ROLE="VIEWER", ORG="example-org")

    example = re.search(r"^  (curl .*?\}')$", done.stdout, re.MULTILINE | re.DOTALL)
    assert example
    answer = subprocess.run(
        ["bash", "-c", f"{example[1]} --silent"], capture_output=True, text=True, check=True
    )
    assert '"access_token"' in answer.stdout


def test_second_run_for_one_name_adds_a_client(make, stack) -> None:
    first, second = (printed(stack, make("partner", NAME="Twice", ROLE="viewer")) for _ in "12")

    assert first.client_id != second.client_id
    assert first.tenant == second.tenant == "twice"
    assert {first.ask_for_token().status, second.ask_for_token().status} == {200}
