"""The header Retry-After."""

import pytest

from jobs.kit.outbound.retry_after import retry_after_s
from tests.support import NOON


@pytest.mark.parametrize(("text", "seconds"), [
    ("7", 7), (" 7 ", 7), ("0", 0), ("1.5", 1.5), ("7, 7", 7), ("007", 7),
    ("Thu, 01 Jan 2026 12:00:03 GMT", 3), ("Thursday, 01-Jan-26 12:00:03 GMT", 3),
    ("Thu Jan  1 12:00:03 2026", 3), ("Thu, 01 Jan 2026 13:00:03 +0100", 3),
    ("Thu, 01 Jan 2026 11:59:00 GMT", 0), ("Fri, 02 Jan 2026 12:00:00 GMT", 86_400),
])  # fmt: skip
def test_retry_after_returns_seconds(text, seconds) -> None:
    assert retry_after_s({"Retry-After": text}, now=NOON) == seconds


@pytest.mark.parametrize("text", [
    "", "soon", "-1", "inf", "nan", "1e3", "٣", "9" * 400, "Thu, 41 Jan 2026 12:00:00 GMT",
    "Thu, 01 Jan 99999 12:00:00 GMT", "Thu, 01 Jan 2026 12:00:00 +99999999999", "\0",
])  # fmt: skip
def test_retry_after_invalid_returns_zero(text) -> None:
    assert retry_after_s({"Retry-After": text}, now=NOON) == 0


def test_retry_after_missing_returns_zero() -> None:
    assert retry_after_s({}, now=NOON) == 0
