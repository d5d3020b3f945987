"""MkDocs hooks: insert generated reference tables, and ship Mermaid."""

import importlib.util
import json
import re
import shutil
from pathlib import Path
from typing import Any

from scripts.site import costs, openapi, parameters

_ROOT = Path(__file__).parents[2]
_TABLES = {"parameters": parameters.render, "costs": costs.render}
_MARKER = re.compile(r"^<!-- (openapi|template): (\w+) -->$", re.MULTILINE)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put an API's operations, or a table of the template, where a page asks for them."""

    def content(marker: re.Match[str]) -> str:
        if marker[1] == "template":
            return _TABLES[marker[2]]((_ROOT / "template.yaml").read_text())
        document = _ROOT / f"docs/openapi/{marker[2]}.json"
        return openapi.render(json.loads(document.read_text()))

    return _MARKER.sub(content, markdown)


def on_post_build(config: Any) -> None:
    """Ship Mermaid with the site: the theme would load it from a CDN."""
    spec = importlib.util.find_spec("artoo_mermaid")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("mermaid.min.js: run `make .tools/docs/.ready`")
    [package] = spec.submodule_search_locations
    folder = Path(config["site_dir"]) / "assets/javascripts"
    shutil.copy(Path(package) / "assets/mermaid.min.js", folder)
