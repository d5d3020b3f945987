"""All that streams, in one app: each function has its own."""

from starlette.applications import Starlette

from jobs.streaming import app as docs
from jobs.streaming import sessions

app = Starlette(routes=[*docs.app.routes, *sessions.app.routes])
