"""POST /api/messaging/jobs where it costs something."""

import json

import pytest

from jobs import payment_bootstrap
from jobs.adapters.memory_payments import InMemoryPayments
from jobs.domain.agent import Agent
from jobs.domain.job import JobRef
from jobs.domain.payment import NETWORKS, PAYERS, PaymentState
from jobs.domain.webhook import Webhook
from tests.payments import (
    BASE,
    NONCE,
    PAY_TO,
    PAYER,
    Ledger,
    a_header,
    a_receipt,
    a_transfer,
    decoded,
    encoded,
    transaction_of,
)
from tests.support import NOON

RESOURCE = "https://api.example.com/api/messaging/jobs"
HASH = "0x" + "Fa" * 32
WEBHOOK = "https://hooks.example.com/in"


class Till:
    def __init__(self, clock) -> None:
        self.ledger = Ledger(clock)
        self.payments = InMemoryPayments(clock)


@pytest.fixture
def mode() -> str:
    return "required"


@pytest.fixture(autouse=True)
def till(monkeypatch, clock, mode, world) -> Till:
    made = Till(clock)
    settings = {
        "PAYMENTS": mode,
        "PAYMENT_PRICE": "20000",
        "PAYMENT_NETWORKS": "base,polygon",
        "PAY_TO": PAY_TO,
        "BASE_RPC_URL": "https://base.example",
        "POLYGON_RPC_URL": "https://polygon.example",
        "BASE_SEPOLIA_RPC_URL": "",
        "KEYS_ARE_FREE": "false",
        "ALLOW_TRANSACTION_HASH": "false",
        "ALLOW_UNSIGNED_TRANSACTION_HASH": "false",
        "PAYMENT_CONFIRMATIONS": "12",
        "PUBLIC_URL": "https://api.example.com",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(payment_bootstrap, "facilitator", lambda: made.ledger)
    monkeypatch.setattr(payment_bootstrap, "chain", lambda: made.ledger)
    monkeypatch.setattr(payment_bootstrap, "payments", lambda: made.payments)
    monkeypatch.setattr(payment_bootstrap, "recover", lambda: lambda _, signature: signature)
    for agent in world.registry.agents("demo"):
        world.registry.put_agent(PAYERS, agent)
    return made


def jobs(world):
    return world.repository.all()


# ── What it costs ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize("body", [None, "", "{", "[]"])
def test_without_a_payment_any_request_learns_what_it_costs(call, body) -> None:
    answer = call("create_job", body=body)

    assert answer.status == 402
    assert (answer.body["x402Version"], answer.body["code"]) == (1, "payment_required")


def test_the_body_is_for_clients_of_version_1(create) -> None:
    body = create().body

    assert body.keys() == {"x402Version", "error", "code", "accepts", "paymentInfo", "payment"}
    [entry, _] = body["accepts"]
    assert [each["network"] for each in body["accepts"]] == ["base", "polygon"]
    schema = entry.pop("outputSchema")
    assert entry == {
        "scheme": "exact",
        "network": "base",
        "maxAmountRequired": "20000",
        "resource": RESOURCE,
        "description": entry["description"],
        "mimeType": "application/json",
        "payTo": PAY_TO,
        "maxTimeoutSeconds": 120,
        "asset": BASE.asset,
        "extra": {"name": "USD Coin", "version": "2"},
    }
    assert schema["input"] | {"bodyFields": None} == {
        "type": "http",
        "method": "POST",
        "discoverable": True,
        "bodyType": "json",
        "bodyFields": None,
    }
    assert {*schema["input"]["bodyFields"]} == {
        "userId",
        "content",
        "agentId",
        "metadata",
        "timeoutMs",
    }


def test_the_body_says_plainly_what_to_pay_too(create) -> None:
    body = create().body

    assert body["paymentInfo"]["payment"] == body["payment"]
    assert body["payment"][0] == {
        "recipient": PAY_TO,
        "amount": "0.02",
        "amountAtomic": "20000",
        "currency": "USDC",
        "network": "base",
        "chainId": 8453,
        "asset": BASE.asset,
    }
    assert [each["chainId"] for each in body["payment"]] == [8453, 137]


def test_the_header_is_for_clients_of_version_2(create) -> None:
    offer = decoded(create().headers["PAYMENT-REQUIRED"])

    assert offer.keys() == {"x402Version", "error", "resource", "accepts", "extensions"}
    assert offer["x402Version"] == 2
    assert offer["resource"]["url"] == RESOURCE
    assert offer["accepts"][1] == {
        "scheme": "exact",
        "network": "eip155:137",
        "asset": NETWORKS["polygon"].asset,
        "amount": "20000",
        "payTo": PAY_TO,
        "maxTimeoutSeconds": 120,
        "extra": {"name": "USD Coin", "version": "2"},
    }
    assert offer["extensions"]["bazaar"].keys() == {"info", "schema"}


def test_all_headers_together_stay_small(create, monkeypatch) -> None:
    monkeypatch.setenv("PAYMENT_NETWORKS", "base,polygon,base-sepolia")
    monkeypatch.setenv("BASE_SEPOLIA_RPC_URL", "https://sepolia.example")

    headers = create().headers

    assert sum(len(name) + len(value) + 4 for name, value in headers.items()) < 8192


def test_a_network_that_cannot_be_read_is_not_on_offer(create, monkeypatch) -> None:
    monkeypatch.setenv("BASE_RPC_URL", "")

    assert [each["network"] for each in create().body["accepts"]] == ["polygon"]


@pytest.mark.parametrize(("price", "amount"), [
    ("20000", "0.02"), ("1", "0.000001"), ("1000000", "1"), ("100000000", "100"),
])  # fmt: skip
def test_amounts_are_spelled_in_full(create, monkeypatch, price, amount) -> None:
    monkeypatch.setenv("PAYMENT_PRICE", price)

    assert create().body["payment"][0]["amount"] == amount


# ── Paying ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("told", [
    (1, "X-PAYMENT", "X-PAYMENT-RESPONSE", "base"),
    (2, "PAYMENT-SIGNATURE", "PAYMENT-RESPONSE", "eip155:8453"),
])  # fmt: skip
def test_who_pays_gets_the_job_and_a_receipt(create, world, till, told) -> None:
    version, sent, receipt, network = told

    answer = create(headers={sent: a_header(version)})

    assert answer.status == 201
    assert answer.body.keys() == {"jobId", "status", "createdAt", "expiresAt"}
    assert decoded(answer.headers[receipt]) == {
        "success": True,
        "payer": PAYER,
        "transaction": transaction_of(NONCE),
        "network": network,
    }
    [job] = jobs(world)
    assert (job.id, job.tenant) == (answer.body["jobId"], "demo")
    [payment] = till.payments.all()
    assert (payment.state, payment.job_id) == (PaymentState.SETTLED, job.id)
    assert payment.job == {}


