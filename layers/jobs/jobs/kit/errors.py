"""Errors of adapters."""


class UpstreamError(Exception):
    """An upstream service failed. Callers see the message: it names no host, key or stack."""


class UnavailableError(Exception):
    """A service throttles or is unreachable; a retry may succeed."""


class RefusedError(Exception):
    """A service refuses a request for good, such as a too large one; no retry can succeed.

    Callers see the message: it names no host, key or stack.
    """


class UnknownCallerError(Exception):
    """No authorizer has accepted the request."""
