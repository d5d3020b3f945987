"""POST /api/messaging/jobs where a payment does instead of a key."""

import json

import pytest

from jobs.core.job import JobRef
from jobs.messaging.agent import Agent
from jobs.payments.payment import PAYERS
from tests.payments import a_header

WEBHOOK = "https://hooks.example.com/in"


@pytest.mark.parametrize("mode", ["instead-of-key"])
class TestInsteadOfKey:
    def test_the_job_is_a_payers(self, create, world) -> None:
        create(headers={"X-PAYMENT": a_header()})

        assert [job.tenant for job in world.repository.all()] == [PAYERS]

    def test_a_key_changes_nothing_about_the_price(self, create) -> None:
        assert create(headers={"X-API-Key": "a valid one"}).status == 402

    def test_a_key_is_enough_where_keys_are_free(
        self, create, world, monkeypatch, checkout
    ) -> None:
        monkeypatch.setenv("KEYS_ARE_FREE", "true")

        assert create(headers={"X-API-Key": "a valid one"}).status == 201
        assert [job.tenant for job in world.repository.all()] == ["demo"]
        assert checkout.ledger.asked == []

    def test_without_a_key_nothing_is_free(self, create, monkeypatch) -> None:
        monkeypatch.setenv("KEYS_ARE_FREE", "true")

        assert create().status == 402

    def test_payers_have_keys_of_their_own(self, create, world) -> None:
        other = "0x" + "77" * 20
        mine = {"X-PAYMENT": a_header(), "Idempotency-Key": "k"}
        theirs = {
            "X-PAYMENT": a_header(**{"from": other}, nonce="0x" + "77" * 32),
            "Idempotency-Key": "k",
        }

        first, second = create(headers=mine), create(headers=theirs)

        assert first.status == second.status == 201
        assert first.body["jobId"] != second.body["jobId"]

    def test_a_payers_key_keeps_it_from_paying_twice(self, create, world, checkout) -> None:
        create(headers={"X-PAYMENT": a_header(), "Idempotency-Key": "k"})
        again = {"X-PAYMENT": a_header(nonce="0x" + "77" * 32), "Idempotency-Key": "k"}

        assert create(headers=again).status == 201
        assert len(world.repository.all()) == 1
        assert len(checkout.ledger.moved) == 1

    def test_payers_have_agents_of_their_own(self, create, world) -> None:
        world.registry.put_agent(PAYERS, Agent(id="0", name="Payers'", order=-9))

        answer = create(headers={"X-PAYMENT": a_header()})

        ref = JobRef(tenant=PAYERS, kind="messaging", id=answer.body["jobId"])
        assert world.repository.get(ref).request["agentId"] == "0"

    def test_whoever_has_a_paid_jobs_id_may_read_it(self, create, call, event) -> None:
        made = create(headers={"X-PAYMENT": a_header()}).body

        answer = call("get_job", pathParameters={"jobId": made["jobId"]})

        assert (answer.status, answer.body["jobId"]) == (200, made["jobId"])

    def test_a_webhook_is_for_those_who_have_a_secret_to_check_it_with(
        self, create, world, checkout
    ) -> None:
        answer = create(headers={"X-PAYMENT": a_header()}, webhook={"url": WEBHOOK})

        assert (answer.status, answer.body["code"]) == (400, "INVALID_REQUEST")
        assert answer.body["error"].startswith("webhook needs an API key")
        assert world.repository.all() == []
        assert checkout.ledger.moved == {}

    def test_another_tenants_job_stays_its_own(self, call, stored) -> None:
        job = stored(tenant="rival")

        assert call("get_job", pathParameters={"jobId": job.id}).status == 404


@pytest.mark.parametrize("mode", ["required", "off"])
def test_elsewhere_payers_jobs_are_nobodys(call, stored, mode) -> None:
    job = stored(tenant=PAYERS)

    assert call("get_job", pathParameters={"jobId": job.id}).status == 404


@pytest.mark.parametrize("mode", ["off"])
def test_where_payments_are_off_a_payment_is_not_looked_at(create, checkout) -> None:
    answer = create(headers={"X-PAYMENT": "whatever"})

    assert answer.status == 201
    assert json.loads(answer.text).keys() == {"jobId", "status", "createdAt", "expiresAt"}
    assert checkout.ledger.asked == []