@pytest.mark.parametrize("events", [["completed", "failed"], None])
def test_a_paid_job_keeps_its_webhook(create, world, events) -> None:
    told = {"url": WEBHOOK, "events": events} if events else {"url": WEBHOOK}

    answer = create(headers={"X-PAYMENT": a_header()}, webhook=told)

    [job] = jobs(world)
    assert answer.status == 201
    assert job.webhook == Webhook(url=WEBHOOK, events=frozenset(events or ()))


def test_a_payment_pays_for_no_other_webhook(create, world) -> None:
    create(headers={"X-PAYMENT": a_header()}, webhook={"url": WEBHOOK})

    again = create(headers={"X-PAYMENT": a_header()}, webhook={"url": f"{WEBHOOK}2"})

    assert (again.status, again.body["code"]) == (402, "payment_already_used")
    assert [job.webhook for job in jobs(world)] == [Webhook(url=WEBHOOK)]


@pytest.mark.parametrize("version", [1, 2])
def test_the_facilitator_is_asked_about_what_was_offered(create, till, version) -> None:
    name = "X-PAYMENT" if version == 1 else "PAYMENT-SIGNATURE"
    refused = create()
    offered = refused.body if version == 1 else decoded(refused.headers["PAYMENT-REQUIRED"])

    create(headers={name: a_header(version)})

    assert till.ledger.requirements == [offered["accepts"][0]]


