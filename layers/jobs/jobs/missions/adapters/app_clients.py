"""App clients of an Amazon Cognito user pool."""

from typing import TYPE_CHECKING, Final

from jobs.kit.aws.client import convert_aws_errors
from jobs.missions.errors import TooManyPartnersError
from jobs.missions.partner import SCOPES, AppClient, Role

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.client import CognitoIdentityProviderClient

_TOKEN_MINUTES: Final = 60


class CognitoAppClients:
    def __init__(self, client: "CognitoIdentityProviderClient", user_pool: str) -> None:
        self._client = client
        self._user_pool = user_pool

    def create(self, name: str, role: Role) -> AppClient:
        with convert_aws_errors():
            try:
                made = self._client.create_user_pool_client(
                    UserPoolId=self._user_pool,
                    ClientName=name,
                    GenerateSecret=True,
                    AllowedOAuthFlowsUserPoolClient=True,
                    AllowedOAuthFlows=["client_credentials"],
                    AllowedOAuthScopes=[scope for each, scope in SCOPES.items() if each <= role],
                    AccessTokenValidity=_TOKEN_MINUTES,
                    TokenValidityUnits={"AccessToken": "minutes"},
                )["UserPoolClient"]
            except self._client.exceptions.LimitExceededException as error:
                # https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html
                raise TooManyPartnersError from error
        return AppClient(id=made["ClientId"], secret=made["ClientSecret"])

    def delete(self, client_id: str) -> None:
        with convert_aws_errors():
            try:
                self._client.delete_user_pool_client(UserPoolId=self._user_pool, ClientId=client_id)
            except self._client.exceptions.ResourceNotFoundException:
                return
