"""Secrets Manager, each secret read once per execution environment."""

from functools import cache
from typing import TYPE_CHECKING

from jobs.adapters.aws import passing_failures

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient


class SecretsManager:
    def __init__(self, client: "SecretsManagerClient") -> None:
        self._client = client
        self.read = cache(self._read)

    def _read(self, name: str) -> str:
        with passing_failures():
            return self._client.get_secret_value(SecretId=name)["SecretString"]
