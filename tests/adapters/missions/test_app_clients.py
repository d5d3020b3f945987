"""Clients of the identity provider: in memory, moto and MiniStack."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from botocore.stub import Stubber
from moto import mock_aws

from jobs.kit.errors import UnavailableError
from jobs.missions.adapters.app_clients import CognitoAppClients
from jobs.missions.errors import TooManyPartnersError
from jobs.missions.partner import SCOPES, Role
from tests.adapters.engines import client, cloud_of
from tests.fakes.memory_app_clients import InMemoryAppClients


@pytest.fixture(params=["moto", "ministack"])
def cognito(request) -> Iterator:
    if request.param == "moto":
        with mock_aws(), closing(client("cognito-idp")) as made:
            yield made
        return
    with closing(client("cognito-idp", cloud_of(request))) as made:
        yield made


@pytest.fixture
def pool(cognito) -> Iterator[str]:
    made = cognito.create_user_pool(PoolName="partners")["UserPool"]["Id"]
    scopes = [{"ScopeName": scope.split("/")[1], "ScopeDescription": "x"}
              for scope in SCOPES.values()]  # fmt: skip
    cognito.create_resource_server(
        UserPoolId=made, Identifier="missions", Name="missions", Scopes=scopes
    )
    yield made
    cognito.delete_user_pool(UserPoolId=made)


@pytest.mark.parametrize(("role", "granted"), [
    (Role.VIEWER, ["missions/viewer"]),
    (Role.PILOT, ["missions/pilot", "missions/viewer"]),
    (Role.MANAGER, ["missions/manager", "missions/pilot", "missions/viewer"]),
])  # fmt: skip
def test_created_client_has_the_scopes_of_its_role(cognito, pool, role, granted) -> None:
    made = CognitoAppClients(cognito, pool).create("Acme Inspections +1", role)

    found = cognito.describe_user_pool_client(UserPoolId=pool, ClientId=made.id)["UserPoolClient"]
    assert (found["ClientName"], found["ClientSecret"]) == ("Acme Inspections +1", made.secret)
    assert sorted(found["AllowedOAuthScopes"]) == granted
    assert found["AllowedOAuthFlows"] == ["client_credentials"]
    assert made.secret not in repr(made)


def test_deleted_client_is_gone_and_can_be_deleted_again(cognito, pool) -> None:
    clients = CognitoAppClients(cognito, pool)
    made = clients.create("App", Role.PILOT)

    for _ in range(2):
        clients.delete(made.id)

    with pytest.raises(cognito.exceptions.ResourceNotFoundException):
        cognito.describe_user_pool_client(UserPoolId=pool, ClientId=made.id)


@pytest.mark.parametrize(("code", "raised"), [
    ("LimitExceededException", TooManyPartnersError),
    ("TooManyRequestsException", UnavailableError),
    ("InternalErrorException", UnavailableError),
])  # fmt: skip
def test_refused_client_raises_what_the_operator_can_do(code, raised) -> None:
    with closing(client("cognito-idp")) as cognito, Stubber(cognito) as stub:
        stub.add_client_error("create_user_pool_client", code, http_status_code=(
            500 if code.startswith("Internal") else 400
        ))  # fmt: skip

        with pytest.raises(raised):
            CognitoAppClients(cognito, "eu-central-1_1").create("App", Role.PILOT)


def test_clients_in_memory_behave_alike() -> None:
    clients = InMemoryAppClients()
    made = clients.create("App", Role.PILOT)
    assert clients.roles == {made.id: Role.PILOT}

    for _ in range(2):
        clients.delete(made.id)

    assert clients.roles == {}
