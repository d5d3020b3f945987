"""The facilitator client, against Coinbase's and the reference facilitator's wire formats."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jobs.payments.adapters.facilitator import HttpFacilitator
from jobs.payments.errors import SettlementUnknownError
from jobs.payments.payment import Authorization, Network
from jobs.payments.ports import Refused, Settled
from local.kit.network import find_free_port
from tests.adapters.upstream import (
    Upstream,
    close_connection,
    close_in_body,
    never_respond,
    reply,
    respond_slowly,
    running,
)

BASE = Network(
    name="base", chain=8453, asset="0x833589fcd6edb6e08f4c7c32d4f71b54bda02913",
    domain_name="USD Coin", domain_version="2",
)  # fmt: skip
PAYER = "0x" + "ab" * 20
TRANSACTION = "0x" + "5E" * 32
PAYLOAD = {"x402Version": 1, "scheme": "exact", "network": "base", "payload": {"signature": "0x"}}
OFFER = {"scheme": "exact", "network": "base", "maxAmountRequired": "20000"}
SETTLED = {"success": True, "payer": PAYER, "transaction": TRANSACTION, "network": "base"}
PENDING = SETTLED | {"success": False, "errorReason": "settlement_pending"}
FAULTS = {
    "500": reply({"error": "boom"}, 500),
    "503 with a yes": reply({"isValid": True, **SETTLED}, 503),
    "429": reply({}, 429),
    "our key refused": reply({"errorType": "unauthorized"}, 401),
    "forbidden": reply({}, 403),
    "html": reply(b"<html>bad gateway</html>"),
    "no object": reply(["yes"]),
    "nothing": reply(b""),
    "null": reply(None),
    "yes as a word": reply({"isValid": "true", "success": "true", "transaction": TRANSACTION}),
    "one for yes": reply({"isValid": 1, "success": 1, "transaction": TRANSACTION}),
    "not a number": reply(b'{"isValid": NaN, "success": NaN}'),
    "too deep": reply(b"[" * 100_000),
    "too large": reply(b'{"isValid": true, "x": "' + b"x" * (3 * 2**20) + b'"}'),
    "a no without a reason": reply({"isValid": False, "success": False}),
    "a redirect": reply({}, 307, Location="/elsewhere"),
    "dropped": close_connection,
    "dropped in mid-body": close_in_body,
    "hanging": never_respond,
    "dripping": respond_slowly,
}  # fmt: skip


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as server:
        yield server


@pytest.fixture
def facilitator(upstream) -> HttpFacilitator:
    return HttpFacilitator(f"{upstream.url}/platform/v2/x402/")


@pytest.fixture
def verify(facilitator) -> Callable[[], Refused | None]:
    return lambda: facilitator.verify(authorization(), OFFER, timeout=0.5)


@pytest.fixture
def settle(facilitator) -> Callable[[], Settled | Refused]:
    return lambda: facilitator.settle(authorization(), OFFER, timeout=0.5)


def authorization(**about: Any) -> Authorization:
    sane: dict[str, Any] = {
        "version": 1, "network": BASE, "payer": PAYER, "nonce": "0x" + "01" * 32, "amount": 20000,
        "pay_to": "0x" + "cd" * 20, "valid_after": 0, "valid_before": 1, "payload": PAYLOAD,
    }  # fmt: skip
    return Authorization(**sane | about)


def unknown(ask: Callable[[], object]) -> str:
    with pytest.raises(SettlementUnknownError) as error:
        ask()
    assert "127.0.0.1" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("status", "failure_class"),
    [
        (401, "credentials"), (403, "credentials"), (404, "not_found"), (429, "quota"),
        (500, "unavailable"), (503, "unavailable"), (200, "bad_answer"),
    ],
)  # fmt: skip
def test_unusable_reply_has_class_of_its_status(
    upstream, verify, settle, status, failure_class
) -> None:
    upstream.then(reply({}, status))

    for ask in (verify, settle):
        with pytest.raises(SettlementUnknownError) as unknown:
            ask()
        assert unknown.value.failure_class == failure_class


@pytest.mark.parametrize("verb", ["verify", "settle"])
def test_verify_sends_client_payload_unchanged(upstream, facilitator, verb) -> None:
    upstream.then(reply({"isValid": True, **SETTLED}))

    getattr(facilitator, verb)(authorization(version=2), OFFER, timeout=5)

    received = upstream.only
    assert (received.method, received.path) == ("POST", f"/platform/v2/x402/{verb}")
    assert received.headers["content-type"] == "application/json"
    assert received.body == {
        "x402Version": 2, "paymentPayload": PAYLOAD, "paymentRequirements": OFFER,
    }  # fmt: skip


def test_verify_valid_authorization_returns_none(upstream, verify) -> None:
    upstream.then(reply({"isValid": True, "payer": PAYER}))

    assert verify() is None


@pytest.mark.parametrize("network", ["base", "eip155:8453", "", None])
def test_settle_returns_transaction(upstream, settle, network) -> None:
    upstream.then(reply(SETTLED | {"network": network}))

    assert settle() == Settled(transaction=TRANSACTION.lower(), payer=PAYER)


@pytest.mark.parametrize(
    ("reason", "public"),
    [
        ("insufficient_funds", "insufficient_funds"),
        ("invalid_exact_evm_insufficient_balance", "insufficient_funds"),
        ("invalid_exact_evm_payload_signature", "invalid_exact_evm_payload_signature"),
        ("invalid_exact_evm_nonce_already_used", "payment_already_used"),
        ("invalid_exact_evm_payload_authorization_from_address_kyt", "payment_refused"),
        ("invalid_exact_evm_token_name_mismatch", "payment_refused"),
        ("invalid_<script>", "payment_refused"),
    ],
)
def test_refusal_has_public_reason_only(upstream, verify, settle, reason, public) -> None:
    no = {"isValid": False, "invalidReason": reason, "success": False, "errorReason": reason}
    upstream.then(reply(no))

    assert (verify(), settle()) == (Refused(reason=public), Refused(reason=public))


@pytest.mark.parametrize("status", [400, 402])
def test_refusal_with_error_status_is_refused(upstream, verify, settle, status) -> None:
    no = {"isValid": False, "success": False}
    reasons = {"invalidReason": "insufficient_funds", "errorReason": "insufficient_funds"}
    upstream.then(reply(no | reasons, status))

    refused = Refused(reason="insufficient_funds")
    assert (verify(), settle()) == (refused, refused)


def test_verify_invalid_request_is_refused(upstream, verify, settle) -> None:
    upstream.then(reply({"errorType": "invalid_request", "errorMessage": "x"}, 400))

    assert verify() == Refused(reason="invalid_payload")
    assert "400" in unknown(settle)


@pytest.mark.parametrize(
    "reason",
    [
        "unexpected_verify_error", "unexpected_settle_error", "unknown_error", "node_failure",
        "settle_exact_node_failure", "settle_exact_evm_transaction_confirmation_timed_out",
        "settlement_pending", "invalid_exact_evm_transfer_event_mismatch",
        "invalid_exact_evm_failed_to_get_receipt", "duplicate_settlement",
    ],
)  # fmt: skip
def test_verify_with_technical_reason_is_unknown(upstream, verify, settle, reason) -> None:
    no = {"isValid": False, "invalidReason": reason, "success": False, "errorReason": reason}
    upstream.then(reply(no))

    assert reason in unknown(verify)
    assert reason in unknown(settle)


@pytest.mark.parametrize(
    "reason", ["transaction_failed", "invalid_transaction_state", "settle_exact_failed_onchain"]
)
def test_settle_failed_is_refused_only_with_transaction(upstream, settle, reason) -> None:
    failed = {"success": False, "errorReason": reason}
    upstream.then(reply(failed | {"transaction": TRANSACTION}), reply(failed | {"transaction": ""}))

    assert settle() == Refused(reason="invalid_transaction_state")
    unknown(settle)


def test_refusal_log_has_original_reason(upstream, verify, settle, caplog) -> None:
    caplog.set_level("INFO")
    no = {"isValid": False, "invalidReason": "kyt_risk_detected"}
    upstream.then(reply(no), reply({"errorReason": "settlement_pending"}, 500), reply({}, 401))

    verify()
    unknown(settle)
    unknown(settle)

    assert [record.getMessage() for record in caplog.records if record.name.startswith("jobs")] == [
        "facilitator, verify: 200, kyt_risk_detected",
        "facilitator, settle: 500, settlement_pending",
        "facilitator, settle: 401, no reason",
    ]


@pytest.mark.parametrize("status", [200, 402, 500])
def test_settle_pending_with_transaction_is_unknown(upstream, settle, status) -> None:
    upstream.then(reply(PENDING, status))

    assert "settlement_pending" in unknown(settle)


def test_settle_with_unlisted_reason_is_unknown(upstream, verify, settle) -> None:
    new = "sequencer_holds_it_back"
    upstream.then(
        reply({"isValid": False, "invalidReason": new, "success": False, "errorReason": new})
    )

    assert verify() == Refused(reason="payment_refused")
    assert new in unknown(settle)


@pytest.mark.parametrize(
    "about",
    [
        {"transaction": ""},
        {"transaction": "0x12"},
        {"transaction": None},
        {"network": "polygon"},
        {"network": []},
        {"network": {}},
    ],
    ids=str,
)
def test_settle_with_invalid_transaction_is_unknown(upstream, settle, about) -> None:
    upstream.then(reply(SETTLED | about))

    unknown(settle)


@pytest.mark.parametrize("verb", ["verify", "settle"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_unclear_answer_is_unknown(upstream, facilitator, verb, fault) -> None:
    upstream.then(fault)

    unknown(lambda: getattr(facilitator, verb)(authorization(), OFFER, timeout=0.3))


def test_verify_on_dead_connection_is_retried(upstream, verify) -> None:
    upstream.then(close_connection, reply({"isValid": True}))

    assert verify() is None


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_settle_on_dead_connection_is_not_retried(upstream, settle, fault) -> None:
    upstream.then(fault, reply(SETTLED))

    unknown(settle)

    assert len(upstream.received) == 1


def test_unreachable_facilitator_is_unknown() -> None:
    facilitator = HttpFacilitator(f"http://127.0.0.1:{find_free_port()}")

    unknown(lambda: facilitator.settle(authorization(), OFFER, timeout=1))


def test_credentials_are_made_per_request(upstream) -> None:
    calls = []

    def credentials(method: str, url: str) -> dict[str, str]:
        calls.append((method, url))
        return {"Authorization": "Bearer token"}

    upstream.then(reply({"isValid": True}))

    HttpFacilitator(upstream.url, credentials).verify(authorization(), OFFER, timeout=5)

    assert calls == [("POST", f"{upstream.url}/verify")]
    assert upstream.only.headers["authorization"] == "Bearer token"


def test_invalid_credentials_are_not_logged(upstream) -> None:
    facilitator = HttpFacilitator(upstream.url, lambda *_: {"Authorization": "Bearer a\nb"})

    text = unknown(lambda: facilitator.verify(authorization(), OFFER, timeout=5))

    assert "Bearer" not in text
    assert upstream.received == []
