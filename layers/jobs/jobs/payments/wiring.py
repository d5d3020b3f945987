"""The composition root's part for payments; `jobs.core.wiring` says how it works.

Functions that have nothing to do with payments, or run where these are off, import none of it.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from jobs.core import wiring as bootstrap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobs.kit.aws.stepfunctions import StepFunctionsPaymentTimers
    from jobs.payments.adapters.records import DynamoPayments
    from jobs.payments.claims import PaymentClaims
    from jobs.payments.close_payment import ClosePayment
    from jobs.payments.follow_payments import FollowPayments
    from jobs.payments.pay_by_transaction import PayByTransaction
    from jobs.payments.pay_for_job import PayForJob
    from jobs.payments.payment import Terms
    from jobs.payments.ports import Chain, Facilitator, Recover
    from jobs.payments.reconcile_payment import ReconcilePayment
    from jobs.payments.watch_payment import WatchPayment

_PATIENCE_S = 4.0  # for a node's answer, within a request


# ── What is asked for ───────────────────────────────────────────────────────────


@cache
def terms() -> Terms:
    from jobs.payments.payment import NETWORKS, Terms

    rpc_urls = _rpc_urls()
    names = os.environ["PAYMENT_NETWORKS"].split(",")
    return Terms(
        price=int(os.environ["PAYMENT_PRICE"]),
        pay_to=os.environ["PAY_TO"],
        networks=[NETWORKS[name] for name in names if rpc_urls[name]],
    )


def keys_are_free() -> bool:
    return os.environ["KEYS_ARE_FREE"] == "true"


def public_url() -> str:
    return os.environ["PUBLIC_URL"]


def transactions_are_taken() -> bool:
    return os.environ["ALLOW_TRANSACTION_HASH"] == "true"


def transactions_are_signed() -> bool:
    return os.environ["ALLOW_UNSIGNED_TRANSACTION_HASH"] != "true"


# ── What the API does ───────────────────────────────────────────────────────────


@cache
def pay_for_job() -> PayForJob:
    from jobs.payments.pay_for_job import PayForJob

    return PayForJob(
        claims=_claims(),
        payments=payments(),
        facilitator=facilitator(),
        terms=terms(),
        clock=bootstrap.now,
    )


@cache
def pay_by_transaction() -> PayByTransaction:
    from jobs.payments.pay_by_transaction import PayByTransaction

    return PayByTransaction(
        claims=_claims(),
        payments=payments(),
        chain=chain(),
        recover=recover() if transactions_are_signed() else None,
        terms=terms(),
        confirmations=int(os.environ["PAYMENT_CONFIRMATIONS"]),
        clock=bootstrap.now,
    )


# ── What the workers do ─────────────────────────────────────────────────────────


@cache
def follow_payments() -> FollowPayments:
    from jobs.payments.follow_payments import FollowPayments

    return FollowPayments(timers=timers())


@cache
def watch_payment() -> WatchPayment:
    from jobs.payments.watch_payment import WatchPayment

    return WatchPayment(payments=payments(), reconcile=_reconcile(), clock=bootstrap.now)


# ── What they stand on ──────────────────────────────────────────────────────────


@cache
def _claims() -> PaymentClaims:
    from jobs.payments.claims import PaymentClaims

    return PaymentClaims(
        payments=payments(),
        reconcile=_reconcile(),
        close=_close(),
        clock=bootstrap.now,
        retention=int(os.environ["RETENTION_HOURS"]) * 3600 * 1000,
    )


@cache
def _reconcile() -> ReconcilePayment:
    from jobs.payments.reconcile_payment import ReconcilePayment

    return ReconcilePayment(chain=chain(), close=_close(), pay_to=terms().pay_to)


@cache
def _close() -> ClosePayment:
    from jobs.payments.close_payment import ClosePayment

    return ClosePayment(repository=bootstrap.repository(), payments=payments(), clock=bootstrap.now)


@cache
def payments() -> DynamoPayments:
    from jobs.payments.adapters.records import DynamoPayments

    return DynamoPayments(bootstrap.dynamodb(), os.environ["PAYMENT_TABLE"], bootstrap.now)


@cache
def timers() -> StepFunctionsPaymentTimers:
    from jobs.kit.aws.stepfunctions import StepFunctionsPaymentTimers

    return StepFunctionsPaymentTimers(
        bootstrap.client("stepfunctions"), payment_arn=os.environ["PAYMENT_ARN"]
    )


@cache
def facilitator() -> Facilitator:
    from jobs.payments.adapters.facilitator import HttpFacilitator

    url, secret = os.environ["FACILITATOR_URL"], os.environ["FACILITATOR_KEY_SECRET"]
    if not secret:
        return HttpFacilitator(url)
    from jobs.payments.adapters.cdp_tokens import CdpTokens

    return HttpFacilitator(url, CdpTokens(bootstrap.secrets(), secret, bootstrap.now))


@cache
def chain() -> Chain:
    from jobs.payments.adapters.json_rpc import JsonRpcChain

    return JsonRpcChain(_rpc_urls(), patience=_PATIENCE_S)


def _rpc_urls() -> Mapping[str, str]:
    """Where each network is read, by name; empty where it is not, and cannot be paid on then."""
    return {
        "base": os.environ["BASE_RPC_URL"],
        "polygon": os.environ["POLYGON_RPC_URL"],
        "base-sepolia": os.environ["BASE_SEPOLIA_RPC_URL"],
    }


def recover() -> Recover:
    from jobs.payments.adapters.personal_sign import recover

    return recover
