"""What API Gateway does with requests, for the processes that stand in its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

CONTEXT_HEADER: Final = "x-amzn-request-context"
"""In which the Lambda Web Adapter passes the context of a request to an app."""
MAX_REQUEST_BYTES: Final = 10 * 2**20
"""Of a request's body.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
"""
_REMAPPED: Final = frozenset({
    *("authorization", "content-md5", "date", "host", "max-forwards", "server", "user-agent"),
    "www-authenticate",
})  # fmt: skip


def remap_header(name: str) -> str:
    """Return the name under which clients get a header of a function's response.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
    """
    return f"X-Amzn-Remapped-{name}" if name.lower() in _REMAPPED else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request as it has arrived. `path` is as it was sent."""

    method: str
    path: str
    host: str
    source_ip: str

    def to_context(
        self, *, request_id: str, resource: str, caller: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Return what a function is told of the request. `caller`: by the authorizer.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
        """
        return {
            "requestId": request_id,
            "resourcePath": resource,
            "httpMethod": self.method,
            "path": self.path,
            "domainName": self.host,
            "authorizer": caller,
            "identity": {"sourceIp": self.source_ip},
        }
