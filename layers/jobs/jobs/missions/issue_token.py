"""Issue an access token to a client."""

from dataclasses import dataclass

from jobs.missions.errors import InvalidClientError
from jobs.missions.partner import AccessToken
from jobs.missions.ports import Partners, TokenIssuer


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueToken:
    partners: Partners
    issuer: TokenIssuer

    def __call__(self, tenant: str, client_id: str, client_secret: str) -> AccessToken:
        """Raises `InvalidClientError`, the same for an unknown id, organisation or secret."""
        client = self.partners.client(client_id)
        if client is None or client.tenant != tenant:
            raise InvalidClientError
        return self.issuer.issue(client_id, client_secret)
