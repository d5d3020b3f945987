"""The streams of the messaging API, also of jobs that were paid for without an API key."""

from typing import Final

from jobs.kit.asgi import make_app
from jobs.messaging.api.stream import make_routes
from jobs.payments.api.endpoint import read_job

ROUTES: Final = make_routes(read_job)
app = make_app(ROUTES)
