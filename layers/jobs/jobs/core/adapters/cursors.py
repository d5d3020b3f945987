"""Page cursors, signed with the stack's secret."""

from itsdangerous import BadData, URLSafeSerializer

from jobs.core.errors import BadCursorError
from jobs.kit.secrets import SecretReader


class CursorSigner:
    """Signs positions, with the listing's caller and filter as salt."""

    def __init__(self, secrets: SecretReader, name: str) -> None:
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
