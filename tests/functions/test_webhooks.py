"""Webhooks, from what a caller says in a create to what is sent, and what can be read of it."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from jobs import bootstrap, event_bootstrap
from jobs.adapters.webhook_secrets import spelled
from jobs.domain.errors import NotDeliveredError, UnavailableError
from jobs.domain.job import JobRef
from jobs.domain.webhook import (
    Attempt,
    DeliveryState,
    Subscription,
    Webhook,
    WebhookDelivery,
)
from jobs.domain.webhook_signature import new_secret, signed
from jobs.services.deliver_webhook import ATTEMPTS
from tests.functions.conftest import TENANT, Answer
from tests.support import NOON

URL = "https://hooks.example.com/in"
JOB = "019b7963-4a00-7000-8000-000000000001"
DELIVERY = "5f0c1a52-7d1e-5b0a-9d55-0c1f6f1d2a01"
SECRET = new_secret()


@pytest.fixture
def ask(invoke, event):
    """Have a handler of the webhooks API answer, with changes to its event's first level."""

    def answer(name: str, **changes: Any) -> Answer:
        made = invoke(f"webhooks/{name}", **changes)
        assert made["headers"]["Content-Type"] == "application/json"
        assert made["headers"]["Cache-Control"] == "no-store"
        assert made["headers"]["Access-Control-Allow-Origin"] == "*"
        return Answer(made["statusCode"], made["headers"], made["body"])

    return answer


@pytest.fixture
def planned(world):
    """Store a delivery: that which the events are about, unless said otherwise."""

    def plan(**about: Any) -> WebhookDelivery:
        sane: dict[str, Any] = {
            "id": DELIVERY,
            "ref": JobRef(tenant=TENANT, dialect="messaging", id=JOB),
            "sequence": 3,
            "event": "completed",
            "url": URL,
            "body": '{"type":"job.completed"}',
            "planned_at": NOON,
        }
        delivery = WebhookDelivery(**sane | about)
        world.deliveries.plan(delivery)
        return delivery

    return plan


class Internet:
    """Where webhooks go: answers with a status, or not at all."""

    def __init__(self) -> None:
        self.answer: int | Exception = 204
        self.posted: list[tuple[str, dict[str, str], bytes]] = []

    def send(self, url: str, headers: Any, body: bytes) -> int:
        self.posted.append((url, dict(headers), body))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def internet(monkeypatch) -> Internet:
    made = Internet()
    monkeypatch.setattr(event_bootstrap, "sender", lambda: made)
    return made


@pytest.fixture(autouse=True)
def secret(monkeypatch) -> None:
    kept = {f"sortie/webhooks/{TENANT}": spelled([SECRET])}
    monkeypatch.setattr(bootstrap, "secrets", lambda: SimpleNamespace(read=kept.__getitem__))


# ── A create ────────────────────────────────────────────────────────────────────


def test_a_message_may_say_whom_to_tell(create, world) -> None:
    answer = create(webhook={"url": URL, "events": ["completed", "failed"]})

    [job] = world.repository.all()
    assert answer.status == 201
    assert "webhook" not in answer.body
    assert job.webhook == Webhook(url=URL, events=frozenset({"completed", "failed"}))


def test_without_a_webhook_a_message_is_as_ever(create, world) -> None:
    create()

    [job] = world.repository.all()
    assert job.webhook is None


@pytest.mark.parametrize(
    ("webhook", "error"),
    [
        ("https://hooks.example.com", "webhook: "),
        ({}, "webhook.url: "),
        ({"url": 5}, "webhook.url: "),
        ({"url": ""}, "webhook.url: "),
        ({"url": URL, "events": []}, "webhook.events: "),
        ({"url": URL, "events": ["ended"]}, "webhook.events.0: "),
        ({"url": URL, "events": "completed"}, "webhook.events: "),
        ({"url": "http://hooks.example.com"}, "webhook.url must begin with https://"),
        ({"url": "https://127.0.0.1/"}, "webhook.url must not name an address"),
        ({"url": "https://169.254.169.254/"}, "webhook.url must not name an address"),
        ({"url": "https://me:word@hooks.example.com"}, "webhook.url must have neither"),
    ],
)
def test_a_webhook_that_cannot_be_is_a_400_that_says_why(create, world, webhook, error) -> None:
    answer = create(webhook=webhook)

    assert answer.status == 400
    assert answer.body["code"] == "INVALID_REQUEST"
    assert answer.body["error"].startswith(error)
    assert not world.repository.all()


