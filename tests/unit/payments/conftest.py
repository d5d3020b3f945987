"""The world that the money rules are tried in."""

import pytest

from tests.unit.payments.world import PaymentWorld


@pytest.fixture
def world(clock) -> PaymentWorld:
    return PaymentWorld(clock)
