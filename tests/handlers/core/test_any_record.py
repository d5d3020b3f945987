"""Every consumer of a table's stream survives every record of the table.

Lambda's event filter keeps most records from it. A redrive brings them all: `sortie dlq redrive`
reads the records of a batch from the stream, where nothing is filtered.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs import kinds
from jobs.core.adapters.dynamodb import idempotency, items
from jobs.core.adapters.dynamodb.items import JobItems
from jobs.core.job import Job, JobRef
from jobs.core.ports import IdempotencyKey
from jobs.core.status import JobStatus
from jobs.docs.adapters.sqlite import SqliteBranches
from jobs.docs.docs_job import DocsJob
from jobs.docs.wiring import wiring as docs
from jobs.kit.aws.dynamodb.attributes import Item, attributes
from jobs.messaging.message import Message
from jobs.missions.mission import Mission, Order
from jobs.missions.wiring import wiring as missions
from jobs.payments.adapters import records as payment_records
from jobs.payments.adapters.records import DynamoPayments
from jobs.payments.payment import KeyedPayment, PaymentState
from jobs.payments.wiring import wiring as payments
from jobs.tracking.adapters.items import connection_item, share_keys, share_values
from jobs.tracking.connection import Connection
from jobs.tracking.resource import Resource, ResourceKind
from jobs.tracking.share import Share, ShareType
from jobs.tracking.wiring import wiring as tracking
from jobs.webhooks.adapters.deliveries import DynamoDeliveryLog
from jobs.webhooks.webhook import Attempt, WebhookDelivery
from tests.handlers.tracking.conftest import (  # noqa: F401 - fixtures
    fleet,
    fleet_registry,
    fleet_wiring,
    watching,
)
from tests.support import HOUR, NOON

ID: Final = "019b7963-4a00-7000-8000-000000000001"
DETAILS: Final[Mapping[str, list[object | None]]] = {
    "messaging": [None, Message(session="s")],
    "missions": [
        Mission(name="R", group="harbour", priority=5, due_at=NOON),
        Mission(name="R", group="gone", priority=5, due_at=NOON,
                order=Order(device="dock-1", fence=1, number=1, sent_at=NOON)),
    ],
    "docs": [DocsJob(project="p", branch="b", model="m", repository="r", root=ID)],
}  # fmt: skip
GROUP: Final = Resource(tenant="demo", kind=ResourceKind.GROUP, id="harbour")
WATCHERS: Final = [
    Connection(id=id_, resource=replace(GROUP, id=id_), until=NOON + HOUR)
    for id_ in ("harbour", "gone")
]
SHARE: Final = Share(
    code="code", resource=GROUP, type=ShareType.STREAM, created_at=NOON, expires_at=NOON + HOUR,
    max_viewers=None, metadata={},
)  # fmt: skip
DELIVERY: Final = WebhookDelivery(
    id=ID, ref=JobRef(tenant="demo", kind="messaging", id=ID), sequence=1, event="created",
    url="https://hooks.example.com/in", body="{}", planned_at=NOON,
)  # fmt: skip
PAYMENT: Final = payment_records.to_payment(attributes({
    "PK": "auth#8453#0x0#0x1", "dialect": "messaging", "state": "claimed", "amount": "1",
    "tenant": "demo", "job_id": ID, "request_hash": "h", "network": "base", "payer": "0x0",
    "created_at": NOON, "changed_at": NOON, "lease_until": NOON, "attempt": 1, "version": 2,
    "valid_before": NOON // 1000, "transaction": "", "reason": "",
}))  # fmt: skip


def a_job(kind: str, status: JobStatus, details: object | None) -> Job:
    return Job(
        id=ID, tenant="demo", kind=kind, request={"content": "x"}, created_at=NOON,
        changed_at=NOON, deadline=NOON + HOUR, retention=24 * HOUR, status=status,
        ended_at=NOON if status.is_terminal else None, details=details,
    )  # fmt: skip


def job_items() -> list[Item]:
    """Return an item of each sort in the job table, as `adapters.dynamodb` lists them."""
    jobs = [
        a_job(kind, status, details)
        for kind, some in DETAILS.items()
        for details in some
        for status in JobStatus
    ]
    key = IdempotencyKey(value="k", request_hash="h", expires_at=NOON + HOUR)
    headers = [JobItems(kinds.storage).header(job, write_id="w") for job in jobs]
    lock = {"PK": "demo#docs#branches", "SK": "p:b", "job_id": ID, "lease_until": NOON}
    return [
        *headers,
        items.key(jobs[0].ref, items.REQUEST) | attributes({"body": "{}", "expires_at": 1}),
        items.key(jobs[0].ref, f"{items.RESULT}#w") | attributes({"body": "{}", "expires_at": 1}),
        idempotency.claim("jobs", jobs[0], key, NOON)["Put"]["Item"],
        attributes(lock | {"expires_at": 1}),
    ]


def mission_items() -> list[Item]:
    return [
        attributes({"PK": "DEVICE#dock-1", "SK": "STATE", "fence": 1, "seen_at": NOON}),
        attributes({"PK": "LIMIT#a#create", "SK": "WINDOW", "taken": 1, "resets_at": NOON}),
        *(key | attributes(share_values(SHARE)) for key in share_keys(SHARE.id, GROUP)),
        *map(connection_item, WATCHERS),
    ]


def payment_items() -> list[Item]:
    key = KeyedPayment(
        tenant="demo", key="k", payment_id=PAYMENT.id, request_hash="h", expires_at=NOON + HOUR
    )
    written: list[Item] = []
    table = SimpleNamespace(
        put_item=lambda Item, **_: written.append(Item),  # noqa: N803 - as boto3 has it
        transact_write_items=lambda TransactItems: written.extend(  # noqa: N803
            each["Put"]["Item"] for each in TransactItems
        ),
    )
    for state in PaymentState:
        payment = replace(PAYMENT, state=state)
        DynamoPayments(table, "payments", lambda: NOON).reserve(payment, replacing=None)  # type: ignore[arg-type]
    DynamoPayments(table, "payments", lambda: NOON).reserve(PAYMENT, replacing=None, key=key)  # type: ignore[arg-type]
    return written


def webhook_items() -> list[Item]:
    written: list[Item] = []
    table = SimpleNamespace(put_item=lambda Item, **_: written.append(Item))  # noqa: N803
    for attempts in ((), (Attempt(at=NOON, ms=1, status=200),)):
        planned = replace(DELIVERY, attempts=attempts)
        DynamoDeliveryLog(table, "webhooks", lambda: NOON).plan(planned)  # type: ignore[arg-type]
    return [
        *written,
        attributes({"PK": "demo#receivers", "SK": "0", "failures": 1, "failing_since": NOON}),
        attributes({"PK": "demo#places", "SK": "places", "p0": NOON}),
    ]


def records(some: list[Item], *, old_images: bool = True) -> st.SearchStrategy[list[Any]]:
    """Any changes of these items, by whom ever."""
    ttl = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    identity = st.sampled_from([{}, {"userIdentity": None}, {"userIdentity": ttl}])

    def record(name: str, new: Item, old: Item, by: Any) -> Any:
        images = {"NewImage": new if name != "REMOVE" else None}
        if old_images:
            images["OldImage"] = {**new, **old} if name != "INSERT" else None
        change = {"SequenceNumber": "1", **{k: v for k, v in images.items() if v is not None}}
        return {"eventName": name, "dynamodb": change, **by}

    names = st.sampled_from(["INSERT", "MODIFY", "REMOVE"])
    statuses = st.sampled_from([{}, *({"status": {"S": status}} for status in JobStatus)])

    def older(new: Item) -> st.SearchStrategy[Item]:
        return statuses if "status" in new else st.just({})

    one = st.sampled_from(some).flatmap(
        lambda new: st.builds(record, names, st.just(new), older(new), identity)
    )
    return st.lists(one, min_size=1, max_size=5)


@pytest.fixture(autouse=True)
def outside(world, watching, rewire, monkeypatch) -> None:  # noqa: F811
    """Everything that the consumers call."""
    for watcher in WATCHERS:
        watching.connections.add(watcher)
        watching.sockets.open(watcher.id)
    queue = SimpleNamespace(send=lambda *_: None, send_new=lambda *_: None, settle=lambda *_: None)
    timers = SimpleNamespace(fly=lambda *_, **__: None, follow=lambda *_, **__: None)
    rewire(missions, mission_timers=timers, mission_queue=queue)
    rewire(tracking.missions, mission_timers=timers, mission_queue=queue)
    rewire(docs, docs_queue=queue, branches=SqliteBranches(world.repository.database, world.clock))
    rewire(payments, timers=timers)
    monkeypatch.setenv("DOCS_QUEUE_URL", "https://sqs.example/docs")


SHARED_FIXTURES: Final = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@SHARED_FIXTURES
@given(changed=records(job_items()))
def test_dispatch_jobs_survives_any_record_of_the_job_table(invoke, changed) -> None:
    assert invoke("workers/dispatch_jobs", {"Records": changed}) == {"batchItemFailures": []}


@SHARED_FIXTURES
@given(changed=records(job_items()))
def test_publish_events_survives_any_record_of_the_job_table(invoke, changed) -> None:
    invoke("workers/publish_events", {"Records": changed})


@SHARED_FIXTURES
@given(changed=records(mission_items()))
def test_track_connections_survives_any_record_of_the_mission_table(invoke, changed) -> None:
    assert invoke("workers/track_connections", {"Records": changed}) == {"batchItemFailures": []}


@SHARED_FIXTURES
@given(changed=records([*payment_items(), *webhook_items()], old_images=False))
def test_count_usage_survives_any_record_of_its_tables(invoke, changed) -> None:
    invoke("workers/count_usage", {"Records": changed})


@SHARED_FIXTURES
@given(changed=records(payment_items(), old_images=False))
def test_follow_payments_survives_any_record_of_the_payment_table(invoke, changed) -> None:
    invoke("workers/follow_payments", {"Records": changed})
