"""The apps of all functions that are web servers, in one."""

from starlette.applications import Starlette

from jobs.docs.api import stream as docs
from jobs.sessions.api import stream as sessions

app = Starlette(routes=[*docs.app.routes, *sessions.app.routes])
