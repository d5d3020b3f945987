"""Payments in place of an API key: any caller may read a paid job by its id."""

from collections.abc import Iterator

import pytest

from jobs.payments.payment import PaymentsMode
from local.chain.wallet import PRICE
from local.stack.launch import run_stack
from local.stack.local_stack import LocalStack
from tests.e2e.api import JOBS, Api
from tests.e2e.payers import Payer


@pytest.fixture(scope="module")
def keyless_stack(chain_tools) -> Iterator[LocalStack]:
    """Start a stack that takes a payment in place of a key."""
    with run_stack(payments=PaymentsMode.INSTEAD_OF_KEY, with_docks=False) as started:
        yield started


@pytest.fixture
def payer(keyless_stack: LocalStack) -> Payer:
    """Return a caller with a key and money."""
    return Payer.of(keyless_stack, Api(keyless_stack.base_url, keyless_stack.api_key, "demo"))


@pytest.fixture
def anonymous(keyless_stack: LocalStack) -> Payer:
    """Return a payer without an API key."""
    return Payer.of(keyless_stack, Api(keyless_stack.base_url, None, "nobody"))


def test_paid_job_without_key_can_only_be_read(anonymous: Payer, payer: Payer) -> None:
    before = anonymous.service_balance()

    created = anonymous.ask(anonymous.authorization())

    assert created.status == 201, created
    assert anonymous.service_balance() == before + PRICE
    job_id = created.json["jobId"]
    assert anonymous.api.until(job_id)["result"]["message"]["content"] == "Hello"
    assert payer.api.job(job_id)["prompt"] == "Hello"
    assert anonymous.api.cancel(job_id).status == 401
    assert anonymous.api.get(JOBS).status == 401
    assert anonymous.api.get("/api/agents").status == 401


def test_wrong_key_with_payment_returns_401_and_costs_nothing(anonymous: Payer) -> None:
    wrong = Payer(Api(anonymous.api.base_url, "wrong", "nobody"), anonymous.chains)
    before = anonymous.service_balance()

    answer = wrong.ask(wrong.authorization())

    assert answer.status == 401
    assert anonymous.service_balance() == before
