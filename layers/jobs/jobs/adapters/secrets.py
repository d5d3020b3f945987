"""Secrets Manager, each secret read once per execution environment; and what is signed with one."""

from functools import cache
from typing import TYPE_CHECKING

from itsdangerous import BadData, URLSafeSerializer

from jobs.adapters.aws import passing_failures
from jobs.domain.errors import BadCursorError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient


class SecretsManager:
    def __init__(self, client: "SecretsManagerClient") -> None:
        self._client = client
        self.read = cache(self._read)

    def _read(self, name: str) -> str:
        with passing_failures():
            return self._client.get_secret_value(SecretId=name)["SecretString"]


class CursorSigner:
    """Binds a listing's position to its caller and filter, which are the signature's salt."""

    def __init__(self, secrets: SecretsManager, name: str) -> None:
        self._secrets = secrets
        self._name = name

    def sign(self, value: str, *, scope: str) -> str:
        token = self._serializer(scope).dumps(value)
        return token.decode() if isinstance(token, bytes) else token

    def verify(self, token: str, *, scope: str) -> str:
        try:
            return str(self._serializer(scope).loads(token))
        except BadData as error:
            raise BadCursorError from error

    def _serializer(self, scope: str) -> URLSafeSerializer:
        return URLSafeSerializer(self._secrets.read(self._name), salt=scope)
