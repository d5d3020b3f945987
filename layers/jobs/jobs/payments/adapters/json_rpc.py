"""Chains, read over JSON-RPC. Sortie has no private key and never writes.

Nodes behind one URL may disagree about the newest blocks, so a result that is not found is
unknown, never "no".
"""

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from typing import Any, Final, Self

from jobs.kit.errors import FailureClass, UnavailableError
from jobs.kit.outbound.json_post import JsonPost
from jobs.payments.adapters import evm
from jobs.payments.adapters.rpc_node import NodeRefusesError, RpcNode
from jobs.payments.errors import SettlementUnknownError
from jobs.payments.payment import Network
from jobs.payments.ports import Receipt, Settled

_log: Final = logging.getLogger(__name__)
_DEFAULT_TIMEOUT_S: Final = 8.0
_CHECK_TIMEOUT_S: Final = 2.0
_RECHECK_S: Final = 60.0
"""How long a node that failed its check is not asked again."""
_BLOCK_RANGES: Final = (1000, 100, 10)
"""Blocks per call for logs: some providers allow few, without a standard error."""


class JsonRpcChain:
    """`nodes` returns URLs by the network's name; `timeout_s` limits each method."""

    def __init__(
        self, nodes: Callable[[], Mapping[str, str]], *, timeout_s: float = _DEFAULT_TIMEOUT_S
    ) -> None:
        self._nodes = nodes
        self._timeout_s = timeout_s
        self._post = JsonPost()
        self._checked: set[tuple[str, str]] = set()
        self._failed_at: dict[str, float] = {}
        self._deadline = math.inf

    def within(self, seconds: float) -> Self:
        limited = copy(self)
        limited._deadline = time.monotonic() + seconds  # noqa: SLF001 - a copy of self
        return limited

    def is_working(self, network: Network) -> bool:
        """Ask the node once for its chain: until it has named it, and then no more."""
        if time.monotonic() - self._failed_at.get(network.name, -math.inf) < _RECHECK_S:
            return False
        try:
            with self.within(_CHECK_TIMEOUT_S)._node(network):  # noqa: SLF001 - a copy of self
                return True
        except SettlementUnknownError:
            self._failed_at[network.name] = time.monotonic()
            return False

    def find_receipt(self, network: Network, transaction: str, *, pay_to: str) -> Receipt | None:
        with self._node(network) as node:
            found = node.ask("eth_getTransactionReceipt", transaction)
            if found is None or found["blockNumber"] is None:
                return None
            block = node.block(found["blockNumber"])
            if (
                block is None or block["hash"] != found["blockHash"]
            ):  # a reorganization replaced the block
                return None
            succeeded = evm.parse_quantity(found["status"]) == 1
            mined_in = evm.parse_quantity(found["blockNumber"])
            newest = evm.parse_quantity(node.ask("eth_blockNumber"))
            paid = evm.find_transfers(found["logs"], asset=network.asset, pay_to=pay_to)
            return Receipt(
                succeeded=succeeded,
                confirmations=max(0, newest - mined_in + 1),
                mined_at=evm.parse_quantity(block["timestamp"]),
                transfers=paid if succeeded else [],
            )

    def is_used(self, network: Network, payer: str, nonce: str) -> bool:
        with self._node(network) as node:
            call = {"to": network.asset, "data": evm.authorization_state_call(payer, nonce)}
            return evm.parse_quantity(node.ask("eth_call", call, "latest")) != 0

    def find_settlement(  # noqa: PLR0913 - the port's signature
        self, network: Network, payer: str, nonce: str, *, since: int, pay_to: str, amount: int
    ) -> Settled | None:
        with self._node(network) as node:
            log = _find_use(node, network.asset, payer, nonce, since)
            if log["topics"][0] == evm.AUTHORIZATION_CANCELED:
                return None
            found = node.ask("eth_getTransactionReceipt", log["transactionHash"])
            paid = evm.find_transfers(found["logs"], asset=network.asset, pay_to=pay_to)
            if any(
                (each.payer, each.nonce) == (payer.lower(), nonce.lower()) and each.amount >= amount
                for each in paid
            ):
                return Settled(transaction=log["transactionHash"].lower(), payer=payer.lower())
            return None

    def time(self, network: Network) -> int:
        with self._node(network) as node:
            return evm.parse_quantity(node.block("latest")["timestamp"])

    @contextmanager
    def _node(self, network: Network) -> Iterator[RpcNode]:
        """Yield the network's node, after a check of its chain id."""
        timeout_s = min(self._timeout_s, self._deadline - time.monotonic())
        try:
            url = self._nodes().get(network.name, "")
        except UnavailableError as error:
            raise _unknown(network, str(error)) from error
        node = RpcNode(self._post, url, timeout_s)
        try:
            if (network.name, url) not in self._checked:
                _check(node, network)
                self._checked.add((network.name, url))
            yield node
        except SettlementUnknownError as error:
            raise _unknown(network, str(error), error.failure_class) from None
        except (AttributeError, LookupError, TypeError, ValueError):
            raise _unknown(network, "malformed answer", FailureClass.BAD_ANSWER) from None


def _unknown(
    network: Network, about: str, failure_class: FailureClass = FailureClass.UNAVAILABLE
) -> SettlementUnknownError:
    """Log the failure, and return the error to raise."""
    _log.warning("RPC of %s: %s", network.name, about)
    return SettlementUnknownError(f"RPC of {network.name}: {about}", failure_class=failure_class)


def _check(node: RpcNode, network: Network) -> None:
    if evm.parse_quantity(node.ask("eth_chainId")) != network.chain:
        raise SettlementUnknownError("wrong chain id: check the URL")


def _find_use(node: RpcNode, asset: str, payer: str, nonce: str, since: int) -> Mapping[str, Any]:
    """Return the log of an authorization's use or cancellation, from the newest block back.

    Raises `SettlementUnknownError` if there is none: the node may lag.
    """
    events = [evm.AUTHORIZATION_USED, evm.AUTHORIZATION_CANCELED]
    topics = [events, evm.to_word(payer), evm.to_word(nonce)]
    last = evm.parse_quantity(node.ask("eth_blockNumber"))
    spans = iter(_BLOCK_RANGES)
    span = next(spans)
    while True:
        first = max(0, last - span + 1)
        criteria = {
            "address": asset,
            "topics": topics,
            "fromBlock": hex(first),
            "toBlock": hex(last),
        }
        try:
            logs = [log for log in node.ask("eth_getLogs", criteria) if not log.get("removed")]
        except NodeRefusesError:
            if not (span := next(spans, 0)):
                raise
            continue
        if logs:
            found: Mapping[str, Any] = logs[-1]
            return found
        if first == 0 or evm.parse_quantity(node.block(hex(first))["timestamp"]) < since:
            raise SettlementUnknownError("no use of the authorization found")
        last = first - 1
