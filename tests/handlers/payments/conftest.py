"""A checkout with a fake facilitator, chain and table."""

import json

import pytest

from jobs.auth.api_key import PAYERS
from jobs.kit.errors import RefusedError
from jobs.payments.adapters.nodes import SecretNodes
from jobs.payments.wiring import wiring as payments
from tests.databases import Payments
from tests.payments import (
    PAY_TO,
    Ledger,
)


class Checkout:
    def __init__(self, clock) -> None:
        self.ledger = Ledger(clock)
        self.payments = Payments(clock)
        self.secret: str | None = json.dumps(
            {"base": "https://b.example", "polygon": "https://p.example"}
        )

    def read(self, name: str) -> str:
        """Return the secret of the nodes."""
        assert name == "nodes"
        if self.secret is None:
            raise RefusedError("A secret cannot be read: ResourceNotFoundException")
        return self.secret


@pytest.fixture
def mode() -> str:
    return "required"


@pytest.fixture(autouse=True)
def checkout(monkeypatch, clock, mode, world, rewire) -> Checkout:
    made = Checkout(clock)
    settings = {
        "PAYMENTS": mode,
        "PAYMENT_PRICE": "20000",
        "PAYMENT_NETWORKS": "base,polygon",
        "PAY_TO": PAY_TO,
        "PAYMENT_NODES_SECRET": "nodes",
        "KEYS_ARE_FREE": "false",
        "ALLOW_TRANSACTION_HASH": "false",
        "ALLOW_UNSIGNED_TRANSACTION_HASH": "false",
        "PAYMENT_CONFIRMATIONS": "12",
        "PUBLIC_URL": "https://api.example.com",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    rewire(payments, facilitator=made.ledger)
    rewire(payments, chain=made.ledger)
    rewire(payments, nodes=SecretNodes(made, "nodes"))
    rewire(payments, payments=made.payments)
    rewire(payments, recover=lambda _, signature: signature)
    for agent in world.registry.agents("demo"):
        world.registry.put_agent(PAYERS, agent)
    return made
