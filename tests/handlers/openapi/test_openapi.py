"""The API documents, and the page that shows them."""

import json
import re

import pytest

from local.kit.paths import ROOT

HOST = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
FOLDER = ROOT / "docs/openapi"
NAMES = sorted(each.name for each in FOLDER.glob("*.json"))


@pytest.fixture(autouse=True)
def _addresses(monkeypatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "")
    monkeypatch.setenv("WEBSOCKET_URL", "wss://ws.example/dev")
    monkeypatch.setenv("PAYMENTS", "required")


@pytest.fixture
def document(invoke, event):
    """Request a document with these headers in addition to the sample event's."""

    def ask(name: str = "messaging.json", **headers: str):
        sent = event("openapi/get_document")["headers"] | headers
        return invoke("openapi/get_document", pathParameters={"document": name}, headers=sent)

    return ask


@pytest.fixture
def file(invoke):
    def ask(name: str, version: str = ""):
        return invoke(
            "openapi/get_file",
            pathParameters={"file": name},
            queryStringParameters={"v": version},
        )

    return ask


# ── Root ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("path", "domain", "location"), [
    ("/dev/", "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com", f"{HOST}/dev/docs"),
    ("/dev", "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com", f"{HOST}/dev/docs"),
    ("/", "api.example.com", "https://api.example.com/docs"),
    ("/base/", "api.example.com", "https://api.example.com/base/docs"),
])  # fmt: skip
def test_root_redirects_to_the_page(invoke, event, path, domain, location) -> None:
    at = {"path": path, "domainName": domain}

    answer = invoke(
        "openapi/get_root", requestContext=event("openapi/get_root")["requestContext"] | at
    )

    assert (answer["statusCode"], answer["headers"]["Location"]) == (302, location)


# ── Documents ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", NAMES)
def test_document_is_checked_in_one_with_own_server(document, name) -> None:
    answer = document(name)

    checked_in = json.loads((FOLDER / name).read_text())
    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"] == "application/json"
    assert answer["headers"]["Access-Control-Allow-Origin"] == "*"
    assert json.loads(answer["body"]) == checked_in | {"servers": [{"url": f"{HOST}/dev"}]}


@pytest.mark.parametrize("name", NAMES)
def test_document_without_payments_does_not_name_them(document, monkeypatch, name) -> None:
    monkeypatch.setenv("PAYMENTS", "off")

    shown = json.loads(document(name)["body"])

    assert not re.search(r'"(x402\w*|X?-?PAYMENT[A-Z-]*|402)"', json.dumps(shown))
    assert shown["paths"].keys() == json.loads((FOLDER / name).read_text())["paths"].keys()
    used = {name for way in _security(shown) for name in way}
    assert used <= shown["components"].get("securitySchemes", {}).keys()


def _security(part):
    if isinstance(part, dict):
        yield from part.get("security", [])
        for each in part.values():
            yield from _security(each)


def test_document_behind_base_path_names_it_in_its_server(invoke, event) -> None:
    at = {"path": "/base/openapi/docs.json", "domainName": "api.example.com"}
    context = event("openapi/get_document")["requestContext"] | at

    answer = invoke("openapi/get_document", path=at["path"], requestContext=context)

    assert json.loads(answer["body"])["servers"] == [{"url": "https://api.example.com/base"}]


def test_document_with_public_url_has_that_server(document, monkeypatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://api.example.com")

    assert json.loads(document()["body"])["servers"] == [{"url": "https://api.example.com"}]


@pytest.mark.parametrize(
    "known", ["{}", "W/{}", '"other", {}', "*"], ids=["same", "weak", "one of two", "any"]
)
def test_document_with_matching_etag_returns_304(document, known) -> None:
    tag = document()["headers"]["ETag"]

    answer = document(**{"If-None-Match": known.format(tag)})

    assert (answer["statusCode"], answer["body"]) == (304, "")
    assert answer["headers"]["ETag"] == tag
    assert answer["headers"]["Cache-Control"] == "no-cache"


def test_document_with_other_etag_returns_document(document) -> None:
    other = document("missions.json")["headers"]["ETag"]

    assert document(**{"If-None-Match": other})["statusCode"] == 200


@pytest.mark.parametrize("name", ["x.json", "messaging", "../page.html", ""])
def test_document_unknown_returns_404_with_available_names(document, name) -> None:
    answer = document(name)

    assert answer["statusCode"] == 404
    assert json.loads(answer["body"]) == {
        "success": False,
        "error": f"There is no {name} here",
        "code": "NOT_FOUND",
        "available": NAMES,
    }


# ── Page ────────────────────────────────────────────────────────────────────────


def test_page_lists_all_documents_with_messaging_first(invoke) -> None:
    answer = invoke("openapi/get_page")

    [offered] = re.findall(r'name="apis" content="([^"]*)"', answer["body"])
    titles = json.loads(offered.replace("&quot;", '"'))
    assert answer["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert sorted(f"{name}.json" for name in titles) == NAMES
    assert next(iter(titles)) == "messaging"
    assert "{{" not in answer["body"]


def test_page_policy_allows_only_own_scripts_and_api(invoke) -> None:
    answer = invoke("openapi/get_page")

    policy = answer["headers"]["Content-Security-Policy"]
    [nonce] = set(re.findall("nonce-([^']+)'", policy))
    tags = re.findall(r"<(?:script|style|link rel=\"stylesheet\")[^>]*>", answer["body"])
    assert policy.startswith("default-src 'none';")
    assert f"connect-src 'self' {HOST};" in policy
    assert "unsafe" not in policy
    assert len(tags) == 5
    assert all(f'nonce="{nonce}"' in tag for tag in tags)
    assert not re.search(r"\son\w+=|\sstyle=|https?://", answer["body"])


@pytest.mark.parametrize(("path", "way"), [
    ("/dev/docs", ""), ("/dev/docs/", "../"), ("/docs", ""), ("/base/path/docs", ""),
])  # fmt: skip
def test_page_below_any_base_path_has_working_file_urls(invoke, event, path, way) -> None:
    context = event("openapi/get_page")["requestContext"] | {"path": path}

    body = invoke("openapi/get_page", path=path, requestContext=context)["body"]

    loaded = re.findall(r'(?:src|href)="([^"]*)\?v=', body)
    assert loaded
    assert {each.rpartition("/")[0] for each in loaded} == {f"{way}docs"}


# ── Its files ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("name", "kind"), [("page.js", "javascript"), ("page.css", "css")])
def test_file_of_current_version_is_cached_without_limit(invoke, file, name, kind) -> None:
    page = invoke("openapi/get_page")["body"]
    [version] = set(re.findall(r"\?v=(\w+)", page))

    answer = file(name, version)

    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"] == f"text/{kind}; charset=utf-8"
    assert answer["headers"]["X-Content-Type-Options"] == "nosniff"
    assert answer["headers"]["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("version", ["", "0123456789abcdef"])
def test_file_of_other_version_is_not_cached(file, version) -> None:
    assert file("page.js", version)["headers"]["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["__init__.py", "page.html", "documents", "..", "x.js", ""])
def test_file_not_of_page_returns_404(file, name) -> None:
    answer = file(name)

    assert answer["statusCode"] == 404
    assert {"page.css", "page.js"} <= {*json.loads(answer["body"])["available"]}
