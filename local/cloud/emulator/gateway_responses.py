"""MiniStack's gateway responses know all of our variables but one."""

from datetime import UTC, datetime
from typing import Any

from ministack.services import apigateway_v1  # type: ignore[import-not-found]


def tell_the_time() -> None:
    render = apigateway_v1._gateway_error_response

    def rendered(error: Any, request: Any) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = render(error, request)
        now = datetime.now(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
        return status, headers, body.replace(b"$context.requestTime", now.encode())

    apigateway_v1._gateway_error_response = rendered
