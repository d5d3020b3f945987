"""The emulator without a stack."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import cache
from typing import Any

import pytest

from local.cloud.aws import create_session
from local.cloud.ministack import MiniStack

AUTHORIZER_PREFIX = "AuthorizeMqtt-"
TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]},
        "Action": "sts:AssumeRole",
    },
}


@pytest.fixture(scope="session")
def ministack(tmp_path_factory) -> Iterator[MiniStack]:
    with MiniStack(tmp_path_factory.mktemp("ministack"), AUTHORIZER_PREFIX) as started:
        started.wait()
        yield started


@pytest.fixture(scope="session")
def root(ministack) -> Iterator[Callable[[str], Any]]:
    """Return clients with all permissions, by service."""
    with ExitStack() as cleanup:

        @cache
        def client(service: str) -> Any:
            made: Any = create_session().client(service, endpoint_url=ministack.url)  # type: ignore[call-overload]
            return cleanup.enter_context(closing(made))

        yield client


@pytest.fixture(scope="session")
def role(root) -> str:
    """Return the ARN of a role without permissions."""
    trust = json.dumps(TRUST)
    made = root("iam").create_role(RoleName="none", AssumeRolePolicyDocument=trust)
    return str(made["Role"]["Arn"])
