"""An x402 facilitator over HTTP: `/verify` and `/settle`, versions 1 and 2.

A payment is refused only if the facilitator clearly refuses it. Other answers are unknown: a payer
pays again after "not paid".
"""

import logging
import re
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from jobs.kit.errors import FailureClass
from jobs.kit.outbound.json_post import JsonPost, NoResponseError, Reply
from jobs.payments.adapters.refusals import is_about_the_payment, is_final, public_reason
from jobs.payments.errors import SettlementUnknownError
from jobs.payments.payment import Authorization, Network
from jobs.payments.ports import Refused, Settled

_log: Final = logging.getLogger(__name__)

type Credentials = Callable[[str, str], Mapping[str, str]]
"""Returns the headers for a method and a URL."""

_DEFINITE_STATUSES: Final = frozenset(
    {HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.PAYMENT_REQUIRED}
)
_HASH: Final = re.compile("0x[0-9a-fA-F]{64}")


class HttpFacilitator:
    """`credentials`: None for a facilitator without authentication."""

    def __init__(self, url: str, credentials: Credentials | None = None) -> None:
        self._url = url.rstrip("/")
        self._credentials = credentials
        self._post = JsonPost()

    def verify(
        self, authorization: Authorization, requirements: Any, *, timeout: float
    ) -> Refused | None:
        reply = self._call("verify", authorization, requirements, timeout)
        match reply.body:
            case {"isValid": True} if reply.status == HTTPStatus.OK:
                return None
            case {"isValid": False, "invalidReason": str(reason)} if (
                reply.status in _DEFINITE_STATUSES
            ):
                if is_about_the_payment(reason):
                    return _refused("verify", reply, reason)
            case {"errorType": "invalid_request"} if reply.status == HTTPStatus.BAD_REQUEST:
                return Refused(reason="invalid_payload")
        raise _unknown(_summary("verify", reply), reply.failure_class)

    def settle(
        self, authorization: Authorization, requirements: Any, *, timeout: float
    ) -> Settled | Refused:
        reply = self._call("settle", authorization, requirements, timeout)
        match reply.body:
            case {"success": True, "transaction": str(transaction), **rest} if (
                reply.status == HTTPStatus.OK
                and _is_hash(transaction)
                and _matches(authorization.network, rest.get("network"))
            ):
                return Settled(transaction=transaction.lower(), payer=authorization.payer)
            case {"success": False, "errorReason": str(reason), **rest} if (
                reply.status in _DEFINITE_STATUSES
                and is_final(reason, mined=_is_hash(rest.get("transaction")))
            ):
                return _refused("settle", reply, reason)
        raise _unknown(_summary("settle", reply), reply.failure_class)

    def _call(self, verb: str, authorization: Authorization, requirements: Any, s: float) -> Reply:
        url = f"{self._url}/{verb}"
        body = {
            "x402Version": authorization.version,
            "paymentPayload": authorization.payload,
            "paymentRequirements": requirements,
        }
        headers = self._credentials("POST", url) if self._credentials else {}
        deadline = time.monotonic() + s
        try:
            try:
                return self._post(url, body, timeout=s, headers=headers)
            except NoResponseError:
                left = deadline - time.monotonic()
                if verb != "verify" or left < s / 2:
                    raise
                # The connection may have died while Lambda was frozen, and verifying is idempotent.
                # The settlement then uses the new connection.
                return self._post(url, body, timeout=left, headers=headers)
        except NoResponseError as error:
            raise _unknown(f"{verb}: {error}") from None


def _refused(verb: str, reply: Reply, reason: str) -> Refused:
    _log.info("facilitator, %s", _summary(verb, reply))
    return Refused(reason=public_reason(reason))


def _unknown(
    about: str, failure_class: FailureClass = FailureClass.UNAVAILABLE
) -> SettlementUnknownError:
    """Log the failure, and return the error to raise."""
    _log.warning("facilitator, %s", about)
    return SettlementUnknownError(f"facilitator, {about}", failure_class=failure_class)


def _is_hash(text: Any) -> bool:
    return isinstance(text, str) and _HASH.fullmatch(text) is not None


def _matches(network: Network, name: Any) -> bool:
    return name in (None, "", network.name, network.caip2)  # not a set: it may be a list


def _summary(verb: str, reply: Reply) -> str:
    """Summarize the reply for the log, with a reason only if it is an identifier."""
    body = reply.body if isinstance(reply.body, dict) else {}
    reason = body.get("invalidReason") or body.get("errorReason") or body.get("errorType")
    named = reason if isinstance(reason, str) and reason.isidentifier() else "no reason"
    return f"{verb}: {reply.status}, {named[:80]}"
