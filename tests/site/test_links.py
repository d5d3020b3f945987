"""Links of the pages outside of the site lead to files and headings; MkDocs checks the others."""

import re
from pathlib import Path

import pytest

from local.kit.paths import ROOT

PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "client/README.md")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors that code hosts and MkDocs give a page's headings."""
    headings = HEADING.findall(FENCE.sub("", page.read_text()))
    words = (re.sub(r"[^\w\s-]", "", each.lower()).strip() for each in headings)
    return {re.sub(r"\s", "-", each) for each in words}


@pytest.mark.parametrize("page", PAGES)
def test_link_leads_to_a_file_and_a_heading(page) -> None:
    source = ROOT / page
    for link in LINK.findall(FENCE.sub("", source.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = source.parent / path if path else source
        assert target.exists(), f"{page}: {link}"
        if anchor:
            assert anchor in anchors(target), f"{page}: {link}"
