"""Errors of payments."""

from jobs.core.errors import JobError


class PaymentRefusedError(JobError):
    """The payment is missing or invalid; `code` is the reason, in x402's codes where one exists."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SettlementUnknownError(JobError):
    """Money may have moved. Repeating the request reconciles it without a second charge.

    `retry_after` in seconds.
    """

    def __init__(self, *about: object, retry_after: int = 5) -> None:
        super().__init__(*about)
        self.retry_after = retry_after


class StalePaymentError(JobError):
    """The payment's record was changed after it was read."""
