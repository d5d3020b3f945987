"""Secrets Manager, each secret read at most once a minute."""

from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from jobs.kit.aws.client import code_of, convert_aws_errors
from jobs.kit.cache import Cache
from jobs.kit.clock import Clock
from jobs.kit.errors import FailureClass, RefusedError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

_UNREADABLE: Final = frozenset({
    "AccessDeniedException", "DecryptionFailure", "ResourceNotFoundException",
})  # fmt: skip
"""Faults of the name that a registry's entry gives, so they last."""


class SecretsManager:
    def __init__(self, client: "SecretsManagerClient", clock: Clock) -> None:
        self._client = client
        self._cache = Cache[str](clock)

    def read(self, name: str) -> str:
        """Return a secret's text, which may be a minute old. Raises `RefusedError` without one."""
        known = self._cache.get(name)
        if known is not None:
            return known
        try:
            with convert_aws_errors():
                found = self._client.get_secret_value(SecretId=name)
        except RefusedError as error:  # of a deleted secret, or of a name that none can have
            raise _unreadable(name, str(error)) from None
        except ClientError as error:
            if code_of(error) not in _UNREADABLE:
                raise
            raise _unreadable(name, code_of(error)) from None
        if "SecretString" not in found:
            raise _unreadable(name, "it is binary")
        return self._cache.put(name, value=found["SecretString"])


def _unreadable(name: str, reason: str) -> RefusedError:
    text, detail = f"A secret cannot be read: {reason}", f"secret {name}: {reason}"
    if reason == "ResourceNotFoundException":
        text = "A secret does not exist. The operator of this server must create it"
        detail = f"secret {name} does not exist"
    elif reason.endswith("InvalidRequestException"):
        detail = f"secret {name} is deleted, or will be: {reason}"
    return RefusedError(text, FailureClass.CREDENTIALS, detail=detail)
