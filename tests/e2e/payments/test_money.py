"""One payment creates one job: payments by authorization."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from local.chain.wallet import PRICE

BOTH_WAYS = True


@pytest.fixture
def content() -> str:
    """Return a message that no other test sends."""
    return f"Hello {uuid4()}"


def test_repeated_payment_returns_its_job_and_pays_for_no_other(payer, content) -> None:
    authorization, before = payer.authorization(), payer.service_balance()

    first, again = payer.ask(authorization, content), payer.ask(authorization, content)
    other = payer.ask(authorization, f"{content}, and another")

    assert (first.status, again.status) == (201, 201)
    assert first.json["jobId"] == again.json["jobId"]
    assert first.headers["payment-response"] == again.headers["payment-response"]
    assert (other.status, other.json["code"]) == (402, "payment_already_used")
    assert payer.service_balance() == before + PRICE
    assert payer.jobs([content, f"{content}, and another"]) == [content]


def test_concurrent_messages_with_one_payment_create_one_job(payer, content) -> None:
    authorization, before = payer.authorization(), payer.service_balance()
    contents = [f"{content} {number}" for number in range(10)]

    with ThreadPoolExecutor(10) as clients:
        answers = [*clients.map(lambda each: payer.ask(authorization, each), contents)]

    statuses = [each.status for each in answers]
    assert statuses.count(201) == 1
    assert {*statuses} <= {201, 402, 503}
    assert payer.service_balance() == before + PRICE
    assert len(payer.jobs(contents)) == 1


def test_concurrent_repetitions_of_one_request_create_one_job(payer, content) -> None:
    authorization, before = payer.authorization(), payer.service_balance()

    with ThreadPoolExecutor(10) as clients:
        answers = [*clients.map(lambda _: payer.ask(authorization, content), range(10))]

    ids = {each.json["jobId"] for each in answers if each.status == 201}
    assert len(ids) == 1
    assert {each.status for each in answers} <= {201, 503}
    assert payer.service_balance() == before + PRICE
    assert payer.jobs([content]) == [content]


def test_refused_settlement_creates_no_job_and_can_be_retried(payer, content) -> None:
    authorization, before = payer.authorization(), payer.service_balance()
    payer.chains.facilitator.script(settle=["refuse:insufficient_funds"])

    rejected = payer.ask(authorization, content)

    assert (rejected.status, rejected.json["code"]) == (402, "insufficient_funds")
    assert payer.jobs([content]) == []
    assert payer.ask(authorization, content).status == 201
    assert payer.service_balance() == before + PRICE
