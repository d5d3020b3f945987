"""Errors of the admin API. The caller sees each message."""

from jobs.core.errors import JobError


class TenantNotFoundError(JobError):
    def __init__(self, tenant: str) -> None:
        super().__init__(f"Tenant {tenant} not found")


class CollectionNotFoundError(JobError):
    def __init__(self) -> None:
        super().__init__("Not found")


class EntryNotFoundError(JobError):
    def __init__(self, resource: str, entry: str) -> None:
        super().__init__(f"No such entry in {resource}: {entry}")


class EntryExistsError(JobError):
    def __init__(self, resource: str, entry: str) -> None:
        super().__init__(f"An entry with this id exists in {resource}: {entry}")


class EntryChangedError(JobError):
    """Another request changed the entry after this one read it."""

    def __init__(self) -> None:
        super().__init__("The entry has changed: read it again")


class PreconditionFailedError(JobError):
    def __init__(self) -> None:
        super().__init__("The entry is not as If-Match or If-None-Match demands: read it again")


class IdTakenError(JobError):
    def __init__(self, resource: str, entry: str) -> None:
        super().__init__(f"Another tenant has the id {entry} in {resource}: choose another id")


class ParentNotFoundError(JobError):
    def __init__(self, resource: str, entry: str) -> None:
        super().__init__(f"No such entry in {resource}: {entry}. Create it first")


class EntryInUseError(JobError):
    """The message says what still uses the entry."""


class KeyReplacedError(JobError):
    def __init__(self, key: str, successor: str) -> None:
        super().__init__(f"Key {key} was rotated already: rotate {successor}")


class KeyExpiredError(JobError):
    def __init__(self, key: str) -> None:
        super().__init__(f"Key {key} has expired: create a new one")


class PartnerReplacedError(JobError):
    def __init__(self, partner: str, successor: str) -> None:
        super().__init__(f"Partner {partner} was rotated already: rotate {successor}")


class PartnerExpiredError(JobError):
    def __init__(self, partner: str) -> None:
        super().__init__(f"Partner {partner} has expired: create a new one")


class KeyConflictError(JobError):
    """The Idempotency-Key came with a different request."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for a different request")
