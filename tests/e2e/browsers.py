"""Browsers: a real one, and whether pages of any origin may read an answer."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.api import Answer

CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")
QUIETLY: Final = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start this machine's; while it runs, no other event loop can run in this thread."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        reason = f"none of {', '.join(CHROMIUM)} is on the PATH"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIETLY)
        yield browser
        browser.close()


def is_open_to_browsers(answer: Answer) -> bool:
    return answer.headers.get("access-control-allow-origin") == "*"
