"""Contract of the webhook adapters: subscriptions, delivery log, queue and secrets."""

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
from jobs.kit.errors import RefusedError, UnavailableError
from jobs.kit.sqlite.database import Database
from jobs.webhooks.adapters.deliveries import DynamoDeliveryLog
from jobs.webhooks.adapters.queue import SqsDeadLetters, SqsDeliveryQueue, from_text
from jobs.webhooks.adapters.secrets import WebhookSecrets
from jobs.webhooks.adapters.sqlite import SqliteDeliveryLog, SqliteSubscriptions
from jobs.webhooks.adapters.subscriptions import DynamoSubscriptions
from jobs.webhooks.errors import DeliveryNotFoundError
from jobs.webhooks.ports import DeliveryLog
from jobs.webhooks.webhook import (
    Attempt,
    DeliveryRef,
    DeliveryState,
    PlannedAttempt,
    Subscription,
    WebhookDelivery,
)
from scripts.webhook_secret import retire, rotate
from tests.adapters.engines import client, error_response
from tests.support import HOUR, NOON, Broken

MINUTE = 60_000
URL = "https://hooks.example.com/in?token=%C5%BE"


@pytest.fixture
def subscriptions(any_engine, clock) -> DynamoSubscriptions | SqliteSubscriptions:
    if isinstance(any_engine, Database):
        return SqliteSubscriptions(any_engine)
    return DynamoSubscriptions(any_engine.client, any_engine.registry, clock)


@pytest.fixture
def log(any_engine, clock) -> DeliveryLog:
    if isinstance(any_engine, Database):
        return SqliteDeliveryLog(any_engine, clock)
    return DynamoDeliveryLog(any_engine.client, any_engine.webhooks, clock)


@pytest.fixture
def delivery(tenant) -> Callable[..., WebhookDelivery]:
    def make(**fields: Any) -> WebhookDelivery:
        defaults: dict[str, Any] = {
            "id": str(uuid4()),
            "ref": JobRef(tenant=tenant, kind="missions", id=str(uuid4())),
            "sequence": 3,
            "event": "completed",
            "url": URL,
            "body": '{"type":"job.completed","data":{"links":"žluť"}}',
            "planned_at": NOON,
        }
        return WebhookDelivery(**defaults | fields)

    return make


def ref_of(delivery: WebhookDelivery) -> DeliveryRef:
    return DeliveryRef(tenant=delivery.ref.tenant, job_id=delivery.ref.id, id=delivery.id)


# ── Subscriptions ──────────────────────────────────────────────────────────────


def test_subscriptions_of_tenant_are_listed_when_active(subscriptions, tenant) -> None:
    all_events = Subscription(id="a", tenant=tenant, webhook=Webhook(url=URL))
    some = Webhook(url=URL, events=frozenset({"failed", "timed_out"}))
    for each in (
        Subscription(id="b", tenant=tenant, webhook=some),
        all_events,
        Subscription(id="off", tenant=tenant, webhook=some, active=False),
        Subscription(id="a", tenant=f"{tenant}-rival", webhook=some),
    ):
        subscriptions.put(each)

    assert subscriptions.list_active(tenant) == [
        all_events,
        Subscription(id="b", tenant=tenant, webhook=some),
    ]
    assert subscriptions.list_active(uuid4().hex) == []


def test_subscriptions_are_cached_for_a_minute_even_if_empty(engine, clock, tenant) -> None:
    subscriptions = DynamoSubscriptions(engine.client, engine.registry, clock)

    with engine.calls() as calls:
        for wait in (0, 0, MINUTE - 1, 1):
            clock.advance(wait)
            subscriptions.list_active(tenant)

    assert calls == ["Query", "Query"]


def test_webhook_of_job_survives_changes(repository, a_job) -> None:
    webhook = Webhook(url=URL, events=frozenset({"failed", "completed"}))
    job, plain = a_job(webhook=webhook), a_job(id=str(uuid4()))

    for each in (job, plain):
        repository.add(each)
    repository.save(job.cancel(now=NOON), replacing=job)

    assert repository.get(job.ref).webhook == webhook
    assert repository.get(plain.ref).webhook is None


# ── The delivery log ───────────────────────────────────────────────────────────────


