"""A payment instead of a key: the job belongs to whoever knows its id."""

from collections.abc import Iterator

import pytest

from jobs.payments.payment import PaymentsMode
from local.chain.wallet import PRICE
from local.stack.launch import run_stack
from local.stack.local_stack import LocalStack
from tests.e2e.api import JOBS, Api
from tests.e2e.payers import Payer


@pytest.fixture(scope="module")
def open_stack(chain_tools) -> Iterator[LocalStack]:
    with run_stack(payments=PaymentsMode.INSTEAD_OF_KEY, with_docks=False) as started:
        yield started


@pytest.fixture
def passer_by(open_stack: LocalStack) -> Payer:
    """Somebody with money and no key."""
    return Payer.of(open_stack, Api(open_stack.base_url, None, "nobody"))


@pytest.fixture
def customer(open_stack: LocalStack) -> Api:
    """Somebody with a key."""
    return Api(open_stack.base_url, open_stack.api_key, "demo")


@pytest.mark.parametrize("version", [1, 2])
def test_who_pays_needs_no_key(passer_by, version) -> None:
    before = passer_by.earned()

    created = passer_by.ask(passer_by.authorization(), version=version)

    assert created.status == 201, created
    assert passer_by.earned() == before + PRICE
    job = passer_by.api.until(created.json["jobId"])
    assert job["result"]["message"]["content"] == "Hello"


def test_who_does_not_pay_is_told_what_it_costs(passer_by) -> None:
    assert passer_by.api.send("POST", JOBS).status == 402


def test_a_wrong_key_opens_nothing_even_with_a_payment(passer_by) -> None:
    wrong = Payer(Api(passer_by.api.base_url, "wrong", "nobody"), passer_by.chains)
    before = passer_by.earned()

    assert wrong.api.send("POST", JOBS).status == 401
    assert wrong.ask(wrong.authorization()).status == 401
    assert passer_by.earned() == before


def test_a_key_makes_no_job_cheaper_unless_keys_are_free(customer) -> None:
    assert customer.ask().status == 402


def test_a_paid_job_is_read_with_a_key_too(passer_by, customer) -> None:
    created = passer_by.ask(passer_by.authorization())

    assert customer.job(created.json["jobId"])["prompt"] == "Hello"


def test_nothing_but_creating_and_reading_goes_without_a_key(passer_by) -> None:
    created = passer_by.ask(passer_by.authorization())

    assert passer_by.api.get(JOBS).status == 401
    assert passer_by.api.get("/api/agents").status == 401
    assert passer_by.api.cancel(created.json["jobId"]).status == 401


def test_a_job_that_is_not_there_is_not_found(passer_by) -> None:
    assert passer_by.api.get(f"{JOBS}/550e8400-e29b-41d4-a716-446655440000").status == 404
