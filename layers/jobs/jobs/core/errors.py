"""Everything that can go wrong with a job, in the domain's own words."""


class JobError(Exception):
    """Base of every error a caller may be told about."""


class JobNotFoundError(JobError):
    """No such job of this tenant, or its retention has passed."""


class JobEndedError(JobError):
    """The job is over; nothing about it changes any more."""


class JobStartedError(JobError):
    """The job no longer waits: it is being done, or over."""


class JobLeasedError(JobError):
    """Another worker holds the job until `until` (epoch ms)."""

    def __init__(self, until: int) -> None:
        super().__init__(f"leased until {until}")
        self.until = until


class StaleJobError(JobError):
    """Someone else changed the job since it was read."""


class IdempotencyConflictError(JobError):
    """The same idempotency key came with a different request."""


class AgentNotFoundError(JobError):
    """No active agent has this id."""

    def __init__(self, agent_id: str) -> None:
        super().__init__(f"Agent {agent_id} not found")


class NoAgentsError(JobError):
    """The tenant has no active agent at all."""


class DeviceGroupNotFoundError(JobError):
    """The organisation has no such device group."""


class DeviceNotFoundError(JobError):
    """The device group has no such device."""


class PlanNotFoundError(JobError):
    """The organisation has no such mission to fly."""


class DeviceOfflineError(JobError):
    """The one device that may do the job is out of reach, and the caller will not wait for it."""


class ResourceNotFoundError(JobError):
    """The organisation has neither a job nor a device group of this id."""


class ShareNotFoundError(JobError):
    """The organisation has no such share, or it has expired."""


class ShareFullError(JobError):
    """As many as may watch by this share at the same time do so already."""


class IdTakenError(JobError):
    """Another organisation has registered a device or device group of this id."""

    def __init__(self, taken: str) -> None:
        super().__init__(f"{taken!r} is another organisation's; choose another id")


class SessionNotFoundError(JobError):
    """No such session of this tenant's, or nothing is left of it."""


class SessionExpiredError(JobError):
    """The session has come to its end."""


class StaleSessionError(JobError):
    """Someone else changed the session since it was read."""


class NotItsTurnError(JobError):
    """An earlier message of the session has yet to be answered."""


class InvalidClientError(JobError):
    """No program of this organisation's has this id and secret."""


class BadCursorError(JobError):
    """A page cursor that this caller was not given for this listing."""


class AgentError(JobError):
    """An agent could not answer. The caller sees the message: no host, key or stack in it."""


class UnavailableError(JobError):
    """A service the job core stands on is throttling or out of reach; trying again may help."""


class ProjectNotFoundError(JobError):
    """The organisation has no such documentation project."""


class PathRefusedError(JobError):
    """A path that an agent has no business with; the message says why."""


class CredentialsRefusedError(AgentError):
    """The repository's host will not let us in."""


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


class NotForSaleError(JobError):
    """What is asked for would cost something elsewhere, and cannot be paid for here."""


class StalePaymentError(JobError):
    """Someone else changed the payment's record since it was read."""


class WebhookRefusedError(JobError):
    """A webhook's URL that we will not send anything to; the message says why."""


class NotDeliveredError(JobError):
    """A webhook's receiver gave no answer; the message is the kind of error that there was."""


class DeliveryNotFoundError(JobError):
    """No such delivery of this tenant, or it was too long ago."""


class DeliveryExhaustedError(JobError):
    """The delivery has been attempted too often to be tried again."""
