"""Errors of payments."""

from jobs.core.errors import JobError
from jobs.kit.errors import FailureClass


class PaymentRefusedError(JobError):
    """The payment is missing or invalid; `code` is the reason, in x402's codes where one exists."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SettlementUnknownError(JobError):
    """Money may have moved. Repeating the request reconciles it without a second charge.

    `retry_after` in seconds.
    """

    def __init__(
        self,
        *about: object,
        retry_after: int = 5,
        failure_class: FailureClass = FailureClass.UNAVAILABLE,
    ) -> None:
        super().__init__(*about)
        self.retry_after = retry_after
        self._failure_class = failure_class

    @property
    def failure_class(self) -> FailureClass:
        """The class of the error that caused this one, if there is one."""
        if isinstance(self.__cause__, SettlementUnknownError):
            return self.__cause__.failure_class
        return self._failure_class


class StalePaymentError(JobError):
    """The payment's record was changed after it was read."""
