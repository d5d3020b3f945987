"""GET /tracking: the page that a share's URL leads to, the code in it being for the page."""

from jobs.core import wiring as bootstrap
from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.missions import wiring as mission_bootstrap
from jobs.missions.api import errors as missions_errors
from jobs.tracking.api import page as missions_page


def get_tracking_page(request: Request) -> Response:
    return missions_page.tracking(mission_bootstrap.addresses(request).websocket)


def refuse(error: Exception, request: Request) -> Response:
    return missions_errors.refuse(error, request, now=bootstrap.now())


lambda_handler = runtime.endpoint(get_tracking_page, refuse=refuse, headers={})
