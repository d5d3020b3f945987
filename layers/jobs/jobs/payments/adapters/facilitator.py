"""An x402 facilitator over HTTP: `/verify` and `/settle`, versions 1 and 2.

Only what it clearly refuses is refused. Everything else that is no clear yes is unknown: a payer
who is told "not paid" pays again.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from jobs.kit.outbound.json_post import JsonPost, NoAnswerError, Reply
from jobs.payments.adapters.refusals import is_about_the_payment, is_final, told
from jobs.payments.errors import SettlementUnknownError
from jobs.payments.payment import Authorization, Network
from jobs.payments.ports import Refused, Settled

_log: Final = logging.getLogger(__name__)

type Credentials = Callable[[str, str], Mapping[str, str]]
"""Headers for a method and an address."""

_CLEAR: Final = frozenset({HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.PAYMENT_REQUIRED})
_HASH: Final = re.compile("0x[0-9a-fA-F]{64}")


class HttpFacilitator:
    """`credentials` is left out where a facilitator wants none."""

    def __init__(self, url: str, credentials: Credentials | None = None) -> None:
        self._url = url.rstrip("/")
        self._credentials = credentials
        self._post = JsonPost()

    def verify(
        self, authorization: Authorization, requirements: Any, *, timeout: float
    ) -> Refused | None:
        reply = self._ask("verify", authorization, requirements, timeout)
        match reply.body:
            case {"isValid": True} if reply.status == HTTPStatus.OK:
                return None
            case {"isValid": False, "invalidReason": str(reason)} if reply.status in _CLEAR:
                if is_about_the_payment(reason):
                    return _refused("verify", reply, reason)
            case {"errorType": "invalid_request"} if reply.status == HTTPStatus.BAD_REQUEST:
                return Refused(reason="invalid_payload")
        raise _unknown(_summary("verify", reply))

    def settle(
        self, authorization: Authorization, requirements: Any, *, timeout: float
    ) -> Settled | Refused:
        reply = self._ask("settle", authorization, requirements, timeout)
        match reply.body:
            case {"success": True, "transaction": str(transaction), **rest} if (
                reply.status == HTTPStatus.OK
                and _is_hash(transaction)
                and _is_of(authorization.network, rest.get("network"))
            ):
                return Settled(transaction=transaction.lower(), payer=authorization.payer)
            case {"success": False, "errorReason": str(reason), **rest} if (
                reply.status in _CLEAR and is_final(reason, mined=_is_hash(rest.get("transaction")))
            ):
                return _refused("settle", reply, reason)
        raise _unknown(_summary("settle", reply))

    def _ask(self, verb: str, authorization: Authorization, requirements: Any, s: float) -> Reply:
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
            except NoAnswerError:
                left = deadline - time.monotonic()
                if verb != "verify" or left < s / 2:
                    raise
                # The connection may have died while Lambda had us frozen, and a check may be
                # repeated. A settlement follows it on the new one.
                return self._post(url, body, timeout=left, headers=headers)
        except NoAnswerError as error:
            raise _unknown(f"{verb}: {error}") from None


def _refused(verb: str, reply: Reply, reason: str) -> Refused:
    _log.info("facilitator, %s", _summary(verb, reply))
    return Refused(reason=told(reason))


def _unknown(about: str) -> SettlementUnknownError:
    """Tell the log: whoever catches this has something else to do."""
    _log.warning("facilitator, %s", about)
    return SettlementUnknownError(f"facilitator, {about}")


def _is_hash(text: Any) -> bool:
    return isinstance(text, str) and _HASH.fullmatch(text) is not None


def _is_of(network: Network, named: Any) -> bool:
    return named in {None, "", network.name, network.caip2}


def _summary(verb: str, reply: Reply) -> str:
    """Say for the log what came, without a word of the facilitator's that is not a known one."""
    body = reply.body if isinstance(reply.body, dict) else {}
    reason = body.get("invalidReason") or body.get("errorReason") or body.get("errorType")
    named = reason if isinstance(reason, str) and reason.isidentifier() else "no reason"
    return f"{verb}: {reply.status}, {named[:80]}"
