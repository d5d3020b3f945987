"""What paying adds to a create: CPU time, cold and warm, and AWS calls."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from unittest.mock import patch

from bench import calls, cold, requests, warm
from bench.report import Row, Section
from bench.requests import Event
from bench.scene import scene
from bench.setting import Setting
from local.chain.chains import Chains, chains
from local.chain.wallet import Authorization
from local.progress import step
from local.template import load

CREATE: Final = "messaging.create_job"
FUNCTION: Final = "MessagingCreateJobFunction"
BUDGET_CALLS: Final = 5
NOTES: Final = """\
A create that is paid for by x402, version 2, on a local chain. CPU time is this process's: what the
facilitator and the node take for themselves is not in it, nor is waiting for them.

Calls: the payment is looked for and claimed, the job is written, the payment is closed; a create
with an Idempotency-Key reads that, too.

The cold start has the layer that signs for facilitators, but no key to sign with.
"""


def run(setting: Setting) -> Section:
    with TemporaryDirectory(prefix="sortie-bench-") as name, chains(Path(name)) as money:
        rows = [*warm_rows(setting, money), *call_rows(setting, money)]
        rows += cold_rows(setting, money, Path(name))
    return Section(title="Payments", rows=rows, notes=NOTES)


def warm_rows(setting: Setting, money: Chains) -> Iterator[Row]:
    operations = {"402": unpaid, "paid create": lambda: paid(money)}
    with scene(setting.stack, "paid-warm", metered=False) as stage, required(money):
        for name, make in operations.items():
            with step(f"payments: {name}, {warm.REQUESTS} requests"):
                taken = warm.timed(make, lambda event: stage.call(CREATE, event))
            yield warm.row(f"{name}, warm CPU", taken)


def call_rows(setting: Setting, money: Chains) -> Iterator[Row]:
    operations = {
        "paid create, calls": calls.Operation(CREATE, lambda: paid(money), BUDGET_CALLS),
        "paid create, Idempotency-Key, calls": calls.Operation(
            CREATE, lambda: paid(money, key=os.urandom(8).hex())
        ),
    }
    with scene(setting.stack, "paid-calls") as stage, required(money):
        for name, operation in operations.items():
            with step(f"payments: {name}"):
                yield calls.measured(stage, name, operation)


def cold_rows(setting: Setting, money: Chains, folder: Path) -> Iterator[Row]:
    rounds = cold.QUICK_ROUNDS if setting.quick else cold.ROUNDS
    with scene(setting.stack, "paid-cold") as stage, cold.built() as artifact:
        properties: Any = load(artifact / "template.yaml")["Resources"][FUNCTION]["Properties"]
        function = cold.function(artifact, FUNCTION.removesuffix("Function"), properties)
        event, bare = folder / "event.json", cold.Start("bare")
        about = [properties["Handler"], event]
        free = cold.Start("create with payments off, cold CPU", about, function.path)
        dear = cold.Start("paid create, cold CPU", about, function.path)
        with step(f"payments: cold starts, {rounds} rounds"):
            for _ in range(rounds):
                event.write_text(json.dumps(paid(money)))
                bare.run(stage.environment)
                free.run(stage.environment)
                dear.run({**stage.environment, **environment(money)})
        yield from (each.row(bare=bare.ms) for each in (free, dear))


@contextmanager
def required(money: Chains) -> Iterator[None]:
    with patch.dict(os.environ, environment(money)):
        yield


def environment(money: Chains) -> Mapping[str, str]:
    return {
        "PAYMENTS": "required",
        "PAYMENT_PRICE": "20000",
        "PAYMENT_NETWORKS": ",".join(money.nodes),
        "PAYMENT_CONFIRMATIONS": "1",
        "PAY_TO": money.pay_to,
        "FACILITATOR_URL": money.facilitator.url,
        "FACILITATOR_KEY_SECRET": "",
        "KEYS_ARE_FREE": "false",
        "ALLOW_TRANSACTION_HASH": "false",
        "ALLOW_UNSIGNED_TRANSACTION_HASH": "false",
        "BASE_RPC_URL": money.nodes["base"].rpc_url,
        "POLYGON_RPC_URL": money.nodes["polygon"].rpc_url,
        "BASE_SEPOLIA_RPC_URL": "",
    }


def unpaid() -> Event:
    return requests.create()


def paid(money: Chains, *, key: str | None = None) -> Event:
    event = requests.create(key=key)
    authorization = Authorization(
        node=money.nodes["base"], payer=money.payer.address, pay_to=money.pay_to
    )
    event["headers"] |= authorization.headers()
    return event