def test_the_same_key_with_another_webhook_is_another_request(create) -> None:
    def status(**fields: Any) -> int:
        return create(headers={"Idempotency-Key": "k"}, **fields).status

    told = {"url": URL, "events": ["failed"]}

    assert [status(webhook=told), status(webhook=told), status(webhook={"url": URL}), status()] == [
        201, 201, 409, 409
    ]  # fmt: skip


def test_on_the_local_stack_a_receiver_may_be_on_this_machine(create, monkeypatch) -> None:
    monkeypatch.setenv("WEBHOOKS_TO_LOOPBACK", "true")

    assert create(webhook={"url": "http://127.0.0.1:8000/in"}).status == 201
    assert create(webhook={"url": "http://10.0.0.1:8000/in"}).status == 400


# ── The stream ──────────────────────────────────────────────────────────────────


def test_changes_of_a_tenant_with_a_webhook_are_planned_and_handed_to_workers(
    invoke, world
) -> None:
    world.subscriptions.put(Subscription(id="crm", tenant=TENANT, webhook=Webhook(url=URL)))

    invoke("workers/publish_events")

    told = world.deliveries.of_job(TENANT, JOB)
    assert [each.event for each in told] == ["created", "started", "completed"]
    assert world.queues.sent == [
        {"tenant": TENANT, "jobId": JOB, "deliveryId": each.id} for each in told
    ]
    assert json.loads(told[0].body)["data"] == world.bus.details[0]


def test_a_jobs_own_webhook_is_read_from_the_stream(invoke, event, world) -> None:
    changed = event("workers/publish_events")
    for record in changed["Records"]:
        record["dynamodb"]["NewImage"]["webhook"] = {
            "S": json.dumps({"url": URL, "events": ["started"]})
        }

    invoke("workers/publish_events", changed)

    assert [each.event for each in world.deliveries.of_job(TENANT, JOB)] == ["started"]


def test_tenants_without_webhooks_have_nothing_written(invoke, world) -> None:
    invoke("workers/publish_events")

    assert world.deliveries.of_job(TENANT, JOB) == []
    assert world.queues.sent == []


# ── The worker ──────────────────────────────────────────────────────────────────


