"""In any order of events, payments and jobs agree with the chain."""

from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from jobs.core.errors import IdempotencyConflictError
from jobs.kit.errors import UnavailableError
from jobs.payments.errors import PaymentRefusedError, SettlementUnknownError
from jobs.payments.payment import Payment, PaymentState
from jobs.payments.reservations import LEASE_MS
from tests.payments import (
    NONCE,
    PAYMENT_ID,
    Killed,
    an_authorization,
    transaction_of,
)
from tests.support import FrozenClock
from tests.unit.payments.world import PaymentWorld

OF_TABLES = ["unavailable", "lost", "killed", "killed after"]
OF_THE_CHAIN = ["unknown", "killed"]
FAULTS = {
    "payments": OF_TABLES,
    "jobs": OF_TABLES,
    "verify": ["unknown", "killed"],
    "settle": ["unknown", "lost", "unavailable", "killed", "killed after", "refused no"],
    "time": OF_THE_CHAIN,
    "used": OF_THE_CHAIN,
    "settlement": OF_THE_CHAIN,
}
A_FAULT = st.sampled_from(sorted(FAULTS)).flatmap(
    lambda where: st.tuples(
        st.just(where),
        st.integers(0, 4 if where == "payments" else 0),
        st.sampled_from(FAULTS[where]),
    )
)
SOME_FAULTS = st.lists(A_FAULT, max_size=2)


class PaymentLife(RuleBasedStateMachine):
    """Two requests with one authorization; crashes, lost responses, and a rival who front-runs."""

    def __init__(self) -> None:
        super().__init__()
        self.world = PaymentWorld(FrozenClock())
        self.rival = self.unclaimed = False
        save = self.world.stored.save

        def checked(payment: Payment, *, replacing: Payment) -> None:
            """A payment closed without money must not have moved money, except by a rival."""
            save(payment, replacing=replacing)
            came_to_nothing = payment.state in {PaymentState.REFUSED, PaymentState.RELEASED}
            assert self.rival or not came_to_nothing or PAYMENT_ID not in self.world.ledger.moved

        self.world.stored.save = checked

    # ── Rules ──

    @rule(
        body=st.sampled_from("AB"),
        key=st.sampled_from([None, "k"]),
        faults=SOME_FAULTS,
        while_=st.sampled_from(["verify", "settle"]),
        meanwhile=st.sampled_from(["nothing", "front-run", "cancelled", "the same", "another"]),
    )
    def pay(self, **about: Any) -> None:
        self.schedule(about["faults"])
        self.world.ledger.meanwhile[about["while_"]] = {
            "nothing": lambda: None,
            "front-run": self.move,
            "cancelled": self.cancel,
            "the same": lambda: self.ask(about["body"], None),
            "another": lambda: self.ask("B" if about["body"] == "A" else "A", None),
        }[about["meanwhile"]]
        self.ask(about["body"], about["key"])
        self.calm()

    @rule(faults=SOME_FAULTS)
    def watch(self, faults: Any) -> None:
        self.schedule(faults)
        try:
            self.world.watch(an_authorization().payment_id)
        except (Killed, UnavailableError):
            pass
        finally:
            self.calm()

    @rule(millis=st.sampled_from([1000, LEASE_MS, LEASE_MS, 90_000]))
    def wait(self, millis: int) -> None:
        self.world.clock.advance(millis)

    # ── Invariants ──

    @invariant()
    def one_payment_is_for_one_job(self) -> None:
        assert len(self.world.jobs.all()) <= 1

    @invariant()
    def no_job_is_for_nothing(self) -> None:
        assert PAYMENT_ID in self.world.ledger.moved or not self.world.jobs.all()

    @invariant()
    def what_is_settled_is_so_on_the_chain_and_has_its_job(self) -> None:
        for payment in self.world.stored.all():
            if payment.state is PaymentState.SETTLED:
                assert payment.transaction == transaction_of(NONCE)
                assert [job.id for job in self.world.jobs.all()] == [payment.job_id]

    def teardown(self) -> None:
        """In the end no payment is open, and each paid claim has its job."""
        claimed = [p for p in self.world.stored.all() if p.state.is_open]
        for _ in range(40):
            self.world.clock.advance(60_000)
            self.world.watch(an_authorization().payment_id)
        assert not [each for each in self.world.stored.all() if each.state.is_open]
        if claimed and PAYMENT_ID in self.world.ledger.moved:
            assert len(self.world.jobs.all()) == 1

    # ── Helpers ──

    def ask(self, body: str, key: str | None) -> None:
        before = PAYMENT_ID in self.world.ledger.moved
        try:
            paid = self.world.pay(body, key)
        except PaymentRefusedError:
            # A caller whose claim was paid must not be refused.
            moved = PAYMENT_ID in self.world.ledger.moved and not self.unclaimed
            own = any(each.request_hash == f"acme#{body}" for each in self.world.stored.all())
            assert before or not (moved and own) or self.world.jobs.all()
        except (SettlementUnknownError, UnavailableError, IdempotencyConflictError, Killed):
            pass
        else:
            assert self.world.jobs.get(paid.job.ref).request == {"content": body}
            assert PAYMENT_ID in self.world.ledger.moved

    def move(self) -> None:
        if (
            PAYMENT_ID not in self.world.ledger.moved
            and PAYMENT_ID not in self.world.ledger.cancelled
        ):
            self.world.ledger.move(an_authorization())
            self.rival = True
            self.unclaimed = not any(each.state.is_open for each in self.world.stored.all())

    def cancel(self) -> None:
        if PAYMENT_ID not in self.world.ledger.moved:
            self.world.ledger.cancelled.add(PAYMENT_ID)

    def schedule(self, faults: Any) -> None:
        self.calm()
        for where, calls_before, fault in faults:
            at = {"payments": self.world.payments.faults, "jobs": self.world.repository.faults}
            queued = at[where] if where in at else self.world.ledger.faults.setdefault(where, [])
            queued[:] = [""] * calls_before + [fault]

    def calm(self) -> None:
        self.world.payments.faults.clear()
        self.world.repository.faults.clear()
        self.world.ledger.faults.clear()
        self.world.ledger.meanwhile.clear()


PaymentLife.TestCase.settings = settings(
    max_examples=200,
    stateful_step_count=6,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestPaymentLife = PaymentLife.TestCase