def test_the_same_request_again_is_the_same_job(create, world) -> None:
    first = create(headers={"X-PAYMENT": a_header()})
    again = create(headers={"X-PAYMENT": a_header()})

    assert (again.status, again.body) == (201, first.body)
    assert again.headers["X-PAYMENT-RESPONSE"] == first.headers["X-PAYMENT-RESPONSE"]
    assert len(jobs(world)) == 1


def test_a_payment_pays_for_one_request_only(create, world) -> None:
    create(headers={"X-PAYMENT": a_header()})
    again = create(headers={"X-PAYMENT": a_header()}, content="Another")

    assert (again.status, again.body["code"]) == (402, "payment_already_used")
    assert len(jobs(world)) == 1


def test_the_answer_can_be_waited_for(create, world, stored) -> None:
    def end() -> None:
        for job in jobs(world):
            if not job.status.is_terminal:
                ended = job.claim(now=world.clock(), lease=1000).succeed(
                    {"id": "m", "content": "Fine"}, now=world.clock()
                )
                world.repository.save(job.claim(now=world.clock(), lease=1000), replacing=job)
                world.repository.save(ended, replacing=job.claim(now=world.clock(), lease=1000))

    world.meanwhile = end

    answer = create(headers={"X-PAYMENT": a_header(), "Prefer": "wait=20"})

    assert (answer.status, answer.body["status"]) == (200, "completed")
    assert "X-PAYMENT-RESPONSE" in answer.headers


def test_the_time_that_settling_took_is_not_waited_again(create, world, till) -> None:
    till.ledger.meanwhile["settle"] = lambda: world.clock.advance(17_000)

    answer = create(headers={"X-PAYMENT": a_header(), "Prefer": "wait=25"}, timeoutMs=300_000)

    assert answer.status == 201
    assert world.clock() <= NOON + 25_000


def test_what_is_wrong_with_the_body_is_said_before_anything_is_charged(create, till) -> None:
    answer = create(headers={"X-PAYMENT": a_header()}, content="")

    assert (answer.status, answer.body["error"]) == (400, "content cannot be empty")
    assert till.ledger.asked == []


def test_an_agent_that_is_not_there_costs_nothing(create, till) -> None:
    agent = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"

    assert create(headers={"X-PAYMENT": a_header()}, agentId=agent).status == 404
    assert till.ledger.asked == []


def test_a_refused_payment_is_a_402_with_the_reason_and_the_offer(create, world, till) -> None:
    till.ledger.fate["settle"] = ["refused insufficient_funds"]

    answer = create(headers={"X-PAYMENT": a_header()})

    assert (answer.status, answer.body["code"]) == (402, "insufficient_funds")
    assert len(answer.body["accepts"]) == 2
    assert decoded(answer.headers["PAYMENT-REQUIRED"])["error"] == answer.body["error"]
    assert jobs(world) == []


def test_a_settlement_that_is_not_known_of_is_never_a_402(create, world, till) -> None:
    till.ledger.fate["settle"] = ["lost"]

    answer = create(headers={"X-PAYMENT": a_header()})

    assert (answer.status, answer.body["code"]) == (503, "settlement_unknown")
    assert int(answer.headers["Retry-After"]) > 0
    assert jobs(world) == []

    again = create(headers={"X-PAYMENT": a_header()})

    assert again.status == 201
    assert till.ledger.asked.count("settle") == 1
    assert len(jobs(world)) == 1


