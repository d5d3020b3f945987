"""The missions API (contract: missions.md): the page behind a share's URL."""

from pathlib import Path
from typing import Final

from jobs.kit.http import Response
from jobs.kit.page import page, read_template

_PAGE: Final = Path(__file__).parents[1] / "pages/tracking.html"


def tracking_page(websocket_url: str) -> Response:
    return page(
        read_template(_PAGE),
        connects_to=websocket_url,
        parses_markup=False,
        websocket=websocket_url,
    )
