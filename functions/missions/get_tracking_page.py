"""GET /tracking: the page behind a share's URL; the code in the URL is for its script."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.missions.api import errors as missions_errors
from jobs.missions.wiring import wiring
from jobs.tracking.api import page as missions_page


def get_tracking_page(request: Request) -> Response:
    return missions_page.tracking_page(wiring.addresses(request).websocket)


def handle_error(error: Exception, request: Request) -> Response:
    return missions_errors.error_response(error, request, now=wiring.core.clock())


lambda_handler = runtime.endpoint(get_tracking_page, on_error=handle_error, headers={})
