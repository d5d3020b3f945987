"""Secrets Manager, each secret read at most once a minute."""

from typing import TYPE_CHECKING

from jobs.kit.aws.client import convert_transient_errors
from jobs.kit.cache import Cache
from jobs.kit.clock import Clock

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient


class SecretsManager:
    def __init__(self, client: "SecretsManagerClient", clock: Clock) -> None:
        self._client = client
        self._cache = Cache[str](clock)

    def read(self, name: str) -> str:
        """Return a secret's text, which may be a minute old."""
        known = self._cache.get(name)
        if known is not None:
            return known
        with convert_transient_errors():
            secret = self._client.get_secret_value(SecretId=name)["SecretString"]
        return self._cache.put(name, value=secret)
