"""What paying adds to a create: CPU time, cold and warm, and AWS calls."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, override
from unittest.mock import patch

from bench import calls, cold, cost, job, requests, warm
from bench.course import Course
from bench.report import Row, Section
from bench.requests import Event
from bench.scene import Scene, scene
from bench.setting import Setting
from local.chain.chains import Chains, run_chains
from local.chain.wallet import Authorization
from local.cloud.template import load_template
from local.kit.progress import step

CREATE: Final = "messaging.create_job"
FUNCTION: Final = "MessagingCreateJobFunction"
BUDGET_CALLS: Final = 5
NOTES: Final = """\
A create that is paid for by x402, version 2, on a local chain. CPU time is this process's: what the
facilitator and the node take for themselves is not in it, nor is waiting for them.

Calls: the payment is looked for and claimed, the job is written, the payment is closed; a create
with an Idempotency-Key reads that, too.

The cold start has the layer that signs for facilitators, but no key to sign with.

The dollars are what a paid message costs more than a free one: the offer, the payment, and a look
at it when it is over, for itself alone; in a busy system a look is for many. Left out: waiting for
the facilitator, $6.67 a million for each second, and what it charges itself.
"""


def run(setting: Setting) -> Section:
    with TemporaryDirectory(prefix="sortie-bench-") as name, run_chains(Path(name)) as money:
        rows = [*warm_rows(setting, money), *call_rows(setting, money)]
        rows += cold_rows(setting, money, Path(name))
        services, beside = dollars(setting, money)
    rows += cost.rows("a million payments", services, beside)
    return Section(
        title="Payments",
        rows=rows,
        notes=NOTES,
        thousand={"payments for messages": cost.a_thousand(services, beside)},
    )


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
        properties: Any = load_template(artifact / "template.yaml")["Resources"][FUNCTION][
            "Properties"
        ]
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


def dollars(setting: Setting, money: Chains) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """For a million payments, by service, and what goes along."""
    with scene(setting.stack, "paid-cost") as stage, step("payments: paid jobs and free ones"):
        free = job.money(*job.walked(job.Line(stage), stage, quick=True))
        stage.forget()
        with required(money):
            paid_for = job.money(*job.walked(PaidLine(stage, money), stage, quick=True))
    services, beside = (cost.more(*each) for each in zip(paid_for, free, strict=True))
    return services, beside


class PaidLine(job.Line):
    """The line of jobs that are paid for, each after an offer."""

    def __init__(self, stage: Scene, money: Chains) -> None:
        super().__init__(stage)
        self._money = money
        self._position_of_payments = self.latest("PAYMENT_TABLE")

    @override
    def create(self) -> Event:
        self.serve("offer", CREATE, unpaid())
        return paid(self._money, timeout_ms=job.DEADLINE_MS)

    @override
    def run(self) -> Course:
        course = super().run()
        found, self._position_of_payments = self.records(self._position_of_payments)
        self.work("follow", "workers.follow_payments", {"Records": found})
        return course


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


def paid(money: Chains, **about: Any) -> Event:
    event = requests.create(**about)
    authorization = Authorization(
        node=money.nodes["base"], payer=money.payer.address, pay_to=money.pay_to
    )
    event["headers"] |= authorization.headers()
    return event
