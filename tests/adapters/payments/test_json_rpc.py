"""The JSON-RPC client, against a fake node."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jobs.kit.errors import UnavailableError
from jobs.payments.adapters import evm
from jobs.payments.adapters.json_rpc import JsonRpcChain
from jobs.payments.errors import SettlementUnknownError
from jobs.payments.payment import Network
from jobs.payments.ports import Receipt, Settled, Transfer
from tests.adapters.upstream import (
    Handler,
    Upstream,
    close_connection,
    close_in_body,
    reply,
    respond_slowly,
    running,
)
from tests.support import Broken

USDC = "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"
BASE = Network(name="base", chain=8453, asset=USDC, domain_name="USD Coin", domain_version="2")
PAYER = "0x" + "ab" * 20
OTHER = "0x" + "ef" * 20
PAY_TO = "0x" + "cd" * 20
NONCE = "0x" + "0a" * 32
TRANSACTION = "0x" + "5e" * 32
BLOCK = "0x" + "b1" * 32
FAULTS = {
    "500": reply({}, 500),
    "429": reply({"error": {"code": -32005, "message": "slow down"}}, 429),
    "html": reply(b"<html>"),
    "no result": reply({"jsonrpc": "2.0", "id": 1}),
    "a list": reply([]),
    "a redirect": reply({}, 307, Location="/elsewhere"),
    "too large": reply(b'{"result": "' + b"x" * (3 * 2**20) + b'"}'),
    "dropped": close_connection,
    "dropped in mid-body": close_in_body,
    "dripping": respond_slowly,
}
NONSENSE = ["", "0x", "12", "0xzz", "0x-1", 12, None, [], {}, "0x" + "f" * 100]


class Node:
    """What the node says to each method: a result, an answer of its own, or one per parameters."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.results: dict[str, Any] = {"eth_chainId": "0x2105"}
        upstream.then(self.answer)

    def answer(self, handler: Handler) -> None:
        call = self.upstream.received[-1].body
        result = self.results[call["method"]]
        result = result(*call["params"]) if callable(result) else result
        if isinstance(result, Exception):
            error = {"code": -32602, "message": "range too large for key s3cret"}
            reply({"jsonrpc": "2.0", "id": 1, "error": error}, *result.args)(handler)
        else:
            reply({"jsonrpc": "2.0", "id": 1, "result": result})(handler)

    @property
    def calls(self) -> list[str]:
        return [received.body["method"] for received in self.upstream.received]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as server:
        yield server


@pytest.fixture
def node(upstream) -> Node:
    return Node(upstream)


@pytest.fixture
def chain(upstream) -> JsonRpcChain:
    return JsonRpcChain(lambda: {"base": f"{upstream.url}/v1/s3cret"}, timeout_s=2)


def transfer(index: int, payer: str = PAYER, to: str = PAY_TO, amount: int = 20_000, **log) -> Any:
    topics = [evm.TRANSFER, evm.to_word(payer), evm.to_word(to)]
    return {
        "address": USDC, "topics": topics, "data": f"0x{amount:064x}", "logIndex": hex(index),
        "transactionHash": TRANSACTION,
    } | log  # fmt: skip


def use(index: int, payer: str = PAYER, nonce: str = NONCE, **log) -> Any:
    topics = [evm.AUTHORIZATION_USED, evm.to_word(payer), nonce]
    return transfer(index) | {"topics": topics, "data": "0x"} | log


def mined(*logs: Any, **about: Any) -> dict[str, Any]:
    return {"blockNumber": "0x64", "blockHash": BLOCK, "status": "0x1", "logs": [*logs]} | about


def block(timestamp: int = 1_700_000_000, digest: str = BLOCK) -> dict[str, str]:
    return {"hash": digest, "timestamp": hex(timestamp)}


