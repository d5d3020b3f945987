"""A till that takes payments, with nobody real behind it."""

import pytest

from jobs.payments import wiring as payment_bootstrap
from jobs.payments.payment import PAYERS
from tests.fakes.memory_payments import InMemoryPayments
from tests.payments import (
    PAY_TO,
    Ledger,
)


class Till:
    def __init__(self, clock) -> None:
        self.ledger = Ledger(clock)
        self.payments = InMemoryPayments(clock)


@pytest.fixture
def mode() -> str:
    return "required"


@pytest.fixture(autouse=True)
def till(monkeypatch, clock, mode, world) -> Till:
    made = Till(clock)
    settings = {
        "PAYMENTS": mode,
        "PAYMENT_PRICE": "20000",
        "PAYMENT_NETWORKS": "base,polygon",
        "PAY_TO": PAY_TO,
        "BASE_RPC_URL": "https://base.example",
        "POLYGON_RPC_URL": "https://polygon.example",
        "BASE_SEPOLIA_RPC_URL": "",
        "KEYS_ARE_FREE": "false",
        "ALLOW_TRANSACTION_HASH": "false",
        "ALLOW_UNSIGNED_TRANSACTION_HASH": "false",
        "PAYMENT_CONFIRMATIONS": "12",
        "PUBLIC_URL": "https://api.example.com",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(payment_bootstrap, "facilitator", lambda: made.ledger)
    monkeypatch.setattr(payment_bootstrap, "chain", lambda: made.ledger)
    monkeypatch.setattr(payment_bootstrap, "payments", lambda: made.payments)
    monkeypatch.setattr(payment_bootstrap, "recover", lambda: lambda _, signature: signature)
    for agent in world.registry.agents("demo"):
        world.registry.put_agent(PAYERS, agent)
    return made
