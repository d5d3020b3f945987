"""POST /api/messaging/jobs with payments instead of API keys."""

import json

import pytest

from jobs.auth.api_key import PAYERS
from jobs.core.job import JobRef
from jobs.messaging.agent import Agent
from tests.handlers.conftest import USER_ID
from tests.payments import a_header

WEBHOOK = "https://hooks.example.com/in"


@pytest.fixture
def create(call, event):
    """Create as the tenant that the authorizer names: the key's, or payers without a key."""

    def answer(*, headers=None, **fields):
        sent = {"Content-Type": "application/json"} | (headers or {})
        context = event("messaging/create_job")["requestContext"]
        context["authorizer"]["tenant"] = "demo" if "X-API-Key" in sent else PAYERS
        body = json.dumps({"userId": USER_ID, "content": "Hello"} | fields)
        return call("create_job", headers=sent, body=body, requestContext=context)

    return answer


@pytest.mark.parametrize("mode", ["instead-of-key"])
class TestInsteadOfKey:
    def test_create_without_key_makes_job_of_payers(self, create, world) -> None:
        create(headers={"X-PAYMENT": a_header()})

        assert [job.tenant for job in world.repository.all()] == [PAYERS]

    def test_payers_without_key_have_no_rate_limit(self, create, monkeypatch) -> None:
        monkeypatch.setenv("MESSAGES_PER_MINUTE", "1")

        answers = [create(headers={"X-PAYMENT": a_header(nonce=f"0x{n:064x}")}) for n in range(3)]

        assert [answer.status for answer in answers] == [201] * 3
        assert "X-RateLimit-Limit" not in answers[0].headers

    def test_paid_job_of_payers_is_not_of_the_key(self, create, world) -> None:
        create(headers={"X-PAYMENT": a_header(), "X-API-Key": "a valid one"})

        assert [(job.tenant, job.key_id) for job in world.repository.all()] == [(PAYERS, None)]

    def test_create_with_key_still_needs_payment(self, create) -> None:
        assert create(headers={"X-API-Key": "a valid one"}).status == 402

    def test_create_with_key_when_keys_are_free_needs_no_payment(
        self, create, world, monkeypatch, checkout
    ) -> None:
        monkeypatch.setenv("KEYS_ARE_FREE", "true")

        assert create(headers={"X-API-Key": "a valid one"}).status == 201
        assert [job.tenant for job in world.repository.all()] == ["demo"]
        assert checkout.ledger.calls == []

    def test_create_without_key_when_keys_are_free_is_402(self, create, monkeypatch) -> None:
        monkeypatch.setenv("KEYS_ARE_FREE", "true")

        assert create().status == 402

    def test_create_with_idempotency_key_is_scoped_to_payer(self, create, world) -> None:
        other = "0x" + "77" * 20
        by_key = {"X-PAYMENT": a_header(), "Idempotency-Key": "k"}
        by_payer = {
            "X-PAYMENT": a_header(**{"from": other}, nonce="0x" + "77" * 32),
            "Idempotency-Key": "k",
        }

        first, second = create(headers=by_key), create(headers=by_payer)

        assert first.status == second.status == 201
        assert first.body["jobId"] != second.body["jobId"]

    def test_create_with_known_idempotency_key_charges_once(self, create, world, checkout) -> None:
        create(headers={"X-PAYMENT": a_header(), "Idempotency-Key": "k"})
        again = {"X-PAYMENT": a_header(nonce="0x" + "77" * 32), "Idempotency-Key": "k"}

        assert create(headers=again).status == 201
        assert len(world.repository.all()) == 1
        assert len(checkout.ledger.moved) == 1

    def test_create_of_payer_uses_agents_of_payers(self, create, world) -> None:
        world.registry.put_agent(PAYERS, Agent(id="0", name="Payers'", order=-9))

        answer = create(headers={"X-PAYMENT": a_header()})

        ref = JobRef(tenant=PAYERS, kind="messaging", id=answer.body["jobId"])
        assert world.repository.get(ref).request["agentId"] == "0"

    def test_get_paid_job_without_key_returns_it(self, create, call, event) -> None:
        made = create(headers={"X-PAYMENT": a_header()}).body

        answer = call("get_job", pathParameters={"jobId": made["jobId"]})

        assert (answer.status, answer.body["jobId"]) == (200, made["jobId"])

    def test_create_with_webhook_without_key_is_400(self, create, world, checkout) -> None:
        answer = create(headers={"X-PAYMENT": a_header()}, webhook={"url": WEBHOOK})

        assert (answer.status, answer.body["code"]) == (400, "INVALID_REQUEST")
        assert answer.body["error"].startswith("webhook needs an API key")
        assert world.repository.all() == []
        assert checkout.ledger.moved == {}

    def test_get_job_of_other_tenant_is_404(self, call, stored) -> None:
        job = stored(tenant="rival")

        assert call("get_job", pathParameters={"jobId": job.id}).status == 404


@pytest.mark.parametrize("mode", ["required", "off"])
def test_get_job_of_payer_in_other_modes_is_404(call, stored, mode) -> None:
    job = stored(tenant=PAYERS)

    assert call("get_job", pathParameters={"jobId": job.id}).status == 404


@pytest.mark.parametrize("mode", ["off", "required"])
@pytest.mark.parametrize("headers", [{}, {"X-PAYMENT": a_header()}], ids=["unpaid", "paid"])
def test_create_of_payer_in_other_modes_is_503(create, world, checkout, headers) -> None:
    """While a deployment changes the mode, the authorizer may already let payers in."""
    answer = create(headers=headers)

    assert (answer.status, answer.body["code"]) == (503, "UNAVAILABLE")
    assert answer.headers["Retry-After"] == "1"
    assert world.repository.all() == []
    assert checkout.ledger.moved == {}


@pytest.mark.parametrize("mode", ["instead-of-key"])
def test_create_with_key_that_authorizer_did_not_see_is_402(
    call, event, world, monkeypatch
) -> None:
    """A header of the client's is no proof of a key."""
    monkeypatch.setenv("KEYS_ARE_FREE", "true")
    context = event("messaging/create_job")["requestContext"]
    context["authorizer"]["tenant"] = PAYERS

    answer = call("create_job", headers={"X-API-Key": "any"}, requestContext=context)

    assert answer.status == 402
    assert world.repository.all() == []


@pytest.mark.parametrize("mode", ["off"])
def test_create_with_payment_when_off_ignores_it(create, checkout) -> None:
    answer = create(headers={"X-API-Key": "a valid one", "X-PAYMENT": "whatever"})

    assert answer.status == 201
    assert json.loads(answer.text).keys() == {"jobId", "status", "createdAt", "expiresAt"}
    assert checkout.ledger.calls == []
