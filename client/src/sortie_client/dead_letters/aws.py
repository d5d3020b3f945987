"""AWS clients, and the conversion of their errors."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import boto3
from botocore import exceptions
from botocore.config import Config

from sortie_client.errors import ApiError, ConnectionFailedError, NotConfiguredError

_EMULATOR: Final[Mapping[str, Any]] = {
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
    "region_name": "eu-central-1",
}

type Clients = Callable[[str], Any]


def aws_clients(endpoint_url: str | None = None, *, region: str | None = None) -> Clients:
    """Return a factory that creates each service's client once.

    `endpoint_url`: an emulator's, which gets fixed credentials instead of boto3's own. `region`:
    instead of that of the AWS settings.
    """
    session = boto3.Session(**(_EMULATOR if endpoint_url else {"region_name": region}))
    config = Config(proxies={}) if endpoint_url else None  # the emulator is on this machine

    @cache
    def client(service: str) -> Any:
        return session.client(  # type: ignore[call-overload]
            service, endpoint_url=endpoint_url, config=config
        )

    return client


@contextmanager
def aws_errors() -> Iterator[None]:
    """Convert boto3's errors to `SortieError`s."""
    try:
        yield
    except exceptions.ClientError as error:
        details, metadata = error.response["Error"], error.response["ResponseMetadata"]
        raise ApiError(
            metadata["HTTPStatusCode"],
            details.get("Message") or str(error),
            code=details.get("Code"),
        ) from error
    except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
        raise ConnectionFailedError(str(error), sent=False) from error
    except exceptions.BotoCoreError as error:  # no credentials, no region
        raise NotConfiguredError(str(error)) from error
