"""The missions API (contract: missions.md): the page behind a share's URL."""

from functools import cache
from pathlib import Path
from typing import Final

from jobs.kit.http import Response
from jobs.kit.page import page

_PAGE: Final = Path(__file__).parents[1] / "pages/tracking.html"


def tracking_page(websocket_url: str) -> Response:
    return page(_template(), connects_to=websocket_url, websocket=websocket_url)


@cache
def _template() -> str:
    return _PAGE.read_text("utf-8")
