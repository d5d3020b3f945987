"""How AWS is reached, and what its refusals are to users of this client."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import boto3
from botocore import exceptions

from sortie_client.errors import ApiError, ConnectionFailedError, NotConfiguredError

_LOCAL: Final[Mapping[str, Any]] = {
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
    "region_name": "eu-central-1",
}

type Clients = Callable[[str], Any]


def clients(endpoint_url: str | None = None) -> Clients:
    """Return what makes a service's client: at an emulator's address, or else in AWS.

    In AWS with the credentials and the region that boto3 finds; an emulator gets none of them.
    """
    session = boto3.Session(**(_LOCAL if endpoint_url else {}))

    @cache
    def client(service: str) -> Any:
        return session.client(service, endpoint_url=endpoint_url)  # type: ignore[call-overload]

    return client


@contextmanager
def failures() -> Iterator[None]:
    """Turn what boto3 raises into a `SortieError`."""
    try:
        yield
    except exceptions.ClientError as error:
        told, answered = error.response["Error"], error.response["ResponseMetadata"]
        raise ApiError(
            answered["HTTPStatusCode"], told.get("Message") or str(error), code=told.get("Code")
        ) from error
    except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
        raise ConnectionFailedError(str(error), sent=False) from error
    except exceptions.BotoCoreError as error:  # no credentials, no region
        raise NotConfiguredError(str(error)) from error
