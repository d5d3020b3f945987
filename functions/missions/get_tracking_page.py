"""GET /tracking: the page that a share's URL leads to, the code in it being for the page."""

from jobs import bootstrap, mission_bootstrap, runtime
from jobs.dialects import missions_errors, missions_page
from jobs.http import Request, Response


def get_tracking_page(request: Request) -> Response:
    return missions_page.tracking(mission_bootstrap.addresses(request).websocket)


def refuse(error: Exception, request: Request) -> Response:
    return missions_errors.refuse(error, request, now=bootstrap.now())


lambda_handler = runtime.endpoint(get_tracking_page, refuse=refuse, headers={})
