"""The messaging API: the page to chat with agents."""

from pathlib import Path
from typing import Final

from jobs.kit.http import Response
from jobs.kit.page import page, read_template

_PAGE: Final = Path(__file__).parents[1] / "pages/chat.html"


def chat_page() -> Response:
    """Return the page. It has no secret: the visitor enters a key."""
    return page(read_template(_PAGE), parses_markup=False)