def test_delivery_stored_is_returned_unchanged(log, delivery) -> None:
    full = delivery(
        subscription="crm", attempts=(Attempt(at=NOON, ms=5, error="tls", message="m"),)
    )
    plain = delivery()
    log.plan_all([full, plain])

    assert log.get(ref_of(full)) == full
    assert log.find(full.ref.tenant, plain.id) == plain


def test_delivery_planned_twice_keeps_state(log, delivery) -> None:
    planned = delivery()
    log.plan(planned)
    log.add_attempt(planned, Attempt(at=NOON, ms=5, status=200), DeliveryState.DELIVERED)

    log.plan_all([planned, delivery()])

    assert log.get(ref_of(planned)).state is DeliveryState.DELIVERED


def test_attempts_added_are_returned_in_order(log, delivery) -> None:
    planned = delivery()
    log.plan(planned)
    first = Attempt(at=NOON, ms=10_000, error="timeout", message="one")
    second = Attempt(at=NOON + 15_000, ms=25, status=204, message="two")

    log.add_attempt(planned, first, DeliveryState.PENDING)
    log.add_attempt(log.get(ref_of(planned)), second, DeliveryState.DELIVERED)

    stored = log.get(ref_of(planned))
    assert stored == replace(planned, state=DeliveryState.DELIVERED, attempts=(first, second))


def test_attempt_added_twice_is_stored_once(log, delivery) -> None:
    planned, attempt = delivery(), Attempt(at=NOON, ms=25, status=204)
    log.plan(planned)

    for _ in range(2):
        assert log.add_attempt(planned, attempt, DeliveryState.DELIVERED)

    assert log.get(ref_of(planned)).attempts == (attempt,)


def test_writes_with_lost_response_apply_once(engine, clock, delivery) -> None:
    log, planned = DynamoDeliveryLog(engine.client, engine.webhooks, clock), delivery()
    attempt = Attempt(at=NOON, ms=25, status=500)

    with engine.losing_answer("PutItem") as lost_plan:
        log.plan(planned)
    with engine.losing_answer("UpdateItem") as lost_note:
        assert log.add_attempt(planned, attempt, DeliveryState.FAILED)
    with engine.losing_answer("UpdateItem") as lost_reopening:
        log.reopen(log.get(ref_of(planned)))

    assert all((lost_plan, lost_note, lost_reopening))
    assert log.get(ref_of(planned)) == replace(planned, attempts=(attempt,))


def test_delivery_deleted_is_not_recreated(log, delivery) -> None:
    gone = delivery()

    attempt = Attempt(at=NOON, ms=5, status=200)
    assert not log.add_attempt(gone, attempt, DeliveryState.DELIVERED)
    with pytest.raises(DeliveryNotFoundError):
        log.reopen(gone)

    assert log.list_by_job(gone.ref.tenant, gone.ref.id) == []


def test_attempts_are_stored_as_earlier_versions_read_them(engine, clock, delivery) -> None:
    """While a deployment is gradual, both versions work on a delivery."""
    log, planned = DynamoDeliveryLog(engine.client, engine.webhooks, clock), delivery()
    log.plan(planned)
    attempt = Attempt(at=NOON, ms=5, status=500, message="m")

    log.add_attempt(planned, attempt, DeliveryState.PENDING)

    key = {"PK": {"S": f"{planned.ref.tenant}#{planned.ref.id}"}, "SK": {"S": planned.id}}
    item = engine.client.get_item(TableName=engine.webhooks, Key=key)["Item"]
    [stored] = item["attempts"]["L"]
    assert json.loads(stored["S"]).keys() == {"at", "ms", "status", "error"}
    assert log.get(ref_of(planned)).attempts == (attempt,)


def test_attempt_overtaken_by_another_is_added_only_if_successful(log, delivery) -> None:
    planned, first = delivery(), Attempt(at=NOON, ms=5, status=500)
    log.plan(planned)
    assert log.add_attempt(planned, first, DeliveryState.PENDING)

    late = Attempt(at=NOON, ms=6, status=503)
    assert not log.add_attempt(planned, late, DeliveryState.FAILED)
    assert log.get(ref_of(planned)) == replace(planned, attempts=(first,))

    good = Attempt(at=NOON, ms=7, status=200)
    assert log.add_attempt(planned, good, DeliveryState.DELIVERED)
    stored = log.get(ref_of(planned))
    assert stored == replace(planned, attempts=(first, good), state=DeliveryState.DELIVERED)


