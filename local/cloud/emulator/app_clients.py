"""Create app clients of Cognito with given ids and secrets.

AWS chooses both. The local stack adds them to the request, so that credentials outlast a restart.
"""

from typing import Any

from ministack.services import cognito  # type: ignore[import-not-found]

GIVEN = ("ClientId", "ClientSecret")


def take_given_credentials() -> None:
    create = cognito._create_user_pool_client

    def create_with_credentials(data: dict[str, Any]) -> Any:
        given = {name: data.pop(name) for name in GIVEN if name in data}
        response = create(data)
        if given:
            clients = cognito._resolve_pool(data["UserPoolId"])[0]["_clients"]
            *_, newest = clients
            clients[given["ClientId"]] = clients.pop(newest) | given
        return response

    cognito._create_user_pool_client = create_with_credentials
