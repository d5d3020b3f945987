"""The rules for authorizations, at their limits."""

import pytest

from jobs.payments.errors import PaymentRefusedError
from jobs.payments.rules import MAX_VALIDITY_S, MIN_VALIDITY_S, check
from tests.payments import PRICE, TERMS, an_authorization
from tests.support import NOON

NOW = NOON // 1000
PREFIX = "invalid_exact_evm_payload"


@pytest.mark.parametrize("about", [
    {"valid_after": NOW}, {"valid_before": NOW + MIN_VALIDITY_S},
    {"valid_before": NOW + MAX_VALIDITY_S},
])  # fmt: skip
def test_authorization_at_a_limit_is_accepted(about) -> None:
    check(an_authorization(**about), TERMS, now=NOON + 999)


@pytest.mark.parametrize(("about", "code"), [
    ({"pay_to": "0x" + "77" * 20}, f"{PREFIX}_recipient_mismatch"),
    ({"amount": PRICE - 1}, f"{PREFIX}_authorization_value"),
    ({"valid_after": NOW + 1}, f"{PREFIX}_authorization_valid_after"),
    ({"valid_before": NOW + MIN_VALIDITY_S - 1}, "payment_expired"),
    ({"valid_before": NOW + MAX_VALIDITY_S + 1}, "payment_valid_too_long"),
])  # fmt: skip
def test_authorization_beyond_a_limit_is_refused(about, code) -> None:
    with pytest.raises(PaymentRefusedError, match=rf"^{code}$"):
        check(an_authorization(**about), TERMS, now=NOON)