@pytest.fixture
def receipt(node, chain) -> Callable[..., Receipt | None]:
    def read(found: Any, *, newest: str = "0x6f", of: Any = None) -> Receipt | None:
        node.results |= {
            "eth_getTransactionReceipt": found,
            "eth_getBlockByNumber": of or block(),
            "eth_blockNumber": newest,
        }
        return chain.find_receipt(BASE, TRANSACTION, pay_to=PAY_TO)

    return read


def unknown(ask: Callable[[], object]) -> str:
    with pytest.raises(SettlementUnknownError) as error:
        ask()
    assert "127.0.0.1" not in str(error.value)
    assert "s3cret" not in str(error.value)
    return str(error.value)


# ── Receipts ────────────────────────────────────────────────────────────────────


def test_receipt_has_transfers_and_confirmations(receipt) -> None:
    found = receipt(mined(transfer(7)))

    assert found == Receipt(
        succeeded=True,
        confirmations=12,
        mined_at=1_700_000_000,
        transfers=[Transfer(log_index=7, payer=PAYER, amount=20_000)],
    )


@pytest.mark.parametrize("found", [None, mined(blockNumber=None)], ids=["none", "pending"])
def test_receipt_of_unmined_transaction_is_none(receipt, found) -> None:
    assert receipt(found) is None


def test_receipt_of_replaced_block_is_none(receipt) -> None:
    assert receipt(mined(transfer(7)), of=block(digest="0x" + "00" * 32)) is None


def test_receipt_from_lagging_node_has_no_confirmations(receipt) -> None:
    assert receipt(mined(transfer(7)), newest="0x5").confirmations == 0


def test_receipt_of_reverted_transaction_has_no_transfers(receipt) -> None:
    found = receipt(mined(status="0x0"))

    assert (found.succeeded, found.transfers) == (False, [])


@pytest.mark.parametrize(
    "log",
    [
        transfer(7, to=OTHER),
        transfer(7, address="0x" + "11" * 20),
        transfer(7, removed=True),
        transfer(
            7, topics=[evm.TRANSFER, evm.to_word(PAYER), evm.to_word(PAY_TO), "0x1"]
        ),  # an NFT's
        transfer(7, topics=["0x" + "33" * 32, evm.to_word(PAYER), evm.to_word(PAY_TO)]),
    ],
    ids=["to somebody else", "another token", "removed", "an NFT", "another event"],
)
def test_receipt_with_other_logs_has_no_transfers(receipt, log) -> None:
    assert receipt(mined(log)).transfers == []


def test_receipt_compares_addresses_case_insensitively(receipt) -> None:
    found = receipt(mined(use(1, payer=PAYER.upper().replace("X", "x")),
                          transfer(2, address=USDC.upper().replace("X", "x"))))  # fmt: skip

    assert [(each.payer, each.nonce) for each in found.transfers] == [(PAYER, NONCE)]


def test_receipt_transfers_have_nonces_of_their_authorizations(receipt) -> None:
    second = "0x" + "0b" * 32

    found = receipt(
        mined(
            transfer(9),  # plain
            transfer(3, payer=OTHER),
            use(5, nonce=second), transfer(6, amount=5),
            use(1), transfer(2, to=OTHER),  # somebody else's; its nonce pays nothing of ours
            use(4, payer=OTHER, address="0x" + "11" * 20),  # another token's
        )
    )  # fmt: skip

    assert found.transfers == [
        Transfer(log_index=3, payer=OTHER, amount=20_000),
        Transfer(log_index=6, payer=PAYER, amount=5, nonce=second),
        Transfer(log_index=9, payer=PAYER, amount=20_000),
    ]


@pytest.mark.parametrize(
    "found",
    [[], "0x1", {}, mined(status=None), mined(logs=[{}]), mined(logs=None), mined("log"),
     mined(blockNumber="x"), mined(transfer(1, data="0x"))],
    ids=str,
)  # fmt: skip
def test_receipt_malformed_is_unknown(receipt, found) -> None:
    unknown(lambda: receipt(found))


