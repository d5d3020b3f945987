"""The engines for adapter tests: moto and MiniStack, with tables made from template.yaml."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from types import SimpleNamespace
from typing import Any, Final
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

from jobs.kit.aws.botocore_client import to_config
from jobs.kit.aws.call_policy import NORMAL
from local.cloud.aws import CREDENTIALS, REGION
from local.cloud.template import load_template
from local.kit.paths import ROOT, TOOLS

CREATE: Final = "CreateTable"  # no test is about it
RESOURCES: Final = load_template(ROOT / "template.yaml")["Resources"]
_OF_A_TABLE: Final = (
    "AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema",
)  # fmt: skip


def client(service: Any, endpoint_url: str | None = None) -> Any:
    """Make a client with the project's configuration, without the developer's settings."""
    return boto3.client(
        service,
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=to_config(NORMAL).merge(
            Config(ignore_configured_endpoint_urls=True, parameter_validation=True)
        ),
    )


def cloud_of(request: pytest.FixtureRequest) -> str:
    """Return MiniStack's address, or skip the test if it is not installed."""
    if not (TOOLS / "ministack/.ready").exists():
        missing = "the MiniStack environment is missing; `make test` installs it"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    address: str = request.getfixturevalue("stack").aws_endpoint_url
    return address


def table(resource: str) -> cached_property[str]:
    """Create a table of the template on first use."""
    return cached_property(lambda engine: engine.create(resource))


class DynamoDb:
    """One engine: a client, and tables without consumers of their streams."""

    jobs = table("JobTable")
    counters = table("CounterTable")
    audit = table("AuditTable")
    registry = table("RegistryTable")
    missions = table("MissionTable")
    output = table("OutputTable")
    payments = table("PaymentTable")
    sessions = table("SessionTable")
    webhooks = table("WebhookTable")

    def __init__(self, dynamodb: Any, *, remote: bool) -> None:
        self.client = dynamodb
        self.remote = remote

    def create(self, resource: str) -> str:
        definition: Mapping[str, Any] = RESOURCES[resource]["Properties"]
        name = f"{resource}-{uuid4()}"
        self.client.create_table(
            TableName=name, **{k: definition[k] for k in _OF_A_TABLE if k in definition}
        )
        return name

    @contextmanager
    def hooked(self, event: str, hook: Callable[..., Any]) -> Iterator[None]:
        self.client.meta.events.register_last(event, hook)
        try:
            yield
        finally:
            self.client.meta.events.unregister(event, hook)

    @contextmanager
    def calls(self) -> Iterator[list[str]]:
        """Record the names of the called operations."""
        made: list[str] = []

        def note(model: Any, **_: Any) -> None:
            if model.name != CREATE:
                made.append(model.name)

        with self.hooked("before-call.dynamodb.*", note):
            yield made

    @contextmanager
    def consumed(self) -> Iterator[list[float]]:
        """Record the capacity that each call consumes."""
        units: list[float] = []

        def ask(params: dict[str, Any], **_: Any) -> None:
            params["ReturnConsumedCapacity"] = "TOTAL"

        def note(parsed: Mapping[str, Any], **_: Any) -> None:
            units.append(parsed["ConsumedCapacity"]["CapacityUnits"])

        with (
            self.hooked("provide-client-params.dynamodb.Query", ask),
            self.hooked("after-call.dynamodb.Query", note),
        ):
            yield units

    @contextmanager
    def failing(
        self, failure: Exception | str, *, status: int = 400, operation: str = "*", after: int = 0
    ) -> Iterator[None]:
        """Fail calls with an error code, or with a lost connection."""
        so_far = iter(range(after))

        def fail(model: Any, **_: Any) -> Any:
            if model.name == CREATE or next(so_far, None) is not None:
                return None
            if isinstance(failure, Exception):
                raise failure
            return error_response(failure, status)

        with self.hooked(f"before-call.dynamodb.{operation}", fail):
            yield

    @contextmanager
    def losing_answer(
        self, operation: str, meanwhile: Callable[[], None] = lambda: None
    ) -> Iterator[list[str]]:
        """Apply the next such call but lose its response, so that the SDK repeats it."""
        lost: list[str] = []

        def lose(request: Any, event_name: str, **_: Any) -> None:
            if lost or not event_name.endswith(f".{operation}"):
                return
            lost.append(operation)
            if self.remote:  # moto has applied the call before this hook
                URLLib3Session().send(request)
            meanwhile()
            raise ReadTimeoutError(endpoint_url="the table")

        with self.hooked("before-send", lose):
            yield lost


def error_response(code: str, status: int = 400) -> tuple[SimpleNamespace, dict[str, Any]]:
    """Return an error response for a hook on `before-call`."""
    return SimpleNamespace(status_code=status), {
        "Error": {"Code": code, "Message": "Slow down"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
