"""One payment, one job: what is paid with authorizations, and what is not."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from local.chain.wallet import PRICE, to_header


@pytest.fixture
def content() -> str:
    """A message that nobody else sends."""
    return f"Hello {uuid4()}"


def test_the_same_request_again_brings_the_same_job(payer, content) -> None:
    authorization, before = payer.authorization(), payer.earned()

    first, again = payer.ask(authorization, content), payer.ask(authorization, content)

    assert (first.status, again.status) == (201, 201)
    assert first.json["jobId"] == again.json["jobId"]
    assert first.headers["payment-response"] == again.headers["payment-response"]
    assert payer.earned() == before + PRICE
    assert payer.jobs([content]) == [content]


def test_a_payment_is_not_good_for_another_message(payer, content) -> None:
    authorization = payer.authorization()
    payer.ask(authorization, content)

    another = payer.ask(authorization, f"{content}, and another")

    assert another.status == 402
    assert another.json["code"] == "payment_already_used"
    assert payer.jobs([f"{content}, and another"]) == []


def test_ten_racing_messages_with_one_payment_make_one_job(payer, content) -> None:
    authorization, before = payer.authorization(), payer.earned()
    contents = [f"{content} {number}" for number in range(10)]

    with ThreadPoolExecutor(10) as clients:
        answers = [*clients.map(lambda each: payer.ask(authorization, each), contents)]

    statuses = [each.status for each in answers]
    assert statuses.count(201) == 1
    assert {*statuses} <= {201, 402, 503}
    assert payer.earned() == before + PRICE
    assert len(payer.jobs(contents)) == 1


def test_ten_racing_repetitions_of_one_request_make_one_job(payer, content) -> None:
    authorization, before = payer.authorization(), payer.earned()

    with ThreadPoolExecutor(10) as clients:
        answers = [*clients.map(lambda _: payer.ask(authorization, content), range(10))]

    ids = {each.json["jobId"] for each in answers if each.status == 201}
    assert len(ids) == 1
    assert {each.status for each in answers} <= {201, 503}
    assert payer.earned() == before + PRICE
    assert payer.jobs([content]) == [content]


@pytest.mark.parametrize("operation", ["verify", "settle"])
def test_a_refused_payment_makes_no_job_and_can_be_offered_again(payer, content, operation) -> None:
    authorization, before = payer.authorization(), payer.earned()
    payer.chains.facilitator.script(**{operation: ["refuse:insufficient_funds"]})

    refused = payer.ask(authorization, content)

    assert (refused.status, refused.json["code"]) == (402, "insufficient_funds")
    assert payer.jobs([content]) == []
    assert payer.ask(authorization, content).status == 201
    assert payer.earned() == before + PRICE


def test_what_the_facilitator_says_stays_with_us(payer, content) -> None:
    authorization = payer.authorization()
    payer.chains.facilitator.script(verify=["refuse:our database is on fire"])

    refused = payer.ask(authorization, content)

    assert refused.status in {402, 503}
    assert b"fire" not in refused.body
    payer.chains.facilitator.script(settle=["refuse:our database is on fire"])
    unclear = payer.ask(authorization, content)
    assert (unclear.status, unclear.json["code"]) == (503, "settlement_unknown")
    assert b"fire" not in unclear.body
    assert payer.insist(authorization, content).status == 201


def test_an_empty_wallet_is_refused(payer, content) -> None:
    poor = payer.authorization(payer=payer.node().accounts[9].address)

    refused = payer.ask(poor, content)

    assert (refused.status, refused.json["code"]) == (402, "insufficient_funds")
    assert payer.jobs([content]) == []


def test_an_authorization_that_somebody_else_has_used_is_no_job(payer, content) -> None:
    authorization = payer.authorization()
    authorization.submit()

    refused = payer.ask(authorization, content)

    assert (refused.status, refused.json["code"]) == (402, "payment_already_used")


@pytest.mark.parametrize(
    "about",
    [
        {"amount": PRICE - 1},
        {"amount": PRICE + 1},
        {"pay_to": "0x00000000000000000000000000000000000000aa"},
        {"valid_before": 1_767_268_800},
        {"valid_after": 4_000_000_000, "valid_before": 4_000_000_100},
    ],
    ids=",".join,
)
def test_another_payment_than_was_asked_for_is_refused(payer, content, about) -> None:
    refused = payer.ask(payer.authorization(**about), content)

    assert refused.status == 402
    assert payer.chains.facilitator.calls() == []
    assert payer.jobs([content]) == []


def test_a_signature_of_somebody_else_is_refused(payer, content) -> None:
    authorization = payer.authorization()
    stolen = payer.authorization(payer=payer.node().accounts[8].address, nonce=authorization.nonce)
    forged = authorization.v2()
    forged["payload"]["signature"] = stolen.payload()["signature"]

    refused = payer.api.ask(content, headers={"PAYMENT-SIGNATURE": to_header(forged)})

    assert refused.status == 402
    assert payer.jobs([content]) == []


def test_a_key_of_idempotency_spares_the_second_payment(payer, content) -> None:
    key, before = {"Idempotency-Key": content}, payer.earned()

    first = payer.ask(payer.authorization(), content, **key)
    again = payer.ask(payer.authorization(), content, **key)
    other = payer.ask(payer.authorization(), f"{content}!", **key)

    assert (first.status, again.status, other.status) == (201, 201, 409)
    assert first.json["jobId"] == again.json["jobId"]
    assert payer.earned() == before + PRICE


def test_an_unknown_network_is_a_bad_request(payer, content) -> None:
    elsewhere = payer.authorization().v2()
    elsewhere["accepted"]["network"] = "eip155:1"

    refused = payer.api.ask(content, headers={"PAYMENT-SIGNATURE": to_header(elsewhere)})

    assert refused.status == 400
