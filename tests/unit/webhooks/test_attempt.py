import pytest

from jobs.kit.errors import FailureClass
from jobs.webhooks.webhook import Attempt
from tests.support import NOON


@pytest.mark.parametrize(("outcome", "expected"), [
    ({"status": 204}, None), ({"error": "paused"}, None),
    ({"status": 301}, "refused"), ({"status": 400}, "refused"), ({"status": 401}, "credentials"),
    ({"status": 404}, "not_found"), ({"status": 410}, "not_found"), ({"status": 429}, "quota"),
    ({"status": 503}, "unavailable"),
    ({"error": "timeout"}, "timeout"), ({"error": "dns"}, "not_found"),
    ({"error": "connection"}, "unavailable"), ({"error": "no_secret"}, "credentials"),
    ({"error": "address_refused"}, "refused"), ({"error": "protocol"}, "bad_answer"),
])  # fmt: skip
def test_attempt_has_the_class_of_its_failure(outcome, expected) -> None:
    attempt = Attempt(at=NOON, ms=1, **outcome)

    assert attempt.failure_class == (FailureClass(expected) if expected else None)