def test_delivery_reopened_is_pending_unless_attempted_meanwhile(log, delivery) -> None:
    planned, attempt = delivery(), Attempt(at=NOON, ms=5, status=410)
    log.plan(planned)
    log.add_attempt(planned, attempt, DeliveryState.FAILED)
    failed = log.get(ref_of(planned))

    log.reopen(planned)
    assert log.get(ref_of(planned)).state is DeliveryState.FAILED
    log.reopen(failed)
    assert log.get(ref_of(planned)) == replace(failed, state=DeliveryState.PENDING)


def test_deliveries_of_job_are_in_order_of_changes(log, delivery) -> None:
    job = delivery().ref
    deliveries = [delivery(ref=job, sequence=n) for n in (10, 2, 1)]
    for each in (*deliveries, delivery(), delivery(ref=replace(job, tenant="rival"))):
        log.plan(each)

    assert log.list_by_job(job.tenant, job.id) == deliveries[::-1]
    assert log.list_by_job(job.tenant, str(uuid4())) == []


def test_delivery_of_other_tenant_is_not_found(log, delivery) -> None:
    planned = delivery()
    log.plan(planned)

    for tenant, delivery_id in (("rival", planned.id), (planned.ref.tenant, str(uuid4()))):
        with pytest.raises(DeliveryNotFoundError):
            log.find(tenant, delivery_id)
    with pytest.raises(DeliveryNotFoundError):
        log.get(replace(ref_of(planned), tenant="rival"))


def test_delivery_after_two_weeks_is_expired(engine, clock, delivery) -> None:
    log, planned = DynamoDeliveryLog(engine.client, engine.webhooks, clock), delivery()
    log.plan(planned)

    clock.advance(14 * 24 * HOUR - 1000)
    assert log.list_by_job(planned.ref.tenant, planned.ref.id) == [planned]

    clock.advance(1000)
    assert log.list_by_job(planned.ref.tenant, planned.ref.id) == []
    with pytest.raises(DeliveryNotFoundError):
        log.get(ref_of(planned))
    with pytest.raises(DeliveryNotFoundError):
        log.find(planned.ref.tenant, planned.id)


def test_table_throttled_raises_unavailable(engine, clock, delivery) -> None:
    log, planned = DynamoDeliveryLog(engine.client, engine.webhooks, clock), delivery()
    attempt = Attempt(at=NOON, ms=5, status=200)

    with engine.failing("ProvisionedThroughputExceededException"):
        for call in (
            lambda: log.plan(planned),
            lambda: log.get(ref_of(planned)),
            lambda: log.find("acme", planned.id),
            lambda: log.list_by_job("acme", planned.ref.id),
            lambda: log.add_attempt(planned, attempt, DeliveryState.DELIVERED),
            lambda: log.reopen(planned),
        ):
            with pytest.raises(UnavailableError):
                call()


def test_attempt_that_cannot_be_counted_is_not_stored(sqlite, clock, delivery) -> None:
    count = Broken(UnavailableError("the counters"))
    log, planned = SqliteDeliveryLog(sqlite, clock, count), delivery()
    log.plan(planned)

    with pytest.raises(UnavailableError):
        log.add_attempt(planned, Attempt(at=NOON, ms=5, status=200), DeliveryState.DELIVERED)

    assert log.get(ref_of(planned)) == planned


def test_delivery_is_swept_after_two_weeks(sqlite, clock, delivery) -> None:
    log, planned = SqliteDeliveryLog(sqlite, clock), delivery()
    log.plan(planned)

    clock.advance(14 * 24 * HOUR - 1)
    assert sqlite.sweep(clock()) == 0
    assert log.find(planned.ref.tenant, planned.id) == planned

    clock.advance(1)
    assert log.list_by_job(planned.ref.tenant, planned.ref.id) == []
    assert sqlite.sweep(clock()) == 1


# ── The queue ───────────────────────────────────────────────────────────────────


def a_plan(**fields: Any) -> PlannedAttempt:
    return PlannedAttempt(ref=DeliveryRef(tenant="acme", job_id="j", id="d"), **fields)


