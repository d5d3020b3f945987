"""Answer a WebSocket message that no route takes with an error, as API Gateway does.

MiniStack ignores such a message.
https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html
"""

import json
from typing import Any, Final

from ministack.services import apigateway  # type: ignore[import-not-found]

_NO_ROUTE: Final[dict[str, str]] = {}


def refuse_unrouted_messages() -> None:
    match, invoke = apigateway._match_ws_route, apigateway._invoke_ws_lambda

    def find_route(api_id: str, key: str) -> Any:
        route = match(api_id, key)
        is_message = key not in {"$connect", "$disconnect"}
        return _NO_ROUTE if route is None and is_message else route

    async def respond(  # noqa: PLR0913, PLR0917 - MiniStack's signature
        api_id: str, account: str, region: str, route: Any, stage: str, connection: str,
        event: str, request: str, *rest: Any, **more: Any,
    ) -> Any:  # fmt: skip
        if route is _NO_ROUTE:
            error = {"message": "Forbidden", "connectionId": connection, "requestId": request}
            return {"body": json.dumps(error)}
        return await invoke(
            api_id, account, region, route, stage, connection, event, request, *rest, **more
        )

    apigateway._match_ws_route, apigateway._invoke_ws_lambda = find_route, respond
