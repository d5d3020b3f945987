"""Amazon Cognito's token endpoint. urllib3 because botocore has imported it already."""

import base64
import json
from http import HTTPStatus
from typing import Any, Final

import urllib3
from urllib3.exceptions import HTTPError

from jobs.kit.errors import UnavailableError
from jobs.kit.outbound.final_response import connection_pools
from jobs.missions.errors import InvalidClientError
from jobs.missions.partner import AccessToken

_TIMEOUT: Final = urllib3.Timeout(connect=2, read=5)
_REJECTED_STATUSES: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED})


class CognitoTokens:
    def __init__(self, url: str) -> None:
        self._url = url
        self._pool = connection_pools(timeout=_TIMEOUT)

    def issue(self, client_id: str, client_secret: str) -> AccessToken:
        credentials = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        try:
            response = self._pool.request(
                "POST",
                self._url,
                headers={
                    "Authorization": f"Basic {credentials}",
                    "Content-Type": "application/x-www-form-urlencoded",
                },
                body="grant_type=client_credentials",
                redirect=False,
            )
        except HTTPError:
            raise UnavailableError("the token endpoint did not answer") from None
        if response.status in _REJECTED_STATUSES:
            raise InvalidClientError
        return _parse_token(response)


def _parse_token(response: urllib3.BaseHTTPResponse) -> AccessToken:
    try:
        answer: Any = json.loads(response.data) if response.status == HTTPStatus.OK else {}
        return AccessToken(value=answer["access_token"], expires_in=answer["expires_in"])
    except (KeyError, TypeError, ValueError):
        raise UnavailableError(f"the token endpoint answered {response.status}") from None
