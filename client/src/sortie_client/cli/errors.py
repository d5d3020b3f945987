"""Exit codes, and advice on errors."""

import os
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from sortie_client.errors import (
    ApiError,
    AuthenticationError,
    ConnectionFailedError,
    InvalidIdError,
    JobFailedError,
    NotConfiguredError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    SortieError,
)
from sortie_client.settings import find_source, find_variables

JOB_FAILED: Final = 1
USAGE_ERROR: Final = 2
REFUSED: Final = 3
UNAVAILABLE: Final = 4
INTERRUPTED: Final = 130

_KEYS: Final = {  # of each API, by a part of its paths
    "/v3/auth/token": "SORTIE_MISSIONS_API_KEY",
    "/v3/": "SORTIE_CLIENT_ID",
    "/agent/": "SORTIE_DOCS_API_KEY",
    "/admin/": "SORTIE_ADMIN_KEY",
    "/workers/": "SORTIE_WORKER_KEY",
}

_ADVICE: Final[Mapping[type[SortieError], tuple[int, str]]] = {
    JobFailedError: (JOB_FAILED, ""),
    InvalidIdError: (USAGE_ERROR, ""),
    NotConfiguredError: (USAGE_ERROR, ""),
    ConnectionFailedError: (UNAVAILABLE, "Is the server running? Its address is from {source}."),
    RateLimitedError: (UNAVAILABLE, "Try again later."),
    ServerError: (UNAVAILABLE, "Try again later."),
    AuthenticationError: (REFUSED, "{key}"),
    PermissionDeniedError: (REFUSED, "Use a key or client with more permissions."),
    PaymentRequiredError: (REFUSED, "`sortie` cannot pay. Use the Python client with `payment=`."),
    ApiError: (REFUSED, ""),
    SortieError: (UNAVAILABLE, ""),
}


def explain(error: SortieError) -> tuple[str, int]:
    """Return the error's text with advice, and the exit code."""
    code, advice = next(_ADVICE[kind] for kind in type(error).__mro__ if kind in _ADVICE)
    if isinstance(error, RateLimitedError) and error.retry_after:
        advice = f"Try again in {error.retry_after:.0f} s."
    if advice.startswith("{") or "{source}" in advice:
        advice = advice.format(source=find_source(), key=_describe_key(error))
    where = f"\n{error.url}" if isinstance(error, ApiError) and error.url else ""
    return f"{error}{where}\n{advice}".rstrip(), code


def _describe_key(error: SortieError) -> str:
    """Say which key the server has refused: the variable, where it is from, and its public part."""
    path = urlsplit(error.url or "").path if isinstance(error, ApiError) else ""
    name = next((name for part, name in _KEYS.items() if part in path), "SORTIE_API_KEY")
    variables = find_variables()
    if name not in variables:
        return f"No key was sent. Set {name}, or use `sortie login`."
    shown = variables[name] if name == "SORTIE_CLIENT_ID" else _mask(variables[name])
    source = "the environment" if os.environ.get(name) else find_source()
    return f"The server does not know {name}={shown}, which is from {source}."


def _mask(key: str) -> str:
    """Return a key's prefix and id: the last part is the secret."""
    prefix, _, rest = key.partition("_")
    key_id, has_secret, _ = rest.partition("_")
    return f"{prefix}_{key_id}_…" if has_secret else "…"
