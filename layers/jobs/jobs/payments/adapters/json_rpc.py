"""Chains as their nodes tell of them over JSON-RPC. Read only: there is no key in this service.

Every answer is one node's word. Nodes behind one address may disagree about the newest blocks, so
what is not found yet is not known, never denied.
"""

import logging
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from typing import Any, Final, Self

from jobs.kit.outbound.json_post import JsonPost
from jobs.payments.adapters import evm
from jobs.payments.adapters.rpc_node import NodeRefusesError, RpcNode
from jobs.payments.errors import SettlementUnknownError
from jobs.payments.payment import Network
from jobs.payments.ports import Receipt, Settled

_log: Final = logging.getLogger(__name__)
_PATIENCE_S: Final = 8.0
_SPANS: Final = (1000, 100, 10)
"""Blocks of logs in one call: some providers allow but few, and say so in words of their own."""


class JsonRpcChain:
    """`urls` by the network's name. A question takes at most `patience` seconds."""

    def __init__(self, urls: Mapping[str, str], *, patience: float = _PATIENCE_S) -> None:
        self._urls = urls
        self._patience = patience
        self._post = JsonPost()
        self._checked: set[str] = set()
        self._deadline = math.inf

    def within(self, seconds: float) -> Self:
        hurried = copy(self)
        hurried._deadline = time.monotonic() + seconds  # noqa: SLF001 - one of us
        return hurried

    def receipt(self, network: Network, transaction: str, *, pay_to: str) -> Receipt | None:
        with self._node(network) as node:
            found = node.ask("eth_getTransactionReceipt", transaction)
            if found is None or found["blockNumber"] is None:
                return None
            block = node.block(found["blockNumber"])
            if block is None or block["hash"] != found["blockHash"]:  # another one has its place
                return None
            succeeded = evm.quantity(found["status"]) == 1
            mined_in = evm.quantity(found["blockNumber"])
            newest = evm.quantity(node.ask("eth_blockNumber"))
            paid = evm.transfers(found["logs"], asset=network.asset, pay_to=pay_to)
            return Receipt(
                succeeded=succeeded,
                confirmations=max(0, newest - mined_in + 1),
                mined_at=evm.quantity(block["timestamp"]),
                transfers=paid if succeeded else [],
            )

    def used(self, network: Network, payer: str, nonce: str) -> bool:
        with self._node(network) as node:
            call = {"to": network.asset, "data": evm.authorization_state(payer, nonce)}
            return evm.quantity(node.ask("eth_call", call, "latest")) != 0

    def settlement(  # noqa: PLR0913 - as the port has it
        self, network: Network, payer: str, nonce: str, *, since: int, pay_to: str, amount: int
    ) -> Settled | None:
        with self._node(network) as node:
            log = _use(node, network.asset, payer, nonce, since)
            if log["topics"][0] == evm.AUTHORIZATION_CANCELED:
                return None
            found = node.ask("eth_getTransactionReceipt", log["transactionHash"])
            paid = evm.transfers(found["logs"], asset=network.asset, pay_to=pay_to)
            if any(
                (each.payer, each.nonce) == (payer.lower(), nonce.lower()) and each.amount >= amount
                for each in paid
            ):
                return Settled(transaction=log["transactionHash"].lower(), payer=payer.lower())
            return None

    def time(self, network: Network) -> int:
        with self._node(network) as node:
            return evm.quantity(node.block("latest")["timestamp"])

    @contextmanager
    def _node(self, network: Network) -> Iterator[RpcNode]:
        """Give the network's node, once it has said that it is one."""
        patience = min(self._patience, self._deadline - time.monotonic())
        node = RpcNode(self._post, self._urls.get(network.name, ""), patience)
        try:
            if network.name not in self._checked:
                _check(node, network)
                self._checked.add(network.name)
            yield node
        except SettlementUnknownError as error:
            raise _unknown(network, str(error)) from None
        except (AttributeError, LookupError, TypeError, ValueError):
            raise _unknown(network, "not understood") from None


def _unknown(network: Network, about: str) -> SettlementUnknownError:
    """Tell the log: whoever catches this has something else to do."""
    _log.warning("RPC of %s: %s", network.name, about)
    return SettlementUnknownError(f"RPC of {network.name}: {about}")


def _check(node: RpcNode, network: Network) -> None:
    if evm.quantity(node.ask("eth_chainId")) != network.chain:
        raise SettlementUnknownError("it is of another chain")


def _use(node: RpcNode, asset: str, payer: str, nonce: str, since: int) -> Mapping[str, Any]:
    """Find the log of an authorization's use or cancellation, from the newest block back.

    Raises `SettlementUnknownError` if there is none: it may not be there yet.
    """
    events = [evm.AUTHORIZATION_USED, evm.AUTHORIZATION_CANCELED]
    topics = [events, evm.word(payer), evm.word(nonce)]
    last = evm.quantity(node.ask("eth_blockNumber"))
    spans = iter(_SPANS)
    span = next(spans)
    while True:
        first = max(0, last - span + 1)
        asked = {"address": asset, "topics": topics, "fromBlock": hex(first), "toBlock": hex(last)}
        try:
            logs = [log for log in node.ask("eth_getLogs", asked) if not log.get("removed")]
        except NodeRefusesError:
            if not (span := next(spans, 0)):
                raise
            continue
        if logs:
            found: Mapping[str, Any] = logs[-1]
            return found
        if first == 0 or evm.quantity(node.block(hex(first))["timestamp"]) < since:
            raise SettlementUnknownError("no trace of the authorization")
        last = first - 1
