"""Payments with x402's facilitator and an anvil chain with an EIP-3009 token."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from jobs.payments import payment
from jobs.payments.adapters.facilitator import HttpFacilitator
from jobs.payments.adapters.json_rpc import JsonRpcChain
from jobs.payments.adapters.personal_sign import recover
from jobs.payments.errors import SettlementUnknownError
from jobs.payments.payment import Network
from jobs.payments.ports import Refused, Settled, Transfer
from local.chain.chains import Chains
from local.chain.node import Node
from local.chain.wallet import PRICE, Authorization, sign_personal_message

NOWHERE = "0x" + "5e" * 32
POOR, OTHER = 5, 6  # anvil's accounts; nobody has minted for the first


@pytest.fixture(scope="module", params=["base", "polygon"])
def node(chains: Chains, request) -> Node:
    return chains.nodes[request.param]


@pytest.fixture(scope="module")
def network(node) -> Network:
    return Network(
        name=node.name, chain=node.chain_id, asset=node.asset,
        domain_name="USD Coin", domain_version="2",
    )  # fmt: skip


@pytest.fixture(scope="module")
def chain(chains) -> JsonRpcChain:
    return JsonRpcChain(lambda: {name: each.rpc_url for name, each in chains.nodes.items()})


@pytest.fixture(scope="module")
def pay_to(chains) -> str:
    return chains.pay_to


@pytest.fixture(scope="module")
def payer(chains) -> str:
    return chains.payer.address


@pytest.fixture
def facilitator(chains) -> HttpFacilitator:
    chains.facilitator.script()
    return HttpFacilitator(chains.facilitator.url)


@pytest.fixture
def authorize(node, payer, pay_to) -> Callable[..., Authorization]:
    return lambda **about: Authorization(**{"node": node, "payer": payer, "pay_to": pay_to} | about)


@pytest.fixture
def settlement(chain, network, pay_to) -> Callable[[Authorization], Settled | None]:
    def find(signed: Authorization) -> Settled | None:
        return chain.find_settlement(
            network, signed.payer, signed.nonce,
            since=int(time.time()) - 60, pay_to=pay_to, amount=PRICE,
        )  # fmt: skip

    return find


@pytest.fixture
def used(chain, network) -> Callable[[Authorization], bool]:
    return lambda signed: chain.is_used(network, signed.payer, signed.nonce)


@pytest.fixture
def ask(facilitator, network) -> Callable[..., Settled | Refused | None]:
    def do(verb: str, signed: Authorization, version: int = 2, *, timeout: float = 15):
        about = payment.Authorization(
            version=version, network=network, payer=signed.payer.lower(), nonce=signed.nonce,
            amount=signed.amount, pay_to=signed.pay_to.lower(), valid_after=signed.valid_after,
            valid_before=signed.valid_before,
            payload=signed.v1() if version == 1 else signed.v2(),
        )  # fmt: skip
        return getattr(facilitator, verb)(about, signed.requirements(version), timeout=timeout)

    return do


def transferred(node: Node, payer: str, to: str, amount: int = PRICE, token: str = "") -> str:
    contract = "Forgery" if token else "Token"
    return node.send(payer, token or node.asset, contract, "transfer(address,uint256)", to, amount)


# ── Receipts ───────────────────────────────────────────────────────────────


def test_chain_receipt_of_plain_transfer_has_it(chain, network, node, payer, pay_to) -> None:
    transaction = transferred(node, payer, pay_to)

    found = chain.find_receipt(network, transaction, pay_to=pay_to)

    assert found.succeeded
    assert found.confirmations >= 1
    assert abs(found.mined_at - time.time()) < 3600
    assert found.transfers == [Transfer(log_index=0, payer=payer.lower(), amount=PRICE)]


def test_chain_receipt_of_authorization_has_its_nonce(chain, network, authorize, pay_to) -> None:
    signed = authorize()

    [paid] = chain.find_receipt(network, signed.submit(), pay_to=pay_to).transfers

    assert (paid.payer, paid.amount, paid.nonce) == (signed.payer.lower(), PRICE, signed.nonce)


def test_chain_receipt_confirmations_grow_with_blocks(chain, network, node, payer, pay_to) -> None:
    transaction = transferred(node, payer, pay_to)
    before = chain.find_receipt(network, transaction, pay_to=pay_to).confirmations

    node.rpc("anvil_mine", hex(11))

    assert chain.find_receipt(network, transaction, pay_to=pay_to).confirmations >= before + 11


def test_chain_receipt_of_router_has_all_transfers(chain, network, node, payer, pay_to) -> None:
    router = node.deploy(payer, "Router")
    node.send(payer, node.asset, "Token", "approve(address,uint256)", router, 2 * PRICE)
    method = "pay(address,address,uint256,address,uint256)"

    transaction = node.send(
        payer, router, "Router", method, node.asset, pay_to, PRICE, pay_to, PRICE - 1
    )

    paid = chain.find_receipt(network, transaction, pay_to=pay_to).transfers
    assert [(each.payer, each.amount, each.nonce) for each in paid] == [
        (payer.lower(), PRICE, None), (payer.lower(), PRICE - 1, None),
    ]  # fmt: skip
    assert len({each.log_index for each in paid}) == 2


def test_chain_receipt_of_other_token_has_no_transfer(chain, network, node, payer, pay_to) -> None:
    transaction = transferred(node, payer, pay_to, token=node.deploy(payer, "Forgery"))

    found = chain.find_receipt(network, transaction, pay_to=pay_to)

    assert (found.succeeded, found.transfers) == (True, [])


def test_chain_receipt_of_failed_transaction_has_no_transfer(chain, network, node, pay_to) -> None:
    transaction = transferred(node, node.accounts[POOR].address, pay_to)

    found = chain.find_receipt(network, transaction, pay_to=pay_to)

    assert (found.succeeded, found.transfers) == (False, [])


def test_chain_receipt_of_other_recipient_has_no_transfer(
    chain, network, node, payer, pay_to
) -> None:
    transaction = transferred(node, payer, node.accounts[OTHER].address)

    assert chain.find_receipt(network, transaction, pay_to=pay_to).transfers == []


def test_chain_receipt_of_unknown_transaction_is_none(chain, network, pay_to) -> None:
    assert chain.find_receipt(network, NOWHERE, pay_to=pay_to) is None


def test_chain_receipt_after_reorganization_is_none(chain, network, node, payer, pay_to) -> None:
    before = node.rpc("evm_snapshot")
    transaction = transferred(node, payer, pay_to)

    node.rpc("evm_revert", before)

    assert chain.find_receipt(network, transaction, pay_to=pay_to) is None


# ── Authorizations ─────────────────────────────────────────────


def test_chain_authorization_is_used_after_payment(chain, network, used, authorize) -> None:
    signed = authorize()
    assert not used(signed)

    signed.submit()

    assert used(signed)
    assert not chain.is_used(network, signed.payer, NOWHERE)


def test_chain_settlement_finds_transaction(settlement, authorize) -> None:
    signed = authorize()
    transaction = signed.submit()

    assert settlement(signed) == Settled(transaction=transaction, payer=signed.payer.lower())


def test_chain_settlement_below_1000_blocks_is_found(settlement, node, authorize) -> None:
    signed = authorize()
    transaction = signed.submit()
    node.rpc("anvil_mine", hex(1100), "0x0")

    found = settlement(signed)

    assert found is not None
    assert found.transaction == transaction


def test_chain_settlement_to_other_recipient_is_none(used, settlement, authorize) -> None:
    signed = authorize(pay_to=authorize().node.accounts[OTHER].address)
    signed.submit()

    assert used(signed)
    assert settlement(signed) is None


def test_chain_settlement_of_lower_amount_is_none(settlement, authorize) -> None:
    signed = authorize(amount=1)
    signed.submit()

    assert settlement(replace(signed, amount=PRICE)) is None


def test_chain_settlement_of_cancelled_authorization_is_none(used, settlement, authorize) -> None:
    signed = authorize()
    signed.cancel()

    assert used(signed)
    assert settlement(signed) is None


def test_chain_settlement_of_unused_authorization_is_unknown(settlement, authorize) -> None:
    with pytest.raises(SettlementUnknownError, match="no use"):
        settlement(authorize())


def test_chain_time_is_newest_blocks_time(chain, network, node) -> None:
    before = chain.time(network)

    node.rpc("anvil_mine", "0x1", "0x1")

    assert chain.time(network) >= before


def test_node_of_other_chain_is_unknown(chains, network) -> None:
    swapped = {"base": "polygon", "polygon": "base"}[network.name]
    chain = JsonRpcChain(lambda: {network.name: chains.nodes[swapped].rpc_url})

    with pytest.raises(SettlementUnknownError, match="wrong chain id"):
        chain.is_used(network, chains.pay_to, NOWHERE)


# ── The facilitator ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", [1, 2])
def test_facilitator_verifies_and_settles_payment(
    ask, settlement, node, authorize, version
) -> None:
    signed = authorize()
    before = node.balance(signed.pay_to)

    assert ask("verify", signed, version) is None
    settled = ask("settle", signed, version)

    assert settled == settlement(signed)
    assert node.balance(signed.pay_to) == before + PRICE


def test_facilitator_settles_payment_once(ask, node, authorize) -> None:
    signed = authorize()
    ask("settle", signed)
    before = node.balance(signed.pay_to)

    assert ask("verify", signed) == Refused(reason="payment_already_used")
    assert ask("settle", signed) == Refused(reason="invalid_transaction_state")
    assert node.balance(signed.pay_to) == before


def test_facilitator_refuses_insufficient_funds(ask, node, authorize) -> None:
    signed = authorize(payer=node.accounts[POOR].address)

    assert ask("verify", signed) == Refused(reason="insufficient_funds")
    assert ask("settle", signed) == Refused(reason="invalid_transaction_state")


def test_facilitator_refuses_expired_authorization(ask, authorize) -> None:
    rejected = ask("verify", authorize(valid_before=int(time.time()) - 10))

    assert rejected == Refused(reason="invalid_exact_evm_payload_authorization_valid_before")


@pytest.mark.parametrize("fault", ["lost", "late:2", "pending"])
def test_settlement_with_lost_response_is_found_on_chain(
    ask, chains, settlement, authorize, fault
) -> None:
    signed = authorize()
    chains.facilitator.script(settle=[fault])

    with pytest.raises(SettlementUnknownError):
        ask("settle", signed, timeout=1.5)

    assert settlement(signed) is not None


@pytest.mark.parametrize("fault", ["500", "html", "drop"])
def test_settlement_never_begun_is_unknown_until_reconciled(
    ask, chains, used, authorize, fault
) -> None:
    signed = authorize()
    chains.facilitator.script(settle=[fault])

    with pytest.raises(SettlementUnknownError):
        ask("settle", signed)

    assert not used(signed)


def test_recover_wallet_signature_returns_its_address(node) -> None:
    signer = node.accounts[OTHER].address
    text = f"{node.name}\n{NOWHERE}\n{'ab' * 32}"

    assert recover(text.encode(), sign_personal_message(node, signer, text)) == signer.lower()