# ── Headers that are none ───────────────────────────────────────────────────────


@pytest.mark.parametrize("header", [
    "x", "e30=", encoded([]), encoded("x"), encoded(None), a_header(2), a_header()[:-4],
    a_header(value="-1"), a_header(value="0x1"), a_header(value=20000), a_header(value="\u0661"),
    a_header(value="9" * 79), a_header(nonce="0x12"), a_header(to="0x" + "g" * 40),
    a_header(validBefore=str(2**60)), a_header(**{"from": None}),
    encoded({"x402Version": 1, "scheme": "exact", "network": "base", "payload": {}}),
    encoded({"x402Version": True, **decoded(a_header())} | {"x402Version": True}),
    encoded(decoded(a_header()) | {"network": "solana"}),
    encoded(decoded(a_header()) | {"network": "base-sepolia"}),
    encoded(decoded(a_header()) | {"scheme": "upto"}),
    encoded(decoded(a_header()) | {"payload": []}),
    encoded(decoded(a_header()) | {"more": [[[[[[[[[[[[[1]]]]]]]]]]]]]}),
])  # fmt: skip
def test_a_payment_that_is_none_is_a_400(create, till, header) -> None:
    answer = create(headers={"X-PAYMENT": header})

    assert (answer.status, answer.body["code"]) == (400, "INVALID_REQUEST")
    assert till.payments.all() == []


def test_one_request_pays_once(create) -> None:
    answer = create(headers={"X-PAYMENT": a_header(), "PAYMENT-SIGNATURE": a_header(2)})

    assert answer.status == 400


def test_another_asset_than_was_asked_for_is_refused(create, till) -> None:
    other = decoded(a_header(2))
    other["accepted"]["asset"] = "0x" + "99" * 20

    answer = create(headers={"PAYMENT-SIGNATURE": encoded(other)})

    assert (answer.status, answer.body["code"]) == (402, "invalid_payment_requirements")
    assert till.ledger.asked == []


# ── A transaction's hash ────────────────────────────────────────────────────────


def test_a_transactions_hash_is_not_taken_unless_that_is_wished(create) -> None:
    answer = create(headers={"X-PAYMENT": HASH, "X-PAYMENT-NETWORK": "base"})

    assert answer.status == 400


@pytest.fixture
def hashes(monkeypatch, till) -> None:
    monkeypatch.setenv("ALLOW_TRANSACTION_HASH", "true")
    till.ledger.receipts[HASH.lower()] = a_receipt(a_transfer())


def test_a_signed_transaction_pays_for_one_job(create, world, hashes) -> None:
    headers = {"X-PAYMENT": HASH, "X-PAYMENT-NETWORK": "base", "X-PAYMENT-SIGNATURE": PAYER}

    first, again = create(headers=headers), create(headers=headers)

    assert first.status == again.status == 201
    assert first.body == again.body
    assert decoded(first.headers["X-PAYMENT-RESPONSE"])["transaction"] == HASH.lower()
    assert len(jobs(world)) == 1
    assert create(headers=headers, content="Another").body["code"] == "payment_already_used"


@pytest.mark.parametrize("network", [None, "", "solana", "base-sepolia", "eip155:8453"])
def test_the_transactions_network_must_be_one_of_ours(create, hashes, network) -> None:
    headers = {"X-PAYMENT": HASH, "X-PAYMENT-SIGNATURE": PAYER}
    named = {} if network is None else {"X-PAYMENT-NETWORK": network}

    assert create(headers=headers | named).status == 400


@pytest.mark.parametrize("signature", [None, "", "0x", "0x1", "yes"])
def test_without_a_signature_a_transaction_is_anybodys(create, hashes, signature) -> None:
    headers = {"X-PAYMENT": HASH, "X-PAYMENT-NETWORK": "base"}
    signed = {} if signature is None else {"X-PAYMENT-SIGNATURE": signature}

    assert create(headers=headers | signed).status == 400


