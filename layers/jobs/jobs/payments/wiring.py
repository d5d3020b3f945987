"""Composes payments; `jobs.core.wiring` says how wirings work."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from jobs.kit.errors import UnavailableError
from jobs.messaging.wiring import MessagingWiring
from jobs.messaging.wiring import wiring as messaging_wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jobs.payments.adapters.records import DynamoPayments
    from jobs.payments.adapters.timers import SqsPaymentChecks, StepFunctionsPaymentTimers
    from jobs.payments.close_payment import ClosePayment
    from jobs.payments.follow_payments import FollowPayments
    from jobs.payments.pay_by_transaction import PayByTransaction
    from jobs.payments.pay_for_job import PayForJob
    from jobs.payments.payment import Terms
    from jobs.payments.ports import Chain, Facilitator, Recover
    from jobs.payments.reconcile_payment import ReconcilePayment
    from jobs.payments.reservations import PaymentReservations
    from jobs.payments.watch_payment import WatchPayment


_NODE_TIMEOUT_S = 4.0  # of one call to a node


class PaymentsWiring:
    def __init__(self, messaging: MessagingWiring) -> None:
        self.core = messaging.core
        self.messaging = messaging

    @property
    def mode(self) -> str:
        """The name of a `PaymentsMode`; while it is "off", no module of payments is imported."""
        return os.environ["PAYMENTS"]

    # ── Settings ────────────────────────────────────────────────────────────────────

    @property
    def terms(self) -> Terms:
        """The terms of payments that are accepted: on each network that has a node.

        Raises `UnavailableError` if there is none.
        """
        from jobs.payments.payment import NETWORKS, Terms

        nodes = self.nodes()
        names = [name for name in os.environ["PAYMENT_NETWORKS"].split(",") if name in nodes]
        if not names:
            raise UnavailableError("no network of PaymentNetworks has a node in PaymentNodesSecret")
        return Terms(
            price=int(os.environ["PAYMENT_PRICE"]),
            pay_to=self._pay_to,
            networks=[NETWORKS[name] for name in names],
        )

    @property
    def offered_terms(self) -> Terms:
        """The terms on offer: on networks whose node works, so that a payment can be confirmed.

        Raises `UnavailableError` if there is none.
        """
        terms = self.terms
        working = [each for each in terms.networks if self.chain.is_working(each)]
        if not working:
            raise UnavailableError("the node of no network works: check PaymentNodesSecret")
        return replace(terms, networks=working)

    @property
    def _pay_to(self) -> str:
        return os.environ["PAY_TO"]

    @property
    def keys_are_free(self) -> bool:
        return os.environ["KEYS_ARE_FREE"] == "true"

    @property
    def public_url(self) -> str:
        return os.environ["PUBLIC_URL"]

    @property
    def accepts_transactions(self) -> bool:
        return os.environ["ALLOW_TRANSACTION_HASH"] == "true"

    @property
    def requires_signatures(self) -> bool:
        return os.environ["ALLOW_UNSIGNED_TRANSACTION_HASH"] != "true"

    # ── Use cases of the API ────────────────────────────────────────────────────────

    @cached_property
    def pay_for_job(self) -> PayForJob:
        from jobs.payments.pay_for_job import PayForJob

        return PayForJob(
            reservations=self._reservations,
            payments=self.payments,
            facilitator=self.facilitator,
            terms=self.terms,
            clock=self.core.clock,
        )

    @cached_property
    def pay_by_transaction(self) -> PayByTransaction:
        from jobs.payments.pay_by_transaction import PayByTransaction

        return PayByTransaction(
            reservations=self._reservations,
            payments=self.payments,
            chain=self.chain,
            recover=self.recover if self.requires_signatures else None,
            terms=self.terms,
            confirmations=int(os.environ["PAYMENT_CONFIRMATIONS"]),
            clock=self.core.clock,
        )

    # ── Use cases of the workers ────────────────────────────────────────────────────

    @cached_property
    def follow_payments(self) -> FollowPayments:
        from jobs.payments.follow_payments import FollowPayments

        return FollowPayments(timers=self.timers)

    @cached_property
    def watch_payment(self) -> WatchPayment:
        from jobs.payments.watch_payment import WatchPayment

        return WatchPayment(
            payments=self.payments, reconcile=self._reconcile, clock=self.core.clock
        )

    # ── Shared parts and adapters ───────────────────────────────────────────────────

    @cached_property
    def _reservations(self) -> PaymentReservations:
        from jobs.payments.reservations import PaymentReservations

        return PaymentReservations(
            payments=self.payments,
            reconcile=self._reconcile,
            close=replace(self._close, send_early=self.messaging.send_early),
            clock=self.core.clock,
            retention=self.core.retention,
            shards=self.core.shards,
        )

    @cached_property
    def _reconcile(self) -> ReconcilePayment:
        from jobs.payments.reconcile_payment import ReconcilePayment

        return ReconcilePayment(chain=self.chain, close=self._close, pay_to=self._pay_to)

    @cached_property
    def _close(self) -> ClosePayment:
        from jobs.payments.close_payment import ClosePayment

        return ClosePayment(
            repository=self.core.jobs, payments=self.payments, clock=self.core.clock
        )

    @cached_property
    def payments(self) -> DynamoPayments:
        from jobs.payments.adapters.records import DynamoPayments

        return DynamoPayments(self.core.aws.dynamodb, os.environ["PAYMENT_TABLE"], self.core.clock)

    @cached_property
    def timers(self) -> StepFunctionsPaymentTimers:
        from jobs.payments.adapters.timers import StepFunctionsPaymentTimers

        return StepFunctionsPaymentTimers(
            self.core.aws.step_functions, payment_arn=os.environ["PAYMENT_ARN"]
        )

    @cached_property
    def checks(self) -> SqsPaymentChecks:
        from jobs.payments.adapters.timers import SqsPaymentChecks

        return SqsPaymentChecks(
            self.core.aws.sqs, os.environ["PAYMENT_CHECK_QUEUE_URL"], self.core.clock
        )

    @cached_property
    def facilitator(self) -> Facilitator:
        from jobs.payments.adapters.facilitator import HttpFacilitator

        url, secret = os.environ["FACILITATOR_URL"], os.environ["FACILITATOR_KEY_SECRET"]
        if not secret:
            return HttpFacilitator(url)
        from jobs.payments.adapters.cdp_tokens import CdpTokens

        return HttpFacilitator(url, CdpTokens(self.core.secrets, secret, self.core.clock))

    @cached_property
    def chain(self) -> Chain:
        from jobs.payments.adapters.json_rpc import JsonRpcChain

        return JsonRpcChain(self.nodes, timeout_s=_NODE_TIMEOUT_S)

    @cached_property
    def nodes(self) -> Callable[[], Mapping[str, str]]:
        from jobs.payments.adapters.nodes import SecretNodes

        return SecretNodes(self.core.secrets, os.environ["PAYMENT_NODES_SECRET"])

    @cached_property
    def recover(self) -> Recover:
        from jobs.payments.adapters.personal_sign import recover

        return recover


wiring = PaymentsWiring(messaging_wiring)
