"""AWS adapters distinguish transient failures from permanent refusals."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from jobs import kinds
from jobs.core.adapters.eventbridge import EventBridgePublisher
from jobs.core.adapters.job_events import JobEvents
from jobs.core.adapters.queue import SqsJobQueue
from jobs.core.adapters.timers import StepFunctionsTimers
from jobs.core.job import JobRef
from jobs.job_requests.adapters.replies import RequestReplies
from jobs.kit.aws.dynamodb.transact import transact
from jobs.kit.aws.secrets import SecretsManager
from jobs.kit.aws.sqs import SqsDelivery
from jobs.kit.errors import RefusedError, UnavailableError
from jobs.missions.adapters.iot_jobs import IotOrders
from jobs.missions.adapters.queue import SqsMissionQueue
from jobs.missions.mission import Order
from jobs.tracking.adapters.iot_topics import IotTopics
from jobs.tracking.adapters.refreshes import SqsRefreshes
from jobs.tracking.adapters.sockets import ApiGatewaySockets
from jobs.tracking.connection import Connection, SocketGoneError
from jobs.tracking.resource import Resource, ResourceKind
from jobs.webhooks.adapters.queue import SqsDeadLetters, SqsDeliveryQueue
from jobs.webhooks.webhook import DeliveryRef, PlannedAttempt
from tests.adapters.conftest import job_table_of
from tests.adapters.engines import client, error_response
from tests.fakes.memory import change
from tests.support import NOON

REF = JobRef(tenant="acme", kind="messaging", id="019b7963-4a00-7000-8000-000000000001")
WATCHER = Connection(
    id="w=", resource=Resource(tenant="t", kind=ResourceKind.JOB, id="j"), until=NOON
)
ORDER = Order(device="dock", fence=1, number=1, sent_at=NOON)
MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:a"
THINGS = "arn:aws:iot:eu-central-1:123456789012:thing/"
ATTEMPT = PlannedAttempt(ref=DeliveryRef(tenant="t", job_id="j", id="d"))
QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/queue"
type Call = Callable[[Any], object]
type Failures = list[tuple[str, int]]

CALLS: dict[str, tuple[str, Call, Failures, Failures]] = {
    "send an order": (
        "iot", lambda c: IotOrders(c, THINGS).send("order", "dock", {}),
        [("ThrottlingException", 400), ("ServiceUnavailableException", 503),
         ("LimitExceededException", 410)],
        [("InvalidRequestException", 400), ("ResourceNotFoundException", 404)],
    ),
    "read an order": (
        "iot", lambda c: IotOrders(c, THINGS).state("order", "dock"),
        [("ThrottlingException", 400), ("ServiceUnavailableException", 503)],
        [("InvalidRequestException", 400)],
    ),
    "withdraw an order": (
        "iot", lambda c: IotOrders(c, THINGS).withdraw("order", "dock"),
        [("ThrottlingException", 400), ("VersionConflictException", 409)],
        [("InvalidRequestException", 400)],
    ),
    "recall an order": (
        "iot", lambda c: IotOrders(c, THINGS).recall("order"),
        [("ThrottlingException", 400), ("LimitExceededException", 410)], [],
    ),
    "publish to a topic": (
        "iot-data", lambda c: IotTopics(c).publish("a/topic", {}),
        [("ThrottlingException", 429), ("InternalFailureException", 500)],
        [("InvalidRequestException", 400), ("MethodNotAllowedException", 405),
         ("RequestEntityTooLargeException", 413)],
    ),
    "queue a job": (
        "sqs", lambda c: SqsJobQueue(c, QUEUE).send(REF),
        [("RequestThrottled", 403), ("KmsThrottled", 400), ("ServiceUnavailable", 503)],
        [("InvalidMessageContents", 400), ("InvalidParameterValue", 400)],
    ),
    "queue an order": (
        "sqs", lambda c: SqsMissionQueue(c, QUEUE).settle(REF, ORDER),
        [("RequestThrottled", 403)], [("InvalidMessageContents", 400)],
    ),
    "schedule a refresh": (
        "sqs", lambda c: SqsRefreshes(c, QUEUE).schedule(WATCHER),
        [("RequestThrottled", 403)], [("InvalidMessageContents", 400)],
    ),
    "queue a delivery": (
        "sqs",
        lambda c: SqsDeliveryQueue(c, QUEUE, lambda: NOON).send([ATTEMPT]),
        [("RequestThrottled", 403)], [("BatchRequestTooLong", 400)],
    ),
    "add a dead letter": (
        "sqs", lambda c: SqsDeadLetters(c, QUEUE, "arn").add(ATTEMPT),
        [("RequestThrottled", 403)], [("InvalidMessageContents", 400)],
    ),
    "hold a message": (
        "sqs", lambda c: SqsDelivery(c, QUEUE, "receipt", count=1).hold(30),
        [("RequestThrottled", 403)],
        [("MessageNotInflight", 400), ("ReceiptHandleIsInvalid", 404),
         ("InvalidParameterValue", 400)],
    ),
    "start a timer": (
        "stepfunctions",
        lambda c: StepFunctionsTimers(c, time_out_arn=MACHINE).time_out(REF, at=NOON),
        [("ThrottlingException", 400), ("ExecutionLimitExceeded", 400),
         ("KmsThrottlingException", 400)],
        [("InvalidName", 400), ("InvalidExecutionInput", 400), ("ValidationException", 400)],
    ),
    "reply to a request": (
        "events", lambda c: RequestReplies(c, "bus").accept("id", {}, REF),
        [("InternalException", 500), ("ThrottlingException", 400)],
        [("ValidationException", 400)],
    ),
    "read a secret": (
        "secretsmanager", lambda c: SecretsManager(c, lambda: NOON).read("name"),
        [("ThrottlingException", 400), ("InternalServiceError", 500)],
        [("ResourceNotFoundException", 400), ("InvalidRequestException", 400)],
    ),
    "post to a socket": (
        "apigatewaymanagementapi", lambda c: ApiGatewaySockets(c).post("id", {}),
        [("LimitExceededException", 429), ("InternalServerError", 500)],
        [("PayloadTooLargeException", 413)],
    ),
    "write in a transaction": (
        "dynamodb", lambda c: transact(c, [{"Delete": {"TableName": "jobs", "Key": {}}}]),
        [("ThrottlingException", 400), ("TransactionInProgressException", 400)],
        [("ValidationException", 400)],
    ),
}  # fmt: skip


def failing(service: str, code: str, status: int) -> Any:
    made = client(service)
    made.meta.events.register("before-call.*.*", lambda **_: error_response(code, status))
    return made


def cases(kind: int) -> list[Any]:
    return [
        pytest.param(name, code, status, id=f"{name}-{code}")
        for name, call in CALLS.items()
        for code, status in call[kind]  # type: ignore[attr-defined]
    ]


@pytest.mark.parametrize(("name", "code", "status"), cases(2))
def test_failure_that_passes_raises_unavailable(name, code, status) -> None:
    service, call, *_ = CALLS[name]

    with pytest.raises(UnavailableError):
        call(failing(service, code, status))


@pytest.mark.parametrize(("name", "code", "status"), cases(3))
def test_failure_that_lasts_raises_refused(name, code, status) -> None:
    service, call, *_ = CALLS[name]

    with pytest.raises(RefusedError):
        call(failing(service, code, status))


def test_failure_of_the_deployment_raises_the_clients_error(a_job) -> None:
    """A missing permission is no fault of the request: its queue repeats it until it is mended."""
    publisher = EventBridgePublisher(
        failing("events", "AccessDeniedException", 400), "bus", JobEvents(kinds.kind)
    )

    with pytest.raises(ClientError):
        publisher.publish([change(a_job(), previous=None)])


@pytest.mark.parametrize(("code", "status"), [("BadRequestException", 400), ("GoneException", 410)])
def test_socket_that_is_none_is_gone(code, status) -> None:
    with pytest.raises(SocketGoneError):
        ApiGatewaySockets(failing("apigatewaymanagementapi", code, status)).close("id")


def test_item_too_large_for_the_table_is_refused(moto, clock, a_job) -> None:
    jobs, job = job_table_of(moto, clock), a_job()
    jobs.add(job)
    running = job.claim(now=NOON, lease=1000)
    jobs.save(running, replacing=job)

    with pytest.raises(RefusedError):
        jobs.save(running.succeed({"content": "x" * 410_000}, now=NOON), replacing=running)

    assert jobs.get(job.ref) == running


def test_transaction_with_a_write_that_never_succeeds_is_refused() -> None:
    class Table:
        def transact_write_items(self, **_: Any) -> None:
            answer: Any = {
                "Error": {"Code": "TransactionCanceledException"},
                "CancellationReasons": [{"Code": "None"}, {"Code": "ValidationError"}],
            }
            raise ClientError(answer, "TransactWriteItems")

    with pytest.raises(RefusedError):
        transact(Table(), [{}, {}])  # type: ignore[arg-type]
