"""Errors of adapters."""

from enum import StrEnum


class FailureClass(StrEnum):
    """What kind of failure it was, so that programs need not read its text."""

    CREDENTIALS = "credentials"
    """A peer does not accept our credentials, or they are missing."""

    NOT_FOUND = "not_found"
    """What the job needs does not exist, such as its agent, repository or model."""

    QUOTA = "quota"
    """A limit of ours or of a peer: requests, tokens, money, size, steps."""

    REFUSED = "refused"
    """A peer understood and declined, such as a filter, a protected branch or a device."""

    UNAVAILABLE = "unavailable"
    """A peer did not answer, or said that it cannot at present."""

    TIMEOUT = "timeout"
    """The job's time was up."""

    BAD_ANSWER = "bad_answer"
    """A peer's answer makes no sense, or is incomplete."""

    INTERNAL = "internal"
    """Our own fault."""


class UpstreamError(Exception):
    """An upstream service failed, for good as far as this job is concerned.

    Callers see the message: it names no host, key or stack. `detail` is for the operator's log:
    the peer's status and its own short message, without secrets.
    """

    def __init__(self, reason: str, failure_class: FailureClass, *, detail: str = "") -> None:
        super().__init__(reason)
        self.failure_class = failure_class
        self.detail = detail


class UnavailableError(Exception):
    """A service throttles or is unreachable; a retry may succeed."""


class RefusedError(Exception):
    """A service refuses a request for good, such as a too large one; no retry can succeed.

    Callers see the message, and `detail` is for the log, as in `UpstreamError`.
    """

    def __init__(
        self,
        reason: str = "",
        failure_class: FailureClass = FailureClass.REFUSED,
        *,
        detail: str = "",
    ) -> None:
        super().__init__(reason)
        self.failure_class = failure_class
        self.detail = detail


class UnknownCallerError(Exception):
    """No authorizer has accepted the request."""
