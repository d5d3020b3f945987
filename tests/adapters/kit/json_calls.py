"""Both clients, botocore's and ours, on one address."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from unittest.mock import patch

from botocore.session import get_session

from jobs.kit.aws.botocore_client import create_client
from jobs.kit.aws.call_policy import CallPolicy
from jobs.kit.aws.json_client import JsonClient

POLICY = CallPolicy(connect_s=1, read_s=1)
LAMBDA = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_LAMBDA_FUNCTION_NAME": "create",
    "AWS_REGION": "us-east-1",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
}


@contextmanager
def in_lambda(**changes: str | None) -> Iterator[None]:
    """Set the environment of a function; None removes a variable."""
    variables = {name: value for name, value in {**LAMBDA, **changes}.items() if value is not None}
    with patch.dict(os.environ, variables, clear=True):
        yield


@contextmanager
def both_clients(service: str, url: str | None = None) -> Iterator[tuple[Any, Any]]:
    """Make botocore's client and ours, with the environment's settings."""
    with patch.dict(os.environ, {"AWS_ENDPOINT_URL": url} if url else {}):
        session = get_session()
        session.set_config_variable("region", os.environ["AWS_REGION"])
        with (
            closing(create_client(session, service, POLICY, url)) as theirs,
            closing(JsonClient(service, POLICY)) as ours,
        ):
            yield theirs, ours


def outcome(client: Any, method: str, **parameters: Any) -> Any:
    """Return the answer, or the error with all that a caller may look at."""
    try:
        answer = getattr(client, method)(**parameters)
    except Exception as error:  # noqa: BLE001 - compared
        response = getattr(error, "response", None)
        if response is None:
            return type(error)
        told = {name: value for name, value in response.items() if name.isidentifier()}
        told["ResponseMetadata"] = told["ResponseMetadata"]["HTTPStatusCode"]
        told["Error"] = {name: told["Error"].get(name) for name in ("Code", "Message")}
        told.pop("message", None)
        told.pop("Message", None)
        return told
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
