"""Chromium, and CORS."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.e2e.api import Answer

CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")
LAUNCHER: Final = Path(__file__).with_name("chromium.sh")
QUIETLY: Final = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
TIMEOUT_MS: Final = 60_000
REFUSALS: Final = (
    *("Failed to load resource", "WebSocket connection to"),  # Chromium's words
    "Deprecated: escaping deep link whitespace",  # from Swagger UI, about links with a _
)
NAMELESS: Final = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  return [
    ...all("input, select").filter((each) => !each.labels.length),
    ...all("button, summary").filter((each) => !(each.ariaLabel || each.textContent).trim()),
    ...["aria-labelledby", "aria-describedby"].flatMap((name) => all(`[${name}]`)
      .filter((each) => !document.getElementById(each.getAttribute(name)))),
  ].map((each) => each.outerHTML);
}"""

type Visit = Callable[..., Page]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium; no other event loop can run in this thread meanwhile."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        reason = f"none of {', '.join(CHROMIUM)} is on the PATH"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=LAUNCHER, args=QUIETLY, env={**os.environ, "CHROMIUM": found}
        )
        expect.set_options(timeout=TIMEOUT_MS)
        yield browser
        browser.close()


@contextmanager
def visits(browser: Browser, url: str) -> Iterator[Visit]:
    """Open pages below this URL; fail on console errors and requests to other hosts.

    `refusals` allows errors about refused requests.
    """
    problems: list[str] = []
    with ExitStack() as cleanup:

        def open_page(path: str = "", *, refusals: bool = False, **looks: Any) -> Page:
            def listen(message: ConsoleMessage) -> None:
                expected = refusals and message.text.startswith(REFUSALS)
                if message.type == "error" and not expected:
                    problems.append(message.text)

            def ask(request: Request) -> None:
                if urlsplit(request.url).netloc not in {urlsplit(url).netloc, ""}:
                    problems.append(f"asked for {request.url}")

            context = browser.new_context(**looks)
            cleanup.callback(context.close)
            page = context.new_page()
            page.on("console", listen)
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("request", ask)
            page.goto(f"{url}{path}")
            return page

        yield open_page
    assert not problems, problems


def is_open_to_browsers(answer: Answer) -> bool:
    return answer.headers.get("access-control-allow-origin") == "*"
