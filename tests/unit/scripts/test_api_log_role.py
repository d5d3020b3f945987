"""The account's role for API Gateway's logs, on a simulated AWS."""

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from scripts import api_log_role
from scripts.api_log_role import ROLE, set_api_log_role

THEIRS = "arn:aws:iam::123456789012:role/theirs"


@pytest.fixture(autouse=True)
def _account(monkeypatch):
    monkeypatch.setattr(api_log_role, "PAUSES_S", (0.0, 0.0))
    with mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        yield


@pytest.fixture
def session() -> boto3.Session:
    return boto3.Session("testing", "testing", region_name="eu-central-1")


def role_of(session: boto3.Session) -> str | None:
    return session.client("apigateway").get_account().get("cloudwatchRoleArn")


def set_role(session: boto3.Session, arn: str) -> None:
    session.client("apigateway").update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}]
    )


def test_account_without_role_gets_one_that_may_write_logs(session) -> None:
    arn = set_api_log_role(session)

    policies = session.client("iam").list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    assert role_of(session) == arn
    assert [each["PolicyName"] for each in policies] == ["AmazonAPIGatewayPushToCloudWatchLogs"]


def test_role_that_the_account_has_is_kept(session) -> None:
    set_role(session, THEIRS)

    assert set_api_log_role(session) is None
    assert role_of(session) == THEIRS


def test_second_region_gets_the_role_of_the_first(session) -> None:
    first = set_api_log_role(session)
    other = boto3.Session("testing", "testing", region_name="us-east-1")

    assert set_api_log_role(other) == first
    assert role_of(other) == first


class Refusing:
    """An API Gateway that cannot assume a role until some requests have failed."""

    def __init__(self, session: boto3.Session, failures: int) -> None:
        self._gateway = session.client("apigateway")
        self._failures = failures
        self.exceptions = self._gateway.exceptions
        self.get_account = self._gateway.get_account

    def update_account(self, **request) -> None:
        self._failures -= 1
        if self._failures >= 0:
            raise self.exceptions.BadRequestException({"Error": {}}, "UpdateAccount")
        self._gateway.update_account(**request)


@pytest.mark.parametrize(("failures", "is_set"), [(2, True), (3, False)])
def test_role_that_is_not_ready_is_tried_again(session, monkeypatch, failures, is_set) -> None:
    refusing, client = Refusing(session, failures), session.client
    monkeypatch.setattr(
        session, "client", lambda name: refusing if name == "apigateway" else client(name)
    )

    if is_set:
        assert set_api_log_role(session)
    else:
        with pytest.raises(ClientError):
            set_api_log_role(session)
