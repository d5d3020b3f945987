"""The app of a web function, closed to foreign web pages. `WEB_APP` names it, as uvicorn does."""

import os
from importlib import import_module

from local.kit.foreign_pages import App, refuse_foreign_pages


def create_app() -> App:
    module, _, name = os.environ["WEB_APP"].partition(":")
    app: App = getattr(import_module(module), name)
    return refuse_foreign_pages(app)
