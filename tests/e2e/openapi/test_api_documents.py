"""The API documents as served, and their page in Chromium."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect

from jobs.openapi.without_payments import without_payments
from local.kit.paths import ROOT
from tests.e2e.api import Api, eventually
from tests.e2e.browsers import Visit, is_open_to_browsers, visits

BOTH_WAYS = True

DOCUMENTS: Final = {
    each.stem: json.loads(each.read_text()) for each in (ROOT / "docs/openapi").glob("*.json")
}
JOBS: Final = "/api/messaging/jobs"


@pytest.fixture
def visit(browser, stack) -> Iterator[Visit]:
    with visits(browser, f"{stack.base_url}/docs") as visit:
        yield visit


@pytest.fixture
def anonymous(stack) -> Api:
    """Return a caller without a key."""
    return Api(stack.base_url, None, "")


def authorize(page: Page, credential: str, scheme: str) -> None:
    page.locator(".auth-wrapper > .authorize").click()
    expect(page.locator(".auth-container input").first).to_be_focused()
    form = page.locator(".auth-container").filter(has_text=scheme)
    form.get_by_role("textbox").fill(credential)
    page.keyboard.press("Enter")
    expect(form).to_contain_text("Authorized")
    form.get_by_role("button", name="Close").click()


def opened(page: Page, method: str, path: str) -> Locator:
    """Open an operation's form."""
    found = page.locator(f".opblock-{method}").filter(has=page.locator(f"[data-path='{path}']"))
    found.locator(".opblock-summary-control").click()
    found.get_by_role("button", name="Try it out").click()
    return found


def parameter(operation: Locator, name: str) -> Locator:
    return operation.locator(f"tr[data-param-name='{name}'] input")


def answered(page: Page, operation: Locator, status: int) -> Any:
    """Send the form; check the status that the page shows; return the answer."""
    with page.expect_response(lambda answer: "/docs" not in answer.url) as coming:
        operation.get_by_role("button", name="Execute").click()
    shown = operation.locator(".live-responses-table .response .response-col_status")
    expect(shown).to_contain_text(str(status))
    return coming.value.json()


# ── Documents ───────────────────────────────────────────────────────────────────


def test_documents_are_served_without_payments_and_can_be_cached(stack, anonymous) -> None:
    for name, document in DOCUMENTS.items():
        shown = without_payments(document)
        answer = anonymous.get(f"/openapi/{name}.json")
        again = anonymous.get(f"/openapi/{name}.json", **{"If-None-Match": answer.headers["etag"]})

        assert answer.status == 200
        assert is_open_to_browsers(answer)
        assert answer.json == shown | {"servers": [{"url": stack.base_url}]}
        assert (again.status, again.body) == (304, b"")


# ── Reading ─────────────────────────────────────────────────────────────────────


def test_page_shows_all_operations_of_each_api(visit) -> None:
    for name, document in DOCUMENTS.items():
        events = document["components"].get("pathItems", {})
        paths = [*document["paths"].values(), *events.values()]
        operations = [each for path in paths for each in path.values()]
        groups = dict.fromkeys(tag for each in operations for tag in each["tags"])

        page = visit(f"?api={name}")

        expect(page.locator(".opblock-tag")).to_have_count(len(groups))
        expect(page.locator(".opblock")).to_have_count(len(operations))
        shown = page.locator(".opblock-tag").all()
        assert {each.get_attribute("data-tag") for each in shown} == {*groups}
        expect(page.locator(".info .title")).to_contain_text(document["info"]["title"])
        assert page.title() == f"{document['info']['title']} · Sortie"


def test_keyboard_switches_from_one_api_to_another(visit) -> None:
    page = visit()
    chosen = page.locator("nav [aria-current=page]")
    expect(chosen).to_have_text(DOCUMENTS["messaging"]["info"]["title"])

    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(chosen).not_to_have_text(DOCUMENTS["messaging"]["info"]["title"])
    expect(page.locator(".info .title")).to_contain_text(chosen.inner_text())


def test_link_to_an_operation_opens_it(visit) -> None:
    operation = DOCUMENTS["missions"]["paths"]["/v3/resources"]["get"]

    page = visit(f"?api=missions#/{operation['tags'][0]}/{operation['operationId']}", refusals=True)

    expect(page.locator(".opblock.is-open [data-path='/v3/resources']")).to_be_visible()
    expect(page.locator(".opblock.is-open")).to_have_count(1)


def test_page_fits_a_narrow_phone_and_follows_dark_mode(visit) -> None:
    page = visit(viewport={"width": 360, "height": 740}, color_scheme="dark")
    opened(page, "post", JOBS)

    width = eventually(lambda: page.evaluate("document.documentElement.scrollWidth"), bool)

    assert width <= 360
    expect(page.locator("html")).to_have_class("dark-mode")


def test_root_of_the_api_redirects_to_the_page(demo) -> None:
    answer = demo.get("/")

    assert (answer.status, answer.headers["location"]) == (302, f"{demo.base_url}/docs")


def test_page_works_below_the_stage_of_api_gateway(browser, stack) -> None:
    api, stage = stack.outputs["ApiId"], stack.outputs["StageName"]
    gateway_url = f"{stack.aws_endpoint_url}/_aws/execute-api/{api}/{stage}/docs"
    with visits(browser, gateway_url) as visit:
        for each in (visit(), visit("/")):
            expect(each.locator(".opblock").first).to_be_visible()


# ── Trying ──────────────────────────────────────────────────────────────────────


def test_message_can_be_sent_and_its_answer_read(visit, demo) -> None:
    page = visit()
    authorize(page, demo.key, "X-API-Key")

    created = answered(page, opened(page, "post", JOBS), 201)

    demo.until(created["jobId"])
    reading = opened(page, "get", f"{JOBS}/{{jobId}}")
    parameter(reading, "jobId").fill(created["jobId"])
    answer = answered(page, reading, 200)
    assert answer["status"] == "completed"
    assert answer["result"]["message"]["content"] == answer["prompt"]


def test_requested_token_is_used_from_then_on(visit, demo_partner) -> None:
    page = visit("?api=missions")
    authorize(page, demo_partner.api_key, "x-api-key")
    asking = opened(page, "post", "/v3/auth/token")
    grant = {
        "grant_type": "client_credentials",
        "client_id": demo_partner.client_id,
        "client_secret": demo_partner.client_secret,
    }
    asking.locator("textarea").fill(json.dumps(grant))

    answered(page, asking, 200)

    found = answered(page, opened(page, "get", "/v3/resources"), 200)
    known = demo_partner.get("/v3/resources").json
    assert [each["description"] for each in found["resources"]] == [
        each["description"] for each in known["resources"]
    ]


def test_key_is_forgotten_when_the_page_reloads(visit, demo) -> None:
    page = visit(refusals=True)
    authorize(page, demo.key, "X-API-Key")

    stored = page.context.storage_state()
    page.reload()

    assert stored == {"cookies": [], "origins": []}
    answered(page, opened(page, "get", "/api/agents"), 401)
