"""One JSON-RPC 2.0 node, with a timeout over all retries; reads are safe to retry."""

import time
from http import HTTPStatus
from typing import Any, Final

from jobs.kit.errors import FailureClass
from jobs.kit.outbound.json_post import JsonPost, NoResponseError, Reply
from jobs.payments.errors import SettlementUnknownError

_CALL_TIMEOUT_S: Final = 4.0
_ATTEMPTS: Final = 3
_PAUSE_S: Final = 0.15


class NodeRefusesError(SettlementUnknownError):
    """The node refuses the call."""


class RpcNode:
    def __init__(self, post: JsonPost, url: str, timeout_s: float) -> None:
        self._post = post
        self._url = url
        self._deadline = time.monotonic() + timeout_s

    def ask(self, method: str, *params: Any) -> Any:
        """Return a call's result. Raises `NodeRefusesError`, `SettlementUnknownError`."""
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        problem, failure_class = "no time left", FailureClass.UNAVAILABLE
        for attempt in range(_ATTEMPTS):
            left = self._deadline - time.monotonic()
            if left <= 0:
                break
            try:
                reply = self._post(self._url, call, timeout=min(_CALL_TIMEOUT_S, left))
            except NoResponseError as error:
                problem, failure_class = str(error), FailureClass.UNAVAILABLE
            else:
                match reply.body:
                    case {"error": error} if error is not None and not _is_transient(reply):
                        raise NodeRefusesError(
                            f"{method}: {_code(error)}", failure_class=FailureClass.REFUSED
                        )
                    case {"result": result} if reply.status == HTTPStatus.OK:
                        return result
                problem, failure_class = str(reply.status), reply.failure_class
            if attempt < _ATTEMPTS - 1:
                time.sleep(_PAUSE_S)
        raise SettlementUnknownError(f"{method}: {problem}", failure_class=failure_class)

    def block(self, number: str) -> Any:
        return self.ask("eth_getBlockByNumber", number, False)  # noqa: FBT003 - no transactions


def _is_transient(reply: Reply) -> bool:
    return reply.status == HTTPStatus.TOO_MANY_REQUESTS or reply.status >= 500  # noqa: PLR2004


def _code(error: Any) -> str:
    """Return the error's number: its text may contain our API key."""
    return f"error {error.get('code')}" if isinstance(error, dict) else "unknown error"