def test_somebody_elses_signature_does_not_do(create, hashes) -> None:
    headers = {"X-PAYMENT": HASH, "X-PAYMENT-NETWORK": "base", "X-PAYMENT-SIGNATURE": "0x" + "77"}

    answer = create(headers=headers)

    assert (answer.status, answer.body["code"]) == (402, "invalid_signature")


def test_signatures_can_be_done_without(create, hashes, monkeypatch) -> None:
    monkeypatch.setenv("ALLOW_UNSIGNED_TRANSACTION_HASH", "true")

    assert create(headers={"X-PAYMENT": HASH, "X-PAYMENT-NETWORK": "base"}).status == 201


# ── Instead of a key ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mode", ["instead-of-key"])
class TestInsteadOfKey:
    def test_the_job_is_a_payers(self, create, world) -> None:
        create(headers={"X-PAYMENT": a_header()})

        assert [job.tenant for job in jobs(world)] == [PAYERS]

    def test_a_key_changes_nothing_about_the_price(self, create) -> None:
        assert create(headers={"X-API-Key": "a valid one"}).status == 402

    def test_a_key_is_enough_where_keys_are_free(self, create, world, monkeypatch, till) -> None:
        monkeypatch.setenv("KEYS_ARE_FREE", "true")

        assert create(headers={"X-API-Key": "a valid one"}).status == 201
        assert [job.tenant for job in jobs(world)] == ["demo"]
        assert till.ledger.asked == []

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

    def test_a_payers_key_keeps_it_from_paying_twice(self, create, world, till) -> None:
        create(headers={"X-PAYMENT": a_header(), "Idempotency-Key": "k"})
        again = {"X-PAYMENT": a_header(nonce="0x" + "77" * 32), "Idempotency-Key": "k"}

        assert create(headers=again).status == 201
        assert len(jobs(world)) == 1
        assert len(till.ledger.moved) == 1

    def test_payers_have_agents_of_their_own(self, create, world) -> None:
        world.registry.put_agent(PAYERS, Agent(id="0", name="Payers'", order=-9))

        answer = create(headers={"X-PAYMENT": a_header()})

        ref = JobRef(tenant=PAYERS, dialect="messaging", id=answer.body["jobId"])
        assert world.repository.get(ref).request["agentId"] == "0"

    def test_whoever_has_a_paid_jobs_id_may_read_it(self, create, call, event) -> None:
        made = create(headers={"X-PAYMENT": a_header()}).body

        answer = call("get_job", pathParameters={"jobId": made["jobId"]})

        assert (answer.status, answer.body["jobId"]) == (200, made["jobId"])

    def test_a_webhook_is_for_those_who_have_a_secret_to_check_it_with(
        self, create, world, till
    ) -> None:
        answer = create(headers={"X-PAYMENT": a_header()}, webhook={"url": WEBHOOK})

        assert (answer.status, answer.body["code"]) == (400, "INVALID_REQUEST")
        assert answer.body["error"].startswith("webhook needs an API key")
        assert jobs(world) == []
        assert till.ledger.moved == {}

    def test_another_tenants_job_stays_its_own(self, call, stored) -> None:
        job = stored(tenant="rival")

        assert call("get_job", pathParameters={"jobId": job.id}).status == 404


@pytest.mark.parametrize("mode", ["required", "off"])
def test_elsewhere_payers_jobs_are_nobodys(call, stored, mode) -> None:
    job = stored(tenant=PAYERS)

    assert call("get_job", pathParameters={"jobId": job.id}).status == 404


@pytest.mark.parametrize("mode", ["off"])
def test_where_payments_are_off_a_payment_is_not_looked_at(create, till) -> None:
    answer = create(headers={"X-PAYMENT": "whatever"})

    assert answer.status == 201
    assert json.loads(answer.text).keys() == {"jobId", "status", "createdAt", "expiresAt"}
    assert till.ledger.asked == []