# ── Authorizations ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("result", "used"), [("0x" + "0" * 63 + "1", True), ("0x" + "0" * 64, False)]
)
def test_is_used_returns_state_of_authorization(node, chain, result, used) -> None:
    node.results["eth_call"] = lambda call, at: result if at == "latest" else None

    assert chain.is_used(BASE, PAYER, NONCE) is used

    call = node.upstream.received[-1].body["params"][0]
    assert call == {"to": USDC, "data": f"0xe94a0102{'0' * 24}{PAYER[2:]}{NONCE[2:]}"}


@pytest.fixture
def settlement(node, chain) -> Callable[..., Settled | None]:
    def find(logs: Any, receipt: Any = None, *, newest: int = 5000) -> Settled | None:
        node.results |= {
            "eth_blockNumber": hex(newest),
            "eth_getLogs": logs,
            "eth_getBlockByNumber": lambda number, _: block(int(number, 0)),  # a block a second
            "eth_getTransactionReceipt": receipt or mined(use(1), transfer(2)),
        }
        return chain.find_settlement(BASE, PAYER, NONCE, since=2500, pay_to=PAY_TO, amount=20_000)

    return find


def in_block(number: int, log: Any, max_blocks: int = 10**9) -> Callable[[Any], Any]:
    """The logs of a chain that has this one, from a node that gives so many blocks' at once."""

    def logs(call: Any) -> Any:
        first, last = int(call["fromBlock"], 0), int(call["toBlock"], 0)
        return ValueError() if last - first >= max_blocks else [log] * (first <= number <= last)

    return logs


@pytest.mark.parametrize("number", [5000, 4001, 4000, 2600])
def test_settlement_returns_transaction(settlement, number) -> None:
    assert settlement(in_block(number, use(1))) == Settled(transaction=TRANSACTION, payer=PAYER)


def test_settlement_filters_logs_by_authorization(node, settlement) -> None:
    settlement(in_block(5000, use(1)))

    [call] = [it.body["params"][0] for it in node.upstream.received
               if it.body["method"] == "eth_getLogs"]  # fmt: skip
    assert call == {
        "address": USDC, "fromBlock": hex(4001), "toBlock": hex(5000),
        "topics": [[evm.AUTHORIZATION_USED, evm.AUTHORIZATION_CANCELED], evm.to_word(PAYER), NONCE],
    }  # fmt: skip


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("max_blocks", [500, 10])
def test_settlement_with_log_limit_asks_for_fewer_blocks(settlement, max_blocks, status) -> None:
    logs = in_block(4950, use(1), max_blocks)

    found = settlement(lambda call: ValueError(status) if logs(call).__class__ is ValueError
                       else logs(call))  # fmt: skip

    assert found == Settled(transaction=TRANSACTION, payer=PAYER)


def test_settlement_with_refused_logs_is_unknown(settlement) -> None:
    assert "error -32602" in unknown(lambda: settlement(in_block(4950, use(1), max_blocks=1)))


@pytest.mark.parametrize("newest", [5000, 20], ids=["long enough a chain", "a young chain"])
def test_settlement_without_logs_is_unknown(settlement, newest) -> None:
    assert "no use" in unknown(lambda: settlement([], newest=newest))


def test_settlement_of_cancelled_authorization_is_none(settlement) -> None:
    cancelled = use(1, topics=[evm.AUTHORIZATION_CANCELED, evm.to_word(PAYER), NONCE])

    assert settlement([cancelled]) is None


def test_settlement_to_other_recipient_is_none(settlement) -> None:
    logs = [use(1), transfer(2, to=OTHER), use(3, nonce="0x" + "0b" * 32), transfer(4)]

    assert settlement([use(1)], mined(*logs)) is None


def test_settlement_of_lower_amount_is_none(settlement) -> None:
    assert settlement([use(1)], mined(use(1), transfer(2, amount=19_999))) is None


