"""GET /chat: a page to chat with agents; its script calls the API with the visitor's key."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import page as messaging_page
from jobs.messaging.api import responses as messaging


def get_chat_page(_: Request) -> Response:
    return messaging_page.chat_page()


lambda_handler = runtime.endpoint(get_chat_page, on_error=messaging.handle_error, headers={})
