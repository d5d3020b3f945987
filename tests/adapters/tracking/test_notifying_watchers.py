"""The AWS calls for WebSocket connections, MQTT topics and share timers."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from jobs.kit.errors import UnavailableError
from jobs.tracking.adapters.iot_topics import IotTopics
from jobs.tracking.adapters.sockets import ApiGatewaySockets
from jobs.tracking.adapters.timers import StepFunctionsShareTimers
from jobs.tracking.connection import SocketGoneError
from jobs.tracking.resource import Resource, ResourceKind
from jobs.tracking.share import Share, ShareType
from tests.adapters.engines import client, error_response
from tests.support import NOON

MESSAGE = {"droneState": "HOVER", "name": "🚁"}
ID = "Yl4cDeXAMPLeAbc="


class Service:
    """Records requests and sends the given responses."""

    def __init__(self, made: Any) -> None:
        self.client = made
        self.requests: list[Any] = []

    def answers(self, answer: Any = None) -> None:
        good = SimpleNamespace(status_code=200), {"ResponseMetadata": {"HTTPStatusCode": 200}}

        def reply(params: Any, **_: Any) -> Any:
            self.requests.append(params)
            return answer or good

        self.client.meta.events.register("before-call.*.*", reply)


@contextmanager
def service(name: str) -> Iterator[Service]:
    with closing(client(name, "http://127.0.0.1:9")) as made:
        yield Service(made)


@pytest.fixture
def management() -> Iterator[Service]:
    with service("apigatewaymanagementapi") as made:
        yield made


@pytest.fixture
def iot() -> Iterator[Service]:
    with service("iot-data") as made:
        yield made


@pytest.fixture(params=["post", "close"])
def act(request, management) -> Callable[[], None]:
    sockets = ApiGatewaySockets(management.client)
    return {"post": lambda: sockets.post(ID, MESSAGE), "close": lambda: sockets.close(ID)}[
        request.param
    ]


def test_message_is_posted_as_json(management) -> None:
    management.answers()

    ApiGatewaySockets(management.client).post(ID, MESSAGE)

    [request] = management.requests
    assert request["url_path"] == "/@connections/Yl4cDeXAMPLeAbc%3D"
    assert json.loads(request["body"]) == MESSAGE


def test_gone_connection_raises_socket_gone_error(management, act) -> None:
    management.answers(error_response("GoneException", 410))

    with pytest.raises(SocketGoneError):
        act()


@pytest.mark.parametrize(("code", "status"), [
    ("LimitExceededException", 429), ("InternalServerError", 500),
])  # fmt: skip
def test_transient_error_raises_unavailable_error(management, act, code, status) -> None:
    management.answers(error_response(code, status))

    with pytest.raises(UnavailableError):
        act()


def test_permanent_error_raises_client_error(management, act) -> None:
    management.answers(error_response("ForbiddenException", 403))

    with pytest.raises(ClientError):
        act()


def test_publish_uses_qos_1(iot) -> None:
    iot.answers()

    IotTopics(iot.client).publish("job/JOB/STATUS", MESSAGE)

    [request] = iot.requests
    assert request["url_path"] == "/topics/job%2FJOB%2FSTATUS"
    assert request["query_string"] == {"qos": 1}
    assert json.loads(request["body"]) == MESSAGE


def test_publish_when_unavailable_raises_unavailable_error(iot) -> None:
    iot.answers(error_response("ThrottlingException", 429))

    with pytest.raises(UnavailableError):
        IotTopics(iot.client).publish("t", MESSAGE)


def test_share_timer_has_share_id_without_code() -> None:
    resource = Resource(tenant="acme", kind=ResourceKind.GROUP, id="harbour")
    share = Share(
        code="the-code",
        resource=resource,
        type=ShareType.STREAM,
        created_at=NOON,
        expires_at=NOON + 60_001,
        max_viewers=None,
        metadata={},
    )
    with service("stepfunctions") as steps:
        steps.answers()

        StepFunctionsShareTimers(steps.client, expiry_arn="arn:machine").expire(share)

    [request] = steps.requests
    sent = json.loads(request["body"])
    assert sent["name"] == share.id
    assert json.loads(sent["input"]) == {
        "share": {"id": share.id, "tenant": "acme", "kind": "GROUP", "resource": "harbour"},
        "at": "2026-01-01T12:01:01Z",  # 60 s, and a part of `JITTER_MS` that its id decides
    }
    assert "the-code" not in str(steps.requests)