def test_time_is_newest_blocks_time(node, chain) -> None:
    node.results["eth_getBlockByNumber"] = lambda number, _: {"latest": block(1234)}[number]

    assert chain.time(BASE) == 1234


# ── Nodes ───────────────────────────────────────────────────────────────────────


def test_node_of_other_chain_is_unknown(node, chain) -> None:
    node.results |= {"eth_chainId": "0x89", "eth_call": "0x1"}

    assert "wrong chain id" in unknown(lambda: chain.is_used(BASE, PAYER, NONCE))
    unknown(lambda: chain.is_used(BASE, PAYER, NONCE))  # and that is not forgotten
    assert node.calls == ["eth_chainId", "eth_chainId"]


def test_node_chain_id_is_checked_once(node, chain) -> None:
    node.results["eth_call"] = "0x1"

    assert chain.is_used(BASE, PAYER, NONCE)
    assert chain.is_used(BASE, PAYER, NONCE)

    assert node.calls == ["eth_chainId", "eth_call", "eth_call"]


def test_node_transient_fault_is_retried(upstream, chain) -> None:
    upstream.then(
        close_connection, reply({}, 503), reply({"result": "0x2105"}), reply({"result": "0x1"})
    )

    assert chain.is_used(BASE, PAYER, NONCE)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_node_without_answer_is_unknown(upstream, fault) -> None:
    upstream.then(fault)
    chain = JsonRpcChain(lambda: {"base": f"{upstream.url}/v1/s3cret"}, timeout_s=0.4)

    assert "RPC of base" in unknown(lambda: chain.time(BASE))


@pytest.mark.parametrize("result", NONSENSE, ids=str)
def test_node_malformed_answer_is_unknown(node, chain, result) -> None:
    node.results |= {"eth_call": result, "eth_getBlockByNumber": result}

    unknown(lambda: chain.is_used(BASE, PAYER, NONCE))
    unknown(lambda: chain.time(BASE))


def test_node_failure_log_has_network_without_key(upstream, chain, caplog) -> None:
    upstream.then(reply({"error": {"code": -32001, "message": "bad key s3cret"}}))

    unknown(lambda: chain.time(BASE))

    messages = [it.getMessage() for it in caplog.records if it.name.startswith("jobs")]
    assert messages == ["RPC of base: eth_chainId: error -32001"]


def test_network_without_url_is_unknown() -> None:
    unknown(lambda: JsonRpcChain(dict, timeout_s=0.5).time(BASE))


# ── Whether a node works ────────────────────────────────────────────────────────


def test_node_of_the_network_works_and_is_asked_once(node, chain) -> None:
    assert chain.is_working(BASE)
    assert chain.is_working(BASE)

    assert len(node.calls) == 1


def test_node_of_wrong_chain_is_not_called_again_at_once(node, chain) -> None:
    node.results["eth_chainId"] = "0x1"

    assert not chain.is_working(BASE)
    calls = len(node.calls)
    assert not chain.is_working(BASE)

    assert len(node.calls) == calls


@pytest.mark.parametrize("url", ["", "junk", "http://127.0.0.1:9"])
def test_unreachable_node_does_not_work(url) -> None:
    assert not JsonRpcChain(lambda: {"base": url}).is_working(BASE)


def test_unavailable_secret_is_unknown_and_works_not() -> None:
    """`UnavailableError` would mean that nothing was sent to the chain or the facilitator."""
    chain = JsonRpcChain(Broken(UnavailableError("secret")))

    assert not chain.is_working(BASE)
    unknown(lambda: chain.time(BASE))


def test_new_url_of_a_node_is_checked_again(node, chain, upstream) -> None:
    urls = {"base": f"{upstream.url}/one"}
    rotating = JsonRpcChain(lambda: urls)
    assert rotating.is_working(BASE)
    node.results["eth_chainId"] = "0x1"

    urls["base"] = f"{upstream.url}/two"

    assert not rotating.is_working(BASE)
