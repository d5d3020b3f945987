"""Measure what a payment adds to a create: CPU time, cold and warm, and AWS calls."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, override
from unittest.mock import patch

from bench import calls, cold, cost, job, requests, warm
from bench.recording import Recording
from bench.report import Row, Section
from bench.requests import Event
from bench.sandbox import Sandbox, open_sandbox
from bench.setting import Setting
from local.chain.chains import NODES_SECRET, Chains, run_chains
from local.chain.wallet import Authorization
from local.cloud.template import find_functions, load_template
from local.kit.progress import step
from local.stack.launch import create_secret

CREATE: Final = "messaging.create_job"
FUNCTION: Final = "MessagingCreateJobFunction"
BUDGET_CALLS: Final = 5
NOTES: Final = """\
A create with a payment by x402, version 2, on a local chain. CPU time is this process's, without
the facilitator's and the node's, and without waiting for them.

Calls: the function reads and reserves the payment, writes the job, and settles the payment. A
create with an Idempotency-Key reads that, too.

The cold start has the layer that signs for facilitators, but no key to sign with.

The dollars are the additional cost of a paid message: the offer, the payment, and a check after the
job's end. In a busy system, one check covers many payments. Excluded: waiting for the facilitator,
$6.67 per million and second, and the facilitator's own price.
"""


def run(setting: Setting) -> Section:
    with TemporaryDirectory(prefix="sortie-bench-") as name, run_chains(Path(name)) as chains:
        create_secret(setting.stack.aws_endpoint_url, NODES_SECRET, chains.nodes_secret())
        rows = [*measure_warm(setting, chains), *measure_calls(setting, chains)]
        rows += measure_cold(setting, chains, Path(name))
        services, extras = price_payments(setting, chains)
    rows += cost.build_rows("a million payments", services, extras)
    return Section(
        title="Payments",
        rows=rows,
        notes=NOTES,
        thousand={"payments for messages": cost.price_thousand(services, extras)},
    )


def measure_warm(setting: Setting, chains: Chains) -> Iterator[Row]:
    operations = {"402": create_unpaid, "paid create": lambda: create_paid(chains)}
    with (
        open_sandbox(setting.stack, "paid-warm", metered=False) as sandbox,
        require_payments(chains),
    ):
        for name, make in operations.items():
            with step(f"payments: {name}, {warm.QUICK_REQUESTS} requests"):
                times = warm.time_calls(make, lambda event: sandbox.call(CREATE, event))
            yield warm.build_row(f"{name}, warm CPU", times)


def measure_calls(setting: Setting, chains: Chains) -> Iterator[Row]:
    operations = {
        "paid create, calls": calls.Operation(CREATE, lambda: create_paid(chains), BUDGET_CALLS),
        "paid create, Idempotency-Key, calls": calls.Operation(
            CREATE, lambda: create_paid(chains, key=os.urandom(8).hex())
        ),
    }
    with open_sandbox(setting.stack, "paid-calls") as sandbox, require_payments(chains):
        for name, operation in operations.items():
            with step(f"payments: {name}"):
                yield calls.measure_operation(sandbox, name, operation)


def measure_cold(setting: Setting, chains: Chains, folder: Path) -> Iterator[Row]:
    rounds = cold.QUICK_ROUNDS if setting.quick else cold.ROUNDS
    with open_sandbox(setting.stack, "paid-cold") as sandbox, cold.copy_artifact() as artifact:
        properties = find_functions(load_template(artifact / "template.yaml"))[FUNCTION]
        function = cold.create_start(artifact, FUNCTION.removesuffix("Function"), properties)
        event, bare = folder / "event.json", cold.Start("bare")
        arguments = [properties["Handler"], event]
        free = cold.Start("create with payments off, cold CPU", arguments, function.path)
        paid = cold.Start("paid create, cold CPU", arguments, function.path)
        with step(f"payments: cold starts, {rounds} rounds"):
            for _ in range(rounds):
                event.write_text(json.dumps(create_paid(chains)))
                bare.run(sandbox.environment)
                free.run(sandbox.environment)
                paid.run({**sandbox.environment, **build_environment(chains)})
        yield from (each.row(bare=bare.ms) for each in (free, paid))


def price_payments(
    setting: Setting, chains: Chains
) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Return the dollars per million payments, by service, and the extras."""
    with (
        open_sandbox(setting.stack, "paid-cost") as sandbox,
        step("payments: paid jobs and free ones"),
    ):
        free = job.price_jobs(*job.run_jobs(job.MessageRunner(sandbox), sandbox, quick=True))
        sandbox.forget()
        with require_payments(chains):
            paid_for = job.price_jobs(
                *job.run_jobs(PaidRunner(sandbox, chains), sandbox, quick=True)
            )
    services, extras = (cost.subtract(*each) for each in zip(paid_for, free, strict=True))
    return services, extras


class PaidRunner(job.MessageRunner):
    """Runs paid jobs, each after an offer."""

    def __init__(self, sandbox: Sandbox, chains: Chains) -> None:
        super().__init__(sandbox)
        self._chains = chains
        self._position_of_payments = self.latest("PAYMENT_TABLE")

    @override
    def create(self) -> Event:
        self.serve("offer", CREATE, create_unpaid())
        return create_paid(self._chains, timeout_ms=job.DEADLINE_MS)

    @override
    def run(self) -> Recording:
        recording = super().run()
        found, self._position_of_payments = self.records(self._position_of_payments)
        self.work("follow", "workers.follow_payments", {"Records": found})
        return recording


@contextmanager
def require_payments(chains: Chains) -> Iterator[None]:
    with patch.dict(os.environ, build_environment(chains)):
        yield


def build_environment(chains: Chains) -> Mapping[str, str]:
    return {
        "PAYMENTS": "required",
        "PAYMENT_NETWORKS": ",".join(chains.nodes),
        "PAYMENT_CONFIRMATIONS": "1",
        "PAY_TO": chains.pay_to,
        "FACILITATOR_URL": chains.facilitator.url,
        "PAYMENT_NODES_SECRET": NODES_SECRET,
    }


def create_unpaid() -> Event:
    return requests.create()


def create_paid(chains: Chains, **about: Any) -> Event:
    event = requests.create(**about)
    authorization = Authorization(
        node=chains.nodes["base"], payer=chains.payer.address, pay_to=chains.pay_to
    )
    event["headers"] |= authorization.headers()
    return event
