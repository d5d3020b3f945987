"""Payments whose outcome is unknown: late, lost or interrupted settlements."""

import json
from base64 import b64decode
from collections.abc import Iterator
from threading import Thread
from uuid import uuid4

import pytest

from local.chain.wallet import PRICE
from tests.e2e.api import eventually
from tests.e2e.cloud import Cloud
from tests.e2e.payers import Payer

CREATE = "MessagingCreateJob"


@pytest.fixture
def content() -> str:
    """Return a message that no other test sends."""
    return f"Hello {uuid4()}"


@pytest.fixture
def mining_stopped(payer: Payer) -> Iterator[None]:
    """Stop mining until the end of the test."""
    payer.node().set_automine(enabled=False)
    yield
    payer.node().set_automine(enabled=True)


@pytest.mark.parametrize("fault", ["lost", "drop"])
def test_settlement_without_an_answer_is_paid_once(payer, content, fault) -> None:
    authorization, before = payer.authorization(), payer.service_balance()
    payer.chains.facilitator.script(settle=[fault])

    unknown = payer.ask(authorization, content)
    repeated = payer.repeat_until_known(authorization, content)

    assert (unknown.status, unknown.json["code"]) == (503, "settlement_unknown")
    assert int(unknown.headers["retry-after"]) > 0
    assert repeated.status == 201
    assert json.loads(b64decode(repeated.headers["payment-response"]))["success"] is True
    assert payer.service_balance() == before + PRICE
    assert payer.jobs([content]) == [content]


def test_settlement_that_times_out_is_paid_once(payer, content) -> None:
    authorization, before = payer.authorization(), payer.service_balance()
    payer.chains.facilitator.script(settle=["late:22"])

    unknown = payer.ask(authorization, content)
    repeated = payer.repeat_until_known(authorization, content)

    assert (unknown.status, unknown.json["code"]) == (503, "settlement_unknown")
    assert repeated.status == 201
    assert payer.service_balance() == before + PRICE
    assert payer.jobs([content]) == [content]


def test_unmined_settlement_stays_unknown_until_it_is_mined(payer, content, mining_stopped) -> None:
    authorization, before = payer.authorization(), payer.service_balance()

    unknown = payer.ask(authorization, content)

    assert (unknown.status, unknown.json["code"]) == (503, "settlement_unknown")
    assert payer.jobs([content]) == []
    payer.node().rpc("evm_mine")
    assert payer.repeat_until_known(authorization, content).status == 201
    assert payer.service_balance() == before + PRICE


def test_killed_request_is_completed_by_its_repetition(payer, content, paid_cloud: Cloud) -> None:
    authorization, before = payer.authorization(), payer.service_balance()

    killed_while_settling(payer, content, authorization, paid_cloud)

    repeated = payer.repeat_until_known(authorization, content)
    assert repeated.status == 201
    assert payer.service_balance() == before + PRICE
    assert payer.jobs([content]) == [content]


def test_killed_request_is_completed_without_a_repetition(payer, content, paid_cloud) -> None:
    authorization, before = payer.authorization(), payer.service_balance()

    killed_while_settling(payer, content, authorization, paid_cloud)

    eventually(lambda: payer.jobs([content]), bool, seconds=180, pause=1)
    assert payer.service_balance() == before + PRICE
    assert payer.jobs([content]) == [content]


def killed_while_settling(payer, content, authorization, cloud: Cloud) -> None:
    """Kill the function after the money moved and before it answers."""
    payer.chains.facilitator.script(settle=["late:5"])
    before = payer.service_balance()
    asking = Thread(target=payer.ask, args=(authorization, content))
    asking.start()
    eventually(payer.service_balance, lambda balance: balance > before)
    assert cloud.kill(CREATE)
    asking.join()


def test_unavailable_facilitator_costs_nothing(payer, content) -> None:
    authorization, before = payer.authorization(), payer.service_balance()
    payer.chains.facilitator.script(verify="drop")

    unknown = payer.ask(authorization, content)

    assert (unknown.status, unknown.json["code"]) == (503, "settlement_unknown")
    assert payer.service_balance() == before
    payer.chains.facilitator.script()
    assert payer.ask(authorization, content).status == 201
    assert payer.service_balance() == before + PRICE
