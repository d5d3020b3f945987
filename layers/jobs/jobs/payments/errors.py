"""Errors of payments."""

from jobs.core.errors import JobError


class PaymentRefusedError(JobError):
    """No job for this payment, or for none at all: `code` says why, in x402's words or ours."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SettlementUnknownError(JobError):
    """Money may have moved. The same request again finds out, without a second charge.

    `retry_after` in seconds.
    """

    def __init__(self, *about: object, retry_after: int = 5) -> None:
        super().__init__(*about)
        self.retry_after = retry_after


class StalePaymentError(JobError):
    """Someone else changed the payment's record since it was read."""
