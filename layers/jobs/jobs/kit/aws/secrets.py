"""Secrets Manager, each secret read at most once a minute."""

from typing import TYPE_CHECKING, Final

from jobs.core.job import Millis
from jobs.core.ports import Clock
from jobs.kit.aws.client import passing_failures

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

_FRESH: Final[Millis] = 60_000


class SecretsManager:
    def __init__(self, client: "SecretsManagerClient", clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._read: dict[str, tuple[Millis, str]] = {}

    def read(self, name: str) -> str:
        read_at, secret = self._read.get(name, (-_FRESH, ""))
        if self._clock() < read_at + _FRESH:
            return secret
        with passing_failures():
            secret = self._client.get_secret_value(SecretId=name)["SecretString"]
        self._read[name] = (self._clock(), secret)
        return secret
