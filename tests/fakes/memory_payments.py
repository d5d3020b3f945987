"""In-memory payment records; tests/adapters checks their contract."""

from collections.abc import Sequence

from jobs.kit.clock import Clock, Millis
from jobs.payments.errors import StalePaymentError
from jobs.payments.payment import KeyedPayment, Payment


class InMemoryPayments:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._payments: dict[str, Payment] = {}
        self._keys: dict[tuple[str, str], KeyedPayment] = {}

    def reserve(
        self,
        payment: Payment,
        *,
        replacing: Payment | None,
        key: KeyedPayment | None = None,
        replacing_key: KeyedPayment | None = None,
    ) -> bool:
        if not _is(self._payments.get(payment.id), replacing):
            return False
        if key:
            owner = replacing_key.payment_id if replacing_key else None
            stands_for = self.find_key(key.tenant, key.key)
            if stands_for and stands_for.payment_id != owner:
                return False
            self._keys[key.tenant, key.key] = key
        self._payments[payment.id] = payment
        return True

    def find(self, payment_id: str) -> Payment | None:
        return self._payments.get(payment_id)

    def find_key(self, tenant: str, key: str) -> KeyedPayment | None:
        found = self._keys.get((tenant, key))
        return found if found and found.expires_at > self._clock() else None

    def save(self, payment: Payment, *, replacing: Payment) -> None:
        if not _is(self._payments.get(payment.id), replacing):
            raise StalePaymentError(payment.id)
        self._payments[payment.id] = payment

    def all(self) -> Sequence[Payment]:
        return [*self._payments.values()]


class FollowedPayments:
    """Records the payments to watch, and the time of the first check."""

    def __init__(self) -> None:
        self.followed: dict[str, Millis] = {}

    def follow(self, payment: Payment, *, at: Millis) -> None:
        self.followed.setdefault(payment.id, at)


def _is(stored: Payment | None, expected: Payment | None) -> bool:
    if stored is None or expected is None:
        return stored is expected
    return (stored.state, stored.attempt) == (expected.state, expected.attempt)
