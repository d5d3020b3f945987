"""Failures that any adapter may report."""


class UpstreamError(Exception):
    """An agent could not answer. The caller sees the message: no host, key or stack in it."""


class UnavailableError(Exception):
    """A service the job core stands on is throttling or out of reach; trying again may help."""


class UnknownCallerError(Exception):
    """A request that no authorizer has let through."""
