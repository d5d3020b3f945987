"""One contract for both kinds of orders: in memory, and AWS IoT Jobs on MiniStack."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from jobs.kit.errors import RefusedError
from jobs.missions.adapters.iot_jobs import IotOrders
from jobs.missions.device import MAX_WAYPOINTS_LENGTH
from jobs.missions.ports import Orders, OrderState
from tests.adapters.engines import client
from tests.fakes.memory_fleet import InMemoryOrders

DOCUMENT = {"action": "HOVER", "waypoints": [[9.97, 53.54, 60.0]]}


@dataclass
class Broker:
    """Orders and their device."""

    orders: Orders
    device: str
    jobs_data: Any = None

    @property
    def thing(self) -> str:
        return f"stack_{self.device}"

    def answer(self, order: str, state: OrderState, reason: str | None = None) -> None:
        if isinstance(self.orders, InMemoryOrders):
            self.orders.answer(order, self.device, state, reason)
        elif state is OrderState.IN_PROGRESS:
            self.jobs_data.start_next_pending_job_execution(thingName=self.thing)
        else:
            self.jobs_data.update_job_execution(
                jobId=order,
                thingName=self.thing,
                status=state,
                statusDetails={"reason": reason} if reason else {},
            )


@pytest.fixture(params=["memory", "ministack"])
def broker(request) -> Iterator[Broker]:
    if request.param == "memory":
        yield Broker(InMemoryOrders(), "dock")
        return
    cloud = request.getfixturevalue("cloud")
    with (
        closing(client("iot", cloud)) as iot,
        closing(client("iot-jobs-data", cloud)) as jobs_data,
    ):
        device = f"dock-{uuid4().hex}"
        arn = iot.create_thing(thingName=f"stack_{device}")["thingArn"]
        yield Broker(IotOrders(iot, arn.removesuffix(device)), device, jobs_data)


@pytest.fixture
def order(broker) -> str:
    order = f"{uuid4()}-1"
    broker.orders.send(order, broker.device, DOCUMENT)
    return order


def test_sent_order_is_queued(broker, order) -> None:
    assert broker.orders.state(order, broker.device) == (OrderState.QUEUED, None)


def test_unknown_order_has_no_state(broker) -> None:
    assert broker.orders.state(f"{uuid4()}-1", broker.device) is None


def test_order_too_large_for_aws_iot_is_refused(broker) -> None:
    order = f"{uuid4()}-1"

    with pytest.raises(RefusedError):
        broker.orders.send(order, broker.device, {"waypoints": "x" * 32_768})

    assert broker.orders.state(order, broker.device) is None


def test_order_with_most_waypoints_is_sent(broker) -> None:
    waypoints = [[-179.1234567, -89.1234567, 499.5]] * (MAX_WAYPOINTS_LENGTH // 33 - 1)
    document = {
        "orderId": f"{uuid4()}-1",
        "jobId": str(uuid4()),
        "fence": 10**12,
        "action": "MISSION",
        "waypoints": waypoints,
        "maxFlightSeconds": 86_400,
        "simulate": {"speed": "fast", "outcome": "lose-link"},
    }

    broker.orders.send(document["orderId"], broker.device, document)

    assert len(json.dumps(waypoints, separators=(",", ":"))) > MAX_WAYPOINTS_LENGTH - 100
    assert broker.orders.state(document["orderId"], broker.device) is not None


def test_order_sent_twice_is_one_order(broker, order) -> None:
    broker.answer(order, OrderState.IN_PROGRESS)

    broker.orders.send(order, broker.device, DOCUMENT)

    assert broker.orders.state(order, broker.device) == (OrderState.IN_PROGRESS, None)


@pytest.mark.parametrize("end", [OrderState.SUCCEEDED, OrderState.FAILED])
def test_failed_order_has_reason_of_device(broker, order, end) -> None:
    broker.answer(order, OrderState.IN_PROGRESS)

    broker.answer(order, end, "Wind")

    assert broker.orders.state(order, broker.device) == (end, "Wind")


def test_declined_order_is_rejected(broker, order) -> None:
    broker.answer(order, OrderState.REJECTED, "Wind")

    assert broker.orders.state(order, broker.device) == (OrderState.REJECTED, "Wind")


def test_withdraw_queued_order_is_idempotent(broker, order) -> None:
    assert broker.orders.withdraw(order, broker.device)

    [state, _] = broker.orders.state(order, broker.device)
    assert state in {OrderState.CANCELED, OrderState.REMOVED}


def test_withdraw_accepted_order_returns_false(broker, order) -> None:
    broker.answer(order, OrderState.IN_PROGRESS)

    assert not broker.orders.withdraw(order, broker.device)
    assert broker.orders.state(order, broker.device) == (OrderState.IN_PROGRESS, None)


@pytest.mark.parametrize("accepted", [True, False])
def test_recall_open_order_is_idempotent(broker, order, accepted) -> None:
    if accepted:
        broker.answer(order, OrderState.IN_PROGRESS)

    broker.orders.recall(order)
    broker.orders.recall(order)

    assert broker.orders.state(order, broker.device) == (OrderState.CANCELED, None)


def test_recall_ended_or_unknown_order_changes_nothing(broker, order) -> None:
    broker.answer(order, OrderState.IN_PROGRESS)
    broker.answer(order, OrderState.SUCCEEDED)

    broker.orders.recall(order)
    broker.orders.recall(f"{uuid4()}-1")

    assert broker.orders.state(order, broker.device) == (OrderState.SUCCEEDED, None)
