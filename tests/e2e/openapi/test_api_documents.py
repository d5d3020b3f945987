"""The API documents as they are served; and the page in a real browser, to try requests in."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect

from local.kit.paths import ROOT
from tests.e2e.api import Api, eventually
from tests.e2e.browsers import Visit, is_open_to_browsers, visits
from tests.e2e.docs_agents import OVER

DOCUMENTS: Final = {
    each.stem: json.loads(each.read_text()) for each in (ROOT / "docs/openapi").glob("*.json")
}
EACH: Final = sorted(DOCUMENTS)
JOBS: Final = "/api/messaging/jobs"
V2: Final = "/v2/agent/{projectId}/job"


@pytest.fixture
def visit(browser, stack) -> Iterator[Visit]:
    with visits(browser, f"{stack.base_url}/docs") as visit:
        yield visit


@pytest.fixture
def anybody(stack) -> Api:
    """Who has no key."""
    return Api(stack.base_url, None, "")


def authorize(page: Page, credential: str, scheme: str) -> None:
    page.locator(".auth-wrapper > .authorize").click()
    form = page.locator(".auth-container").filter(has_text=scheme)
    form.get_by_role("textbox").fill(credential)
    page.keyboard.press("Enter")
    expect(form).to_contain_text("Authorized")
    form.get_by_role("button", name="Close").click()


def opened(page: Page, method: str, path: str) -> Locator:
    """Open an operation, ready to be tried."""
    found = page.locator(f".opblock-{method}").filter(has=page.locator(f"[data-path='{path}']"))
    found.locator(".opblock-summary-control").click()
    found.get_by_role("button", name="Try it out").click()
    return found


def parameter(operation: Locator, name: str) -> Locator:
    return operation.locator(f"tr[data-param-name='{name}'] input")


def answered(page: Page, operation: Locator, status: int) -> Any:
    """Send what is in the form; what comes back is shown, with this status, and returned."""
    with page.expect_response(lambda answer: "/docs" not in answer.url) as coming:
        operation.get_by_role("button", name="Execute").click()
    shown = operation.locator(".live-responses-table .response .response-col_status")
    expect(shown).to_contain_text(str(status))
    return coming.value.json()


# ── Documents ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", EACH)
def test_a_document_is_served_to_anybody_as_it_is_checked_in(stack, anybody, name) -> None:
    answer = anybody.get(f"/openapi/{name}.json")

    assert answer.status == 200
    assert is_open_to_browsers(answer)
    assert answer.json == DOCUMENTS[name] | {"servers": [{"url": stack.base_url}]}


def test_a_document_that_one_has_is_not_sent_again(anybody) -> None:
    tag = anybody.get("/openapi/messaging.json").headers["etag"]

    answer = anybody.get("/openapi/messaging.json", **{"If-None-Match": tag})

    assert (answer.status, answer.body) == (304, b"")


def test_of_a_document_that_there_is_not_one_is_told_which_there_are(anybody) -> None:
    answer = anybody.get("/openapi/fishing.json")

    assert answer.error == (404, "There is no fishing.json here")
    assert answer.json["available"] == [f"{name}.json" for name in EACH]
    assert is_open_to_browsers(answer)


# ── Reading ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", EACH)
def test_the_page_shows_all_operations_of_an_api_in_their_groups(visit, name) -> None:
    document = {"webhooks": {}} | DOCUMENTS[name]
    paths = [*document["paths"].values(), *document["webhooks"].values()]
    operations = [each for path in paths for each in path.values()]
    groups = dict.fromkeys(tag for each in operations for tag in each["tags"])

    page = visit(f"?api={name}")

    expect(page.locator(".opblock-tag")).to_have_count(len(groups))
    expect(page.locator(".opblock")).to_have_count(len(operations))
    shown = page.locator(".opblock-tag").all()
    assert {each.get_attribute("data-tag") for each in shown} == {*groups}
    expect(page.locator(".info .title")).to_contain_text(document["info"]["title"])
    assert page.title() == f"{document['info']['title']} · Sortie"


def test_one_gets_from_api_to_api_by_the_keyboard(visit) -> None:
    page = visit()
    chosen = page.locator("nav [aria-current=page]")
    expect(chosen).to_have_text(DOCUMENTS["messaging"]["info"]["title"])

    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(chosen).not_to_have_text(DOCUMENTS["messaging"]["info"]["title"])
    expect(page.locator(".info .title")).to_contain_text(chosen.inner_text())


def test_a_link_leads_to_an_operation(visit) -> None:
    told = DOCUMENTS["missions"]["paths"]["/v3/resources"]["get"]

    page = visit(f"?api=missions#/{told['tags'][0]}/{told['operationId']}", refusals=True)

    expect(page.locator(".opblock.is-open [data-path='/v3/resources']")).to_be_visible()
    expect(page.locator(".opblock.is-open")).to_have_count(1)


def test_it_fits_a_narrow_phone(visit) -> None:
    page = visit(viewport={"width": 360, "height": 740})
    opened(page, "post", JOBS)

    width = eventually(lambda: page.evaluate("document.documentElement.scrollWidth"), bool)

    assert width <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_as_dark_as_the_reader_likes_it(visit, scheme) -> None:
    page = visit(color_scheme=scheme)

    expect(page.locator("html")).to_have_class("dark-mode" if scheme == "dark" else "")


def test_it_works_at_the_address_that_the_gateway_itself_gives_it(browser, stack) -> None:
    api, stage = stack.outputs["ApiId"], stack.outputs["StageName"]
    own = f"{stack.aws_endpoint_url}/_aws/execute-api/{api}/{stage}/docs"
    with visits(browser, own) as visit:
        for each in (visit(), visit("/")):
            expect(each.locator(".opblock").first).to_be_visible()


# ── Trying ──────────────────────────────────────────────────────────────────────


def test_a_message_is_sent_and_its_answer_read(visit, demo) -> None:
    page = visit()
    authorize(page, demo.key, "X-API-Key")

    created = answered(page, opened(page, "post", JOBS), 201)

    demo.until(created["jobId"])
    reading = opened(page, "get", f"{JOBS}/{{jobId}}")
    parameter(reading, "jobId").fill(created["jobId"])
    answer = answered(page, reading, 200)
    assert answer["status"] == "completed"
    assert answer["result"]["message"]["content"] == answer["prompt"]


def test_a_token_that_was_asked_for_is_used_from_then_on(visit, demo_partner) -> None:
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


def test_an_agent_writes_documentation(visit, demo_docs) -> None:
    page = visit("?api=docs")
    authorize(page, demo_docs.key, "bearer")

    created = answered(page, opened(page, "post", V2), 201)

    eventually(
        lambda: demo_docs.get(f"/v2/agent/{{project}}/job/{created['id']}").json,
        lambda job: job["status"] in OVER,
    )
    reading = opened(page, "get", f"{V2}/{{id}}")
    parameter(reading, "id").fill(created["id"])
    assert answered(page, reading, 200)["status"] == "completed"


def test_a_key_is_kept_in_the_page_and_nowhere_else(visit, demo) -> None:
    page = visit(refusals=True)
    authorize(page, demo.key, "X-API-Key")

    stored = page.context.storage_state()
    page.reload()

    assert stored == {"cookies": [], "origins": []}
    answered(page, opened(page, "get", "/api/agents"), 401)
