"""Unknown is not unpaid: payments whose answer was late, or lost, or died on its way."""

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
    """A message that nobody else sends."""
    return f"Hello {uuid4()}"


@pytest.fixture
def standstill(payer: Payer) -> Iterator[None]:
    """Transactions wait, until the test is over or mines."""
    payer.node().set_automine(enabled=False)
    yield
    payer.node().set_automine(enabled=True)


@pytest.mark.parametrize("fault", ["lost", "pending", "drop", "500", "html"])
def test_a_settlement_that_nobody_saw_is_not_paid_twice(payer, content, fault) -> None:
    authorization, before = payer.authorization(), payer.earned()
    payer.chains.facilitator.script(settle=[fault])

    unknown = payer.ask(authorization, content)
    repeated = payer.insist(authorization, content)

    assert (unknown.status, unknown.json["code"]) == (503, "settlement_unknown")
    assert int(unknown.headers["retry-after"]) > 0
    assert repeated.status == 201
    assert json.loads(b64decode(repeated.headers["payment-response"]))["success"] is True
    assert payer.earned() == before + PRICE
    assert payer.jobs([content]) == [content]


@pytest.mark.parametrize("fault", ["slow:22", "late:22"])
def test_a_settlement_that_takes_too_long_is_not_paid_twice(payer, content, fault) -> None:
    authorization, before = payer.authorization(), payer.earned()
    payer.chains.facilitator.script(settle=[fault])

    unknown = payer.ask(authorization, content)
    repeated = payer.insist(authorization, content)

    assert (unknown.status, unknown.json["code"]) == (503, "settlement_unknown")
    assert repeated.status == 201
    assert payer.earned() == before + PRICE
    assert payer.jobs([content]) == [content]


def test_a_transaction_that_nobody_mines_is_neither_paid_nor_refused(
    payer, content, standstill
) -> None:
    authorization, before = payer.authorization(), payer.earned()

    unknown = payer.ask(authorization, content)

    assert (unknown.status, unknown.json["code"]) == (503, "settlement_unknown")
    assert payer.jobs([content]) == []
    payer.node().rpc("evm_mine")
    assert payer.insist(authorization, content).status == 201
    assert payer.earned() == before + PRICE


def test_a_payment_whose_request_was_killed_is_found_by_the_next(
    payer, content, paid_cloud: Cloud
) -> None:
    authorization, before = payer.authorization(), payer.earned()

    killed_while_settling(payer, content, authorization, paid_cloud)

    repeated = payer.insist(authorization, content)
    assert repeated.status == 201
    assert payer.earned() == before + PRICE
    assert payer.jobs([content]) == [content]


def test_a_payment_whose_request_was_killed_is_found_though_nobody_asks(
    payer, content, paid_cloud: Cloud
) -> None:
    authorization, before = payer.authorization(), payer.earned()

    killed_while_settling(payer, content, authorization, paid_cloud)

    eventually(lambda: payer.jobs([content]), bool, seconds=180, pause=1)
    assert payer.earned() == before + PRICE
    assert payer.jobs([content]) == [content]


def killed_while_settling(payer, content, authorization, cloud: Cloud) -> None:
    """Begin a request whose money moves, and end its function before it can tell."""
    payer.chains.facilitator.script(settle=["late:5"])
    before = payer.earned()
    asking = Thread(target=payer.ask, args=(authorization, content))
    asking.start()
    eventually(payer.earned, lambda earned: earned > before)
    assert cloud.kill(CREATE)
    asking.join()


def test_a_facilitator_that_is_down_costs_nothing(payer, content) -> None:
    authorization, before = payer.authorization(), payer.earned()
    payer.chains.facilitator.script(verify="drop")

    unknown = payer.ask(authorization, content)

    assert (unknown.status, unknown.json["code"]) == (503, "settlement_unknown")
    assert payer.earned() == before
    payer.chains.facilitator.script()
    assert payer.ask(authorization, content).status == 201
    assert payer.earned() == before + PRICE
