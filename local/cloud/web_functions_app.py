"""The apps of all functions that are web servers, in one."""

from jobs.docs.api import stream as docs
from jobs.kit.asgi import make_app
from jobs.sessions.api import stream as sessions

app = make_app([*docs.ROUTES, *sessions.ROUTES])
