"""Fixtures of the payment rules."""

import pytest

from tests.unit.payments.world import PaymentWorld


@pytest.fixture
def world(clock) -> PaymentWorld:
    return PaymentWorld(clock)
