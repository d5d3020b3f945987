"""Webhooks that tenants have, the log of what was sent, its queue and the secrets that sign it."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from jobs.core.job import JobRef
from jobs.core.webhook import Webhook
from jobs.kit.aws.secrets import SecretsManager
from jobs.kit.errors import UnavailableError
from jobs.webhooks.adapters.deliveries import DynamoDeliveryLog
from jobs.webhooks.adapters.queue import SqsDeliveryQueue, from_text
from jobs.webhooks.adapters.secrets import WebhookSecrets
from jobs.webhooks.adapters.subscriptions import DynamoSubscriptions
from jobs.webhooks.errors import DeliveryNotFoundError
from jobs.webhooks.webhook import Attempt, DeliveryRef, DeliveryState, Subscription, WebhookDelivery
from scripts.webhook_secret import retire, rotate
from tests.adapters.engines import client, refusal
from tests.fakes.memory_webhooks import InMemoryDeliveryLog, InMemorySubscriptions
from tests.support import HOUR, NOON

MINUTE = 60_000
URL = "https://hooks.example.com/in?token=%C5%BE"


@pytest.fixture
def subscriptions(any_engine, clock) -> DynamoSubscriptions | InMemorySubscriptions:
    if any_engine is None:
        return InMemorySubscriptions()
    return DynamoSubscriptions(any_engine.client, any_engine.registry, clock)


@pytest.fixture
def log(any_engine, clock) -> DynamoDeliveryLog | InMemoryDeliveryLog:
    if any_engine is None:
        return InMemoryDeliveryLog()
    return DynamoDeliveryLog(any_engine.client, any_engine.webhooks, clock)


@pytest.fixture
def delivery(tenant) -> Callable[..., WebhookDelivery]:
    def make(**about: Any) -> WebhookDelivery:
        sane: dict[str, Any] = {
            "id": str(uuid4()),
            "ref": JobRef(tenant=tenant, kind="missions", id=str(uuid4())),
            "sequence": 3,
            "event": "completed",
            "url": URL,
            "body": '{"type":"job.completed","data":{"links":"žluť"}}',
            "planned_at": NOON,
        }
        return WebhookDelivery(**sane | about)

    return make


def ref_of(delivery: WebhookDelivery) -> DeliveryRef:
    return DeliveryRef(tenant=delivery.ref.tenant, job_id=delivery.ref.id, id=delivery.id)


# ── A tenant's own ──────────────────────────────────────────────────────────────


def test_a_tenant_has_the_webhooks_that_it_was_given(subscriptions, tenant) -> None:
    all_events = Subscription(id="a", tenant=tenant, webhook=Webhook(url=URL))
    some = Webhook(url=URL, events=frozenset({"failed", "timed_out"}))
    for each in (
        Subscription(id="b", tenant=tenant, webhook=some),
        all_events,
        Subscription(id="off", tenant=tenant, webhook=some, active=False),
        Subscription(id="a", tenant=f"{tenant}-rival", webhook=some),
    ):
        subscriptions.put(each)

    assert subscriptions.standing(tenant) == [
        all_events,
        Subscription(id="b", tenant=tenant, webhook=some),
    ]
    assert subscriptions.standing(uuid4().hex) == []


def test_they_are_read_once_a_minute_also_where_there_are_none(engine, clock, tenant) -> None:
    subscriptions = DynamoSubscriptions(engine.client, engine.registry, clock)

    with engine.calls() as calls:
        for wait in (0, 0, MINUTE - 1, 1):
            clock.advance(wait)
            subscriptions.standing(tenant)

    assert calls == ["Query", "Query"]


def test_a_jobs_webhook_is_kept_in_its_header(repository, a_job) -> None:
    told = Webhook(url=URL, events=frozenset({"failed", "completed"}))
    job, silent = a_job(webhook=told), a_job(id=str(uuid4()))

    for each in (job, silent):
        repository.add(each)
    repository.save(job.cancel(now=NOON), replacing=job)

    assert repository.get(job.ref).webhook == told
    assert repository.get(silent.ref).webhook is None


# ── What was sent ───────────────────────────────────────────────────────────────


def test_a_delivery_comes_back_as_it_went_in(log, delivery) -> None:
    whole = delivery(subscription="crm", attempts=(Attempt(at=NOON, ms=5, error="tls"),))
    plain = delivery()
    for each in (whole, plain):
        log.plan(each)

    assert log.get(ref_of(whole)) == whole
    assert log.find(whole.ref.tenant, plain.id) == plain


def test_a_delivery_is_planned_once(log, delivery) -> None:
    planned = delivery()
    log.plan(planned)
    log.note(planned, Attempt(at=NOON, ms=5, status=200), DeliveryState.DELIVERED)

    log.plan(planned)

    assert log.get(ref_of(planned)).state is DeliveryState.DELIVERED


def test_attempts_are_added_one_after_another(log, delivery) -> None:
    planned = delivery()
    log.plan(planned)
    first = Attempt(at=NOON, ms=10_000, error="timeout")
    second = Attempt(at=NOON + 15_000, ms=25, status=204)

    log.note(planned, first, DeliveryState.PENDING)
    log.note(planned, second, DeliveryState.DELIVERED)

    told = log.get(ref_of(planned))
    assert told == replace(planned, state=DeliveryState.DELIVERED, attempts=(first, second))


def test_an_attempt_is_noted_once_however_often_it_is_told(log, delivery) -> None:
    planned, attempt = delivery(), Attempt(at=NOON, ms=25, status=204)
    log.plan(planned)

    for _ in range(2):
        log.note(planned, attempt, DeliveryState.DELIVERED)

    assert log.get(ref_of(planned)).attempts == (attempt,)


def test_writes_whose_answers_are_lost_are_made_once(engine, clock, delivery) -> None:
    log, planned = DynamoDeliveryLog(engine.client, engine.webhooks, clock), delivery()
    attempt = Attempt(at=NOON, ms=25, status=500)

    with engine.losing_answer("PutItem") as lost_plan:
        log.plan(planned)
    with engine.losing_answer("UpdateItem") as lost_note:
        log.note(planned, attempt, DeliveryState.FAILED)
    with engine.losing_answer("UpdateItem") as lost_reopening:
        log.reopen(planned)

    assert all((lost_plan, lost_note, lost_reopening))
    assert log.get(ref_of(planned)) == replace(planned, attempts=(attempt,))


def test_what_is_gone_is_not_brought_back(log, delivery) -> None:
    gone = delivery()

    log.note(gone, Attempt(at=NOON, ms=5, status=200), DeliveryState.DELIVERED)
    with pytest.raises(DeliveryNotFoundError):
        log.reopen(gone)

    assert log.of_job(gone.ref.tenant, gone.ref.id) == []


def test_what_has_been_delivered_stays_so(log, delivery) -> None:
    planned, failed = delivery(), Attempt(at=NOON, ms=5, status=500)
    log.plan(planned)
    log.note(planned, Attempt(at=NOON, ms=5, status=200), DeliveryState.DELIVERED)

    log.note(planned, failed, DeliveryState.FAILED)

    assert log.get(ref_of(planned)).state is DeliveryState.DELIVERED
    log.reopen(planned)
    log.note(planned, failed, DeliveryState.FAILED)
    assert log.get(ref_of(planned)).state is DeliveryState.FAILED


def test_a_jobs_deliveries_are_in_the_order_of_its_changes(log, delivery) -> None:
    job = delivery().ref
    told = [delivery(ref=job, sequence=n) for n in (10, 2, 1)]
    for each in (*told, delivery(), delivery(ref=replace(job, tenant="rival"))):
        log.plan(each)

    assert log.of_job(job.tenant, job.id) == told[::-1]
    assert log.of_job(job.tenant, str(uuid4())) == []


def test_another_tenants_delivery_is_unknown(log, delivery) -> None:
    planned = delivery()
    log.plan(planned)

    for tenant, delivery_id in (("rival", planned.id), (planned.ref.tenant, str(uuid4()))):
        with pytest.raises(DeliveryNotFoundError):
            log.find(tenant, delivery_id)
    with pytest.raises(DeliveryNotFoundError):
        log.get(replace(ref_of(planned), tenant="rival"))


def test_after_two_weeks_it_is_gone_whenever_it_is_deleted(engine, clock, delivery) -> None:
    log, planned = DynamoDeliveryLog(engine.client, engine.webhooks, clock), delivery()
    log.plan(planned)

    clock.advance(14 * 24 * HOUR - 1000)
    assert log.of_job(planned.ref.tenant, planned.ref.id) == [planned]

    clock.advance(1000)
    assert log.of_job(planned.ref.tenant, planned.ref.id) == []
    with pytest.raises(DeliveryNotFoundError):
        log.get(ref_of(planned))
    with pytest.raises(DeliveryNotFoundError):
        log.find(planned.ref.tenant, planned.id)


def test_a_table_that_throttles_is_unavailable(engine, clock, delivery) -> None:
    log, planned = DynamoDeliveryLog(engine.client, engine.webhooks, clock), delivery()
    attempt = Attempt(at=NOON, ms=5, status=200)

    with engine.failing("ProvisionedThroughputExceededException"):
        for call in (
            lambda: log.plan(planned),
            lambda: log.get(ref_of(planned)),
            lambda: log.find("acme", planned.id),
            lambda: log.of_job("acme", planned.ref.id),
            lambda: log.note(planned, attempt, DeliveryState.DELIVERED),
            lambda: log.reopen(planned),
        ):
            with pytest.raises(UnavailableError):
                call()


# ── The queue ───────────────────────────────────────────────────────────────────


@mock_aws
def test_messages_are_pointers_ten_at_a_time() -> None:
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="webhooks")["QueueUrl"]
    refs = [DeliveryRef(tenant="acme", job_id=f"j{n}", id=f"d{n}") for n in range(23)]

    SqsDeliveryQueue(sqs, url).send(refs)

    found: list[DeliveryRef] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [from_text(each["Body"]) for each in messages]
    assert sorted(found, key=str) == sorted(refs, key=str)


def test_a_queue_that_takes_only_some_is_unavailable() -> None:
    class Full:
        def send_message_batch(self, **_: Any) -> Any:
            return {"Failed": [{"Id": "0"}]}

    with pytest.raises(UnavailableError):
        SqsDeliveryQueue(Full(), "queue").send([DeliveryRef(tenant="t", job_id="j", id="d")])  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"tenant": 1, "jobId": "j", "deliveryId": "d"}'])
def test_what_points_nowhere_is_refused(text) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_text(text)


# ── Secrets ─────────────────────────────────────────────────────────────────────


@pytest.fixture
def kept(clock):
    with mock_aws():
        made = client("secretsmanager")
        yield made, WebhookSecrets(SecretsManager(made, clock), "sortie/webhooks/")


def test_after_a_rotation_two_secrets_are_live_until_one_is_retired(kept, clock) -> None:
    secretsmanager, secrets = kept

    def live() -> Any:
        clock.advance(MINUTE)
        return secrets.live("acme")

    first = rotate(secretsmanager, "sortie/webhooks/acme")
    assert live() == [first]
    second = rotate(secretsmanager, "sortie/webhooks/acme")
    assert live() == [second, first]
    third = rotate(secretsmanager, "sortie/webhooks/acme")
    assert live() == [third, second]
    retire(secretsmanager, "sortie/webhooks/acme")
    assert live() == [third]


def test_who_was_given_no_secret_has_none(kept) -> None:
    secretsmanager, secrets = kept
    rotate(secretsmanager, "sortie/webhooks/acme")

    assert secrets.live("rival") == ()
    with pytest.raises(ClientError):
        retire(secretsmanager, "sortie/webhooks/rival")


def test_secrets_out_of_reach_are_not_no_secrets(clock) -> None:
    secretsmanager = client("secretsmanager")
    secretsmanager.meta.events.register(
        "before-call.*.*", lambda **_: refusal("ThrottlingException")
    )

    with pytest.raises(UnavailableError):
        WebhookSecrets(SecretsManager(secretsmanager, clock), "sortie/webhooks/").live("acme")


def test_a_secret_is_one_text_with_nothing_of_the_tenant_in_it(kept) -> None:
    secretsmanager, _ = kept
    made = rotate(secretsmanager, "sortie/webhooks/acme")

    text = secretsmanager.get_secret_value(SecretId="sortie/webhooks/acme")["SecretString"]

    assert json.loads(text) == {"secrets": [made]}