@mock_aws
def test_queue_sends_attempts_in_batches(clock) -> None:
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="webhooks")["QueueUrl"]
    planned = [a_plan(number=n, index=n - 1, deferrals=n) for n in range(1, 24)]

    SqsDeliveryQueue(sqs, url, clock).send(planned)

    found: list[PlannedAttempt] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [from_text(each["Body"]) for each in messages]
    assert sorted(found, key=lambda each: each.number) == planned


class Requests:
    """SQS, as far as it is used."""

    def __init__(self, **response: Any) -> None:
        self.sent: list[Any] = []
        self.response = response

    def send_message_batch(self, **request: Any) -> Any:
        self.sent += request["Entries"]
        return self.response

    def send_message(self, **request: Any) -> None:
        self.sent.append(request)


@pytest.mark.parametrize(
    ("due", "delay_s"), [(0, 0), (NOON, 0), (NOON + 1, 1), (NOON + 5000, 5), (NOON + HOUR, 900)]
)
def test_queue_delays_an_attempt_for_15_minutes_at_most(clock, due, delay_s) -> None:
    sqs: Any = Requests()

    SqsDeliveryQueue(sqs, "queue", clock).send([a_plan(due=due)])

    assert [each["DelaySeconds"] for each in sqs.sent] == [delay_s]


def test_messages_of_a_tenant_are_a_group_so_that_the_queue_is_fair(clock) -> None:
    sqs: Any = Requests()

    SqsDeliveryQueue(sqs, "queue", clock).send([a_plan()])
    SqsDeadLetters(sqs, "letters", "arn:source").add(a_plan())

    assert [each["MessageGroupId"] for each in sqs.sent] == ["acme", "acme"]


def test_dead_letter_names_its_source_queue() -> None:
    sqs: Any = Requests()

    SqsDeadLetters(sqs, "letters", "arn:source").add(a_plan(index=13))

    [sent] = sqs.sent
    assert sent["QueueUrl"] == "letters"
    assert sent["MessageAttributes"]["TARGET_ARN"]["StringValue"] == "arn:source"
    assert from_text(sent["MessageBody"]).index == 13


@pytest.mark.parametrize(("lasting", "error"), [(False, UnavailableError), (True, RefusedError)])
def test_queue_with_partial_failure_says_whether_it_lasts(clock, lasting, error) -> None:
    sqs: Any = Requests(Failed=[{"Id": "0", "SenderFault": lasting}])

    with pytest.raises(error):
        SqsDeliveryQueue(sqs, "queue", clock).send([a_plan()])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"tenant": 1, "jobId": "j", "deliveryId": "d"}'])
def test_message_malformed_raises_value_error(text) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_text(text)


# ── Secrets ─────────────────────────────────────────────────────────────────────


@pytest.fixture
def secrets_manager(clock):
    with mock_aws():
        made = client("secretsmanager")
        for secret in made.list_secrets()["SecretList"]:
            made.delete_secret(SecretId=secret["Name"], ForceDeleteWithoutRecovery=True)
        yield made, WebhookSecrets(SecretsManager(made, clock), "sortie/webhooks/")


def test_secrets_after_rotation_are_two_until_retired(secrets_manager, clock) -> None:
    secretsmanager, secrets = secrets_manager

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


def test_secrets_of_tenant_without_any_are_empty(secrets_manager) -> None:
    secretsmanager, secrets = secrets_manager
    rotate(secretsmanager, "sortie/webhooks/acme")

    assert secrets.live("rival") == ()
    with pytest.raises(ClientError):
        retire(secretsmanager, "sortie/webhooks/rival")


def test_secrets_throttled_raise_unavailable(clock) -> None:
    secretsmanager = client("secretsmanager")
    secretsmanager.meta.events.register(
        "before-call.*.*", lambda **_: error_response("ThrottlingException")
    )

    with pytest.raises(UnavailableError):
        WebhookSecrets(SecretsManager(secretsmanager, clock), "sortie/webhooks/").live("acme")


def test_secret_stored_has_only_secrets(secrets_manager) -> None:
    secretsmanager, _ = secrets_manager
    made = rotate(secretsmanager, "sortie/webhooks/acme")

    text = secretsmanager.get_secret_value(SecretId="sortie/webhooks/acme")["SecretString"]

    assert json.loads(text) == {"secrets": [made]}
