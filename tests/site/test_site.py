"""The built site is whole, and asks no other host for anything."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import override
from urllib.parse import urlsplit

from local.kit.paths import ROOT

DOCS = ROOT / "docs"
LOADS = ("stylesheet", "icon", "preload", "modulepreload", "prefetch", "preconnect", "manifest")
POLICY = "default-src 'self'"


@dataclass
class Page(HTMLParser):
    """The addresses that a browser loads by itself, and the page's content security policy."""

    loaded: list[str] = field(default_factory=list)
    policy: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "link" and not set(LOADS).isdisjoint(found.get("rel", "").split()):
            self.loaded.append(found["href"])
        if tag not in {"a", "link"}:
            named = (found[name] for name in ("src", "data", "poster", "href") if name in found)
            self.loaded += filter(None, named)
            self.loaded += [each.split()[0] for each in found.get("srcset", "").split(",") if each]
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"]


def read(file: Path) -> Page:
    page = Page()
    page.feed(file.read_text())
    return page


def test_build_strict_has_every_page(site) -> None:
    pages = {each.relative_to(DOCS).with_suffix(".html") for each in DOCS.rglob("*.md")}

    assert pages
    assert pages <= {each.relative_to(site) for each in site.rglob("*.html")}


def test_pages_load_only_files_of_the_site(site) -> None:
    for file in site.rglob("*.html"):
        loaded = read(file).loaded
        assert any(each.endswith(".js") for each in loaded)
        for address in loaded:
            where = urlsplit(address)
            if where.scheme == "data":
                continue
            assert where.scheme + where.netloc == "", f"{file.name} loads {address}"
            base = site if where.path.startswith("/") else file.parent
            assert (base / where.path.lstrip("/")).is_file(), f"{file.name} loads {address}"


def test_style_sheets_load_only_files_of_the_site(site) -> None:
    sheets = [*site.rglob("*.css"), *site.rglob("*.html"), *site.rglob("*.svg")]
    outside = re.compile(r"(?:@import|url\()\s*['\"]?\s*(?:https?:)?//")

    assert [each.name for each in sheets if outside.search(each.read_text())] == []


def test_pages_forbid_other_hosts(site) -> None:
    for file in site.rglob("*.html"):
        policy = read(file).policy
        assert policy.startswith(POLICY), file.name
        assert "//" not in policy
        assert "*" not in policy


def test_diagrams_use_the_mermaid_of_the_site(site) -> None:
    drawn = [each for each in site.rglob("*.html") if 'class="mermaid"' in each.read_text()]

    assert drawn
    for file in drawn:
        scripts = [Path(each).name for each in read(file).loaded if each.endswith(".js")]
        [theme] = [each for each in scripts if each.startswith("bundle.")]
        assert scripts.index("mermaid.min.js") < scripts.index(theme)


def test_reference_lists_every_operation(site) -> None:
    text = (site / "reference/webhooks.html").read_text()

    assert "GET /webhooks/deliveries" in text
    assert "POST /webhooks/{deliveryId}/redeliver" in text
    assert "deliveryId" in text
    assert "AgentConcurrency" in (site / "reference/parameters.html").read_text()
    assert "polling of queues" in (site / "reference/costs.html").read_text()
