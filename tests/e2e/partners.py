"""A client of the missions API: its credentials, tokens and requests."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from jobs.admin.manage_partners import NewPartner
from jobs.missions.adapters.app_clients import CognitoAppClients
from jobs.missions.adapters.topic_claims import TopicClaims
from jobs.missions.partner import Role
from scripts.registry_load import create_partner, open_registry
from tests.e2e.api import Answer, Api
from tests.e2e.cloud import Cloud


@dataclass(frozen=True)
class Partner:
    base_url: str
    tenant: str
    api_key: str
    client_id: str
    client_secret: str

    @property
    def grant(self) -> dict[str, str]:
        return {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }

    def ask_for_token(self, body: Any = None, **headers: str) -> Answer:
        """Request a token, by default with the partner's own API key and credentials."""
        sent = self.grant if body is None else body
        return Api(self.base_url, None, self.tenant).post(
            "/v3/auth/token", sent, {"x-api-key": self.api_key} | headers
        )

    @cached_property
    def token(self) -> str:
        answer = self.ask_for_token()
        assert answer.status == 200, answer
        return str(answer.json["access_token"])

    def with_token(self, token: str) -> "Partner":
        other = replace(self)
        other.__dict__["token"] = token
        return other

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send bytes unchanged and anything else as JSON."""
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        kind = {} if raw is None else {"Content-Type": "application/json"}
        headers_sent = {"Authorization": f"Bearer {self.token}", **kind, **(headers or {})}
        return Api(self.base_url, None, self.tenant).send(method, path, raw, headers_sent)

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.send("POST", path, body, headers)


def registered(cloud: Cloud, role: Role, organisation: str) -> Partner:
    """Create a partner of an organisation, as the admin API does."""
    outputs = cloud.stack.outputs
    made = create_partner(
        open_registry(cloud.client("dynamodb"), outputs),
        CognitoAppClients(cloud.client("cognito-idp"), outputs["UserPoolId"]),
        TopicClaims(cloud.client("dynamodb"), outputs["RegistryTableName"], stack=cloud.stack.name),
        NewPartner(tenant=organisation, name=organisation, role=role),
    )
    return Partner(
        cloud.stack.base_url, organisation, made["apiKey"], made["clientId"], made["clientSecret"]
    )
