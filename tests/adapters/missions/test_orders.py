"""One contract, every way to the devices: in memory, and AWS IoT Jobs as MiniStack does them."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from jobs.missions.adapters.iot_jobs import IotOrders
from jobs.missions.ports import Orders, OrderState
from tests.adapters.engines import client
from tests.fakes.memory_fleet import InMemoryOrders

DOCUMENT = {"action": "HOVER", "waypoints": [[9.97, 53.54, 60.0]]}


@dataclass
class Broker:
    """Orders, and the device that gets them."""

    orders: Orders
    device: str
    jobs_data: Any = None

    def answer(self, order: str, state: OrderState, reason: str | None = None) -> None:
        if isinstance(self.orders, InMemoryOrders):
            self.orders.answer(order, self.device, state, reason)
        elif state is OrderState.IN_PROGRESS:
            self.jobs_data.start_next_pending_job_execution(thingName=self.device)
        else:
            self.jobs_data.update_job_execution(
                jobId=order,
                thingName=self.device,
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
        arn = iot.create_thing(thingName=device)["thingArn"]
        yield Broker(IotOrders(iot, arn.removesuffix(device)), device, jobs_data)


@pytest.fixture
def order(broker) -> str:
    order = f"{uuid4()}-1"
    broker.orders.send(order, broker.device, DOCUMENT)
    return order


def test_an_order_waits_for_its_device(broker, order) -> None:
    assert broker.orders.state(order, broker.device) == (OrderState.QUEUED, None)


def test_what_was_never_ordered_does_not_stand_at_all(broker) -> None:
    assert broker.orders.state(f"{uuid4()}-1", broker.device) is None


def test_an_order_that_is_sent_twice_is_one(broker, order) -> None:
    broker.answer(order, OrderState.IN_PROGRESS)

    broker.orders.send(order, broker.device, DOCUMENT)

    assert broker.orders.state(order, broker.device) == (OrderState.IN_PROGRESS, None)


@pytest.mark.parametrize("end", [OrderState.SUCCEEDED, OrderState.FAILED])
def test_the_devices_reason_comes_with_its_end(broker, order, end) -> None:
    broker.answer(order, OrderState.IN_PROGRESS)

    broker.answer(order, end, "Wind")

    assert broker.orders.state(order, broker.device) == (end, "Wind")


def test_a_device_may_decline(broker, order) -> None:
    broker.answer(order, OrderState.REJECTED, "Wind")

    assert broker.orders.state(order, broker.device) == (OrderState.REJECTED, "Wind")


def test_what_was_not_accepted_can_be_withdrawn_and_again(broker, order) -> None:
    assert broker.orders.withdraw(order, broker.device)

    [state, _] = broker.orders.state(order, broker.device)
    assert state in {OrderState.CANCELED, OrderState.REMOVED}


def test_what_was_accepted_cannot(broker, order) -> None:
    broker.answer(order, OrderState.IN_PROGRESS)

    assert not broker.orders.withdraw(order, broker.device)
    assert broker.orders.state(order, broker.device) == (OrderState.IN_PROGRESS, None)


@pytest.mark.parametrize("accepted", [True, False])
def test_everything_open_can_be_recalled_and_again(broker, order, accepted) -> None:
    if accepted:
        broker.answer(order, OrderState.IN_PROGRESS)

    broker.orders.recall(order, broker.device)
    broker.orders.recall(order, broker.device)

    assert broker.orders.state(order, broker.device) == (OrderState.CANCELED, None)


def test_recalling_what_has_ended_or_never_was_changes_nothing(broker, order) -> None:
    broker.answer(order, OrderState.IN_PROGRESS)
    broker.answer(order, OrderState.SUCCEEDED)

    broker.orders.recall(order, broker.device)
    broker.orders.recall(f"{uuid4()}-1", broker.device)

    assert broker.orders.state(order, broker.device) == (OrderState.SUCCEEDED, None)