def test_what_is_due_is_sent_signed_and_noted(invoke, world, planned, internet) -> None:
    planned()

    made = invoke("workers/deliver_webhook")

    [(url, headers, body)] = internet.posted
    assert made == {"batchItemFailures": []}
    assert (url, body) == (URL, b'{"type":"job.completed"}')
    proof = signed([SECRET], id=DELIVERY, seconds=NOON // 1000, body=body.decode())
    assert headers == {"Content-Type": "application/json", **proof}
    [told] = world.deliveries.of_job(TENANT, JOB)
    assert (told.state, [each.status for each in told.attempts]) == (DeliveryState.DELIVERED, [204])


@pytest.mark.parametrize("answer", [500, 302, NotDeliveredError("timeout")])
def test_what_is_not_taken_comes_back_later(invoke, world, planned, internet, answer) -> None:
    planned()
    internet.answer = answer

    made = invoke("workers/deliver_webhook")

    [failed] = made["batchItemFailures"]
    [(receipt, seconds)] = world.queues.held
    assert failed == {"itemIdentifier": "059f36b4-87a3-44ab-83d2-661975830a7d"}
    assert receipt == "EXAMPLE-receipt-handle"
    assert seconds in range(5, 7)


def test_a_receiver_that_fails_is_nothing_to_be_alarmed_about(
    invoke, planned, internet, log
) -> None:
    planned()
    internet.answer = 500

    invoke("workers/deliver_webhook")

    assert {line["level"] for line in log()} == {"INFO"}


def test_its_last_attempt_leaves_it_to_the_dead_letters_at_once(
    invoke, event, world, planned, internet
) -> None:
    planned()
    internet.answer = 500
    last = event("workers/deliver_webhook")
    last["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(ATTEMPTS)

    made = invoke("workers/deliver_webhook", last)

    [told] = world.deliveries.of_job(TENANT, JOB)
    assert len(made["batchItemFailures"]) == 1
    assert world.queues.held == [("EXAMPLE-receipt-handle", 0)]
    assert told.state is DeliveryState.FAILED


def test_of_what_is_sent_the_log_says_neither_where_to_nor_what(
    invoke, planned, internet, log
) -> None:
    planned()

    invoke("workers/deliver_webhook")

    [line] = log()
    assert (line["message"], line["tenant"], line["job_id"], line["delivery_id"]) == (
        "webhook sent", TENANT, JOB, DELIVERY
    )  # fmt: skip
    assert (line["status"], line.get("error"), line.get("again_in")) == (204, None, None)
    assert "hooks.example.com" not in json.dumps(line)
    assert SECRET not in json.dumps(line)


def test_what_nobody_knows_any_more_is_dropped(invoke, internet) -> None:
    assert invoke("workers/deliver_webhook") == {"batchItemFailures": []}
    assert internet.posted == []


def test_what_fails_on_our_side_is_sent_again_by_the_queue(
    invoke, planned, internet, monkeypatch, log
) -> None:
    planned()
    internet.answer = UnavailableError("SlowDown")

    made = invoke("workers/deliver_webhook")

    assert len(made["batchItemFailures"]) == 1
    assert [line["level"] for line in log()] == ["ERROR"]


@pytest.fixture
def deliver(invoke, event, planned):
    """Have a delivery sent whose message has come so often by now."""

    def run(received: int) -> Any:
        planned()
        message = event("workers/deliver_webhook")
        message["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(received)
        return invoke("workers/deliver_webhook", message)

    return run


@pytest.mark.parametrize(
    ("received", "pauses"), [(1, range(5, 7)), (5, range(405, 447)), (12, range(17_500, 19_251))]
)
def test_what_fails_on_our_side_uses_up_no_more_of_a_day_than_what_fails_on_theirs(
    deliver, world, monkeypatch, received, pauses
) -> None:
    monkeypatch.setattr(world.deliveries, "get", unavailable)

    made = deliver(received)

    [(_, seconds)] = world.queues.held
    assert len(made["batchItemFailures"]) == 1
    assert seconds in pauses


def unavailable(*_: Any) -> None:
    raise UnavailableError


@pytest.mark.parametrize("case", [
    (204, 1, "delivered"), (500, 1, "failed"), (500, ATTEMPTS, "given_up"), (410, 1, "given_up"),
], ids=str)  # fmt: skip
def test_how_webhooks_fare_is_printed_as_a_metric_of_the_stack_that_names_nobody(
    deliver, internet, capsys, case
) -> None:
    internet.answer, received, outcome = case

    deliver(received)

    printed = json.loads(capsys.readouterr().out)
    [about] = printed.pop("_aws")["CloudWatchMetrics"]
    [dimensions] = about.pop("Dimensions")
    assert about == {
        "Namespace": "sortie-test", "Metrics": [{"Name": "Webhooks", "Unit": "Count"}]
    }  # fmt: skip
    assert {*dimensions} == {"service", "outcome"}
    assert printed == {"service": "sortie", "outcome": outcome, "Webhooks": [1.0]}


# ── The log ─────────────────────────────────────────────────────────────────────


def test_a_jobs_deliveries_are_listed_with_their_attempts(ask, world, planned) -> None:
    first = planned()
    world.deliveries.note(
        first, Attempt(at=NOON + 100, ms=10_000, error="timeout"), DeliveryState.PENDING
    )
    world.deliveries.note(
        first, Attempt(at=NOON + 15_100, ms=25, status=200), DeliveryState.DELIVERED
    )
    planned(id=JOB, sequence=1, event="created", subscription="crm")

    answer = ask("list_deliveries")

    assert answer.status == 200
    assert answer.body == {"deliveries": [
        {
            "deliveryId": JOB,
            "jobId": JOB,
            "dialect": "messaging",
            "subscription": "crm",
            "url": URL,
            "event": "created",
            "sequence": 1,
            "status": "pending",
            "createdAt": "2026-01-01T12:00:00.000Z",
            "attempts": [],
        },
        {
            "deliveryId": DELIVERY,
            "jobId": JOB,
            "dialect": "messaging",
            "url": URL,
            "event": "completed",
            "sequence": 3,
            "status": "delivered",
            "createdAt": "2026-01-01T12:00:00.000Z",
            "attempts": [
                {"at": "2026-01-01T12:00:00.100Z", "durationMs": 10_000, "error": "timeout"},
                {"at": "2026-01-01T12:00:15.100Z", "durationMs": 25, "status": 200},
            ],
        },
    ]}  # fmt: skip


def test_another_tenants_deliveries_are_as_those_of_nobody(ask, planned) -> None:
    planned(ref=JobRef(tenant="rival", dialect="messaging", id=JOB))

    assert ask("list_deliveries").body == {"deliveries": []}
    again = ask("redeliver")
    assert (again.status, again.body["code"]) == (404, "DELIVERY_NOT_FOUND")


@pytest.mark.parametrize("query", [None, {}, {"jobId": ""}, {"jobId": "x"}, {"jobId": f"{JOB}#"}])
def test_deliveries_are_asked_for_by_job(ask, query) -> None:
    answer = ask("list_deliveries", queryStringParameters=query)

    assert (answer.status, answer.body) == (400, {
        "success": False,
        "error": "jobId must be a job's id",
        "code": "INVALID_REQUEST",
    })  # fmt: skip


def test_a_delivery_is_sent_again_on_demand(ask, world, planned) -> None:
    told = planned()
    world.deliveries.note(told, Attempt(at=NOON, ms=5, status=500), DeliveryState.FAILED)

    answer = ask("redeliver")

    assert (answer.status, answer.body["status"]) == (202, "pending")
    assert len(answer.body["attempts"]) == 1
    assert world.queues.sent == [{"tenant": TENANT, "jobId": JOB, "deliveryId": DELIVERY}]


@pytest.mark.parametrize("wrong", ["x", f"{DELIVERY}x", "019b7963-4a00-7000-8000-00000000000f"])
def test_a_delivery_that_there_is_not_is_a_404(ask, wrong) -> None:
    answer = ask("redeliver", pathParameters={"deliveryId": wrong})

    assert (answer.status, answer.body["code"]) == (404, "DELIVERY_NOT_FOUND")


def test_a_delivery_that_was_attempted_too_often_is_a_409(ask, world, planned) -> None:
    planned(attempts=(Attempt(at=NOON, ms=1, status=500),) * 200)

    answer = ask("redeliver")

    assert (answer.status, answer.body["code"]) == (409, "DELIVERY_EXHAUSTED")


@pytest.mark.parametrize("name", ["list_deliveries", "redeliver"])
def test_a_log_out_of_reach_is_a_503_with_a_time_to_come_back(ask, monkeypatch, name) -> None:
    class Away:
        def __getattr__(self, _: str) -> Any:
            def fail(*_: Any) -> None:
                raise UnavailableError

            return fail

    monkeypatch.setattr(event_bootstrap, "delivery_log", Away)

    answer = ask(name)

    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


@pytest.mark.parametrize("name", ["list_deliveries", "redeliver"])
def test_of_an_unexpected_error_the_caller_learns_nothing(ask, monkeypatch, name) -> None:
    monkeypatch.setattr(event_bootstrap, "delivery_log", None)

    answer = ask(name)

    assert (answer.status, answer.body["error"]) == (500, "Internal server error")
