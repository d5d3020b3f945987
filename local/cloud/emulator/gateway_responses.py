"""Support `$context.requestTime` in gateway responses, the one variable that MiniStack lacks."""

from datetime import UTC, datetime
from typing import Any

from ministack.services import apigateway_v1  # type: ignore[import-not-found]


def render_request_time() -> None:
    render = apigateway_v1._gateway_error_response

    def render_with_time(error: Any, request: Any) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = render(error, request)
        now = datetime.now(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
        return status, headers, body.replace(b"$context.requestTime", now.encode())

    apigateway_v1._gateway_error_response = render_with_time
