"""The tracking page in Chromium, against the deployed stack and simulated docks."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from jobs.missions.partner import Role
from tests.e2e.browsers import NAMELESS, Visit, visits
from tests.e2e.fleets import ROUND, Fleet, fleet
from tests.e2e.partners import Partner

HOSTILE: Final = "<img src=x onerror=\"document.title='owned'\">"
PAST: Final = "Map of a past mission: its planned route of 3 points, {}"
RECORD: Final = """() => {
  const { dataset } = document.querySelector("canvas");
  window.record = [];
  new MutationObserver(() => window.record.push({ ...dataset }))
    .observe(document.querySelector("canvas"), { attributes: true });
}"""

LEGEND_HUES: Final = "[...document.querySelectorAll('#legend button')].map((b) => b.dataset.hue)"


@pytest.fixture(scope="module")
def docks(cloud, make_partner) -> Iterator[Fleet]:
    with fleet(cloud, make_partner(), [None, None]) as made:
        yield made


@pytest.fixture
def visit(browser, stack) -> Iterator[Visit]:
    with visits(browser, f"{stack.base_url}/tracking") as visit:
        yield visit


def sign_in(page: Page, partner: Partner, **wrong: str) -> None:
    """Sign in by keyboard."""
    right = {
        "Client id": partner.client_id,
        "Client secret": partner.client_secret,
        "API key": partner.api_key,
    }
    for label, value in (right | wrong).items():
        page.get_by_label(label).fill(value)
    page.keyboard.press("Enter")


def fly(page: Page, group: str, name: str = "Round") -> None:
    form = page.locator("#fly")
    form.locator("summary").click()
    form.get_by_label("Name").fill(name)
    form.get_by_label("Device group").select_option(group)
    form.get_by_label("Mission id").fill(ROUND)
    form.get_by_label("Fast").check()
    form.get_by_role("button", name="Fly").click()


def later(docks: Fleet, **about: Any) -> str:
    due = datetime.now(UTC) + timedelta(hours=1)
    return docks.fly(scheduledAt=due.isoformat(), **about)


def share(docks: Fleet, **about: Any) -> Any:
    sane = {"shareType": "STREAM", "permissions": ["view"], "expiresIn": 600}
    body = {"resourceId": docks.group, **sane, **about}
    answer = docks.partner.post("/v3/streams/share", body)
    assert answer.status == 201, answer
    return answer.json["share"]


# ── Signing in ──────────────────────────────────────────────────────────────────


def test_signed_in_user_sees_all_groups_and_drone_states(visit, demo_partner) -> None:
    groups = demo_partner.get("/v3/resources").json["resources"]
    page = visit()

    sign_in(page, demo_partner)

    for group in groups:
        shown = page.locator("#groups > li", has_text=group["description"])
        expect(shown.locator(".rows .name")).to_have_text([d["name"] for d in group["devices"]])
        for chip in shown.locator(".rows .chip").all():
            assert chip.inner_text() in {"Online", "Busy", "Offline"}
    expect(page.locator("#link")).to_have_text("Live")
    expect(page.locator("#sign-in")).to_be_hidden()


def test_failed_sign_in_shows_the_next_step(visit, demo_partner) -> None:
    page = visit(refusals=True)

    sign_in(page, demo_partner, **{"Client secret": "wrong"})

    advice = "Unknown client id, or wrong secret. Check"
    expect(page.get_by_role("alert").filter(has_text=advice)).to_be_visible()
    expect(page.locator("#groups li")).to_have_count(0)


def test_expired_token_returns_to_the_sign_in(visit) -> None:
    page = visit(refusals=True)
    page.get_by_text("I have an access token").click()

    page.get_by_label("Access token").fill("a.b.c")
    page.get_by_role("button", name="Use this token").click()

    expect(page.get_by_role("alert").filter(has_text="Sign in again")).to_be_visible()
    expect(page.get_by_label("Client id")).to_be_focused()


def test_sign_out_removes_all_data_from_the_page(visit, docks) -> None:
    page = visit()
    page.get_by_text("I have an access token").click()
    page.get_by_label("Access token").fill(docks.partner.token)
    page.get_by_role("button", name="Use this token").click()
    expect(page.locator("#groups")).to_contain_text("Docks")

    page.get_by_role("button", name="Sign out").click()

    expect(page.locator("#groups li, #jobs li, #instruments div")).to_have_count(0)
    expect(page.locator("#link")).to_have_text("")
    assert page.get_by_label("Access token").input_value() == ""
    assert page.context.storage_state() == {"cookies": [], "origins": []}


# ── Missions ────────────────────────────────────────────────────────────────────


def test_mission_from_the_form_is_shown_until_it_lands(visit, docks) -> None:
    page = visit()
    sign_in(page, docks.partner)
    expect(page.locator("canvas[data-lon]")).to_be_visible()
    page.evaluate(RECORD)

    fly(page, docks.group, "Along the quay")

    expect(page.locator("#outcome")).to_contain_text("Completed at")
    expect(page.locator("#jobs li").first).to_contain_text("Along the quay")
    expect(page.locator("#jobs li").first).to_contain_text("Completed")
    record = page.evaluate("window.record")
    states = list(dict.fromkeys(each["state"] for each in record if each["state"]))
    assert states == [s for s in ("PENDING", "QUEUED", "IN_PROGRESS", "COMPLETED") if s in states]
    assert {"PENDING", "IN_PROGRESS", "COMPLETED"} <= {*states}
    assert len({(each["lon"], each["lat"]) for each in record}) > 2
    expect(page.locator("canvas")).to_have_attribute("aria-label", PAST.format("its track"))
    expect(page.locator("#instruments div, #legend li")).to_have_count(0)


def test_waiting_mission_can_be_cancelled_on_the_page(visit, docks) -> None:
    job_id = later(docks, name="Tomorrow")
    page = visit(f"#job={job_id}")
    sign_in(page, docks.partner)
    expect(page.locator("#about")).to_contain_text("starts")

    page.get_by_role("button", name="Cancel mission").click()

    expect(page.locator("#outcome")).to_contain_text("Cancelled at")
    expect(page.get_by_role("button", name="Cancel mission")).to_be_hidden()
    assert docks.job(job_id)["status"] == "CANCELLED"


def test_viewer_who_flies_sees_the_required_role(visit, docks, make_partner) -> None:
    viewer = make_partner(Role.VIEWER, docks.partner.tenant)
    page = visit(refusals=True)
    sign_in(page, viewer)
    expect(page.locator("#groups")).to_contain_text("Docks")

    fly(page, docks.group)

    expect(page.locator("#fly .problem")).to_contain_text("This needs the role PILOT")


def test_invalid_mission_shows_the_wrong_field(visit, docks) -> None:
    page = visit(refusals=True)
    sign_in(page, docks.partner)
    expect(page.locator("#groups")).to_contain_text("Docks")

    fly(page, docks.group, name=" ")

    expect(page.locator("#fly .problem")).to_contain_text("name: ")


def test_failed_mission_shows_its_error_and_its_name_as_text(visit, docks) -> None:
    job_id = docks.fly(name=HOSTILE, metadata={"simulate": {"outcome": "fail"}})
    job = docks.until(job_id)
    page = visit(f"#job={job_id}")

    sign_in(page, docks.partner)

    expect(page.locator("#outcome")).to_have_text(f"Failed: {job['error']}")
    expect(page.locator("#title")).to_have_text(HOSTILE)
    expect(page.locator("#jobs .name").filter(has_text=HOSTILE)).to_have_count(1)
    expect(page.locator("img")).to_have_count(0)
    expect(page.locator("canvas")).to_have_attribute("aria-label", PAST.format("its track"))
    assert "owned" not in page.title().replace(HOSTILE, "")


def test_dropped_connection_reconnects(visit, docks) -> None:
    page = visit(refusals=True)
    connections: list[WebSocketRoute] = []

    def pass_on(connection: WebSocketRoute) -> None:
        connection.connect_to_server()
        connections.append(connection)

    page.route_web_socket("**/ws?**", pass_on)
    page.reload()
    sign_in(page, docks.partner)
    expect(page.locator("#link")).to_have_text("Live")

    connections[0].close()

    expect(page.locator("#link")).to_contain_text("connecting again")
    expect(page.locator("#link")).to_have_text("Live")
    assert len(connections) == 2


# ── Shares ──────────────────────────────────────────────────────────────────────


def test_share_is_shown_without_sign_in_until_it_is_revoked(visit, docks) -> None:
    shared = share(docks)
    path = shared["shareUrl"].removeprefix(f"{docks.partner.base_url}/tracking")
    page = visit(path, refusals=True)
    expect(page.locator("canvas[data-lon]")).to_be_visible()
    expect(page.locator("#side")).to_be_hidden()
    expect(page.locator("#legend button > span")).to_have_text(["Drone 1", "Drone 2"])
    assert page.evaluate(LEGEND_HUES) == ["1", "2"]

    docks.partner.send("DELETE", f"/v3/shares/{shared['shareCode']}")

    expect(page.locator("#outcome")).to_contain_text("it has expired, or was revoked")


def test_shared_mission_is_shown_until_it_ends(visit, docks) -> None:
    job_id = later(docks)
    page = visit(f"?share={share(docks, resourceId=job_id)['shareCode']}")
    expect(page.locator("#state")).to_have_text("Pending")

    docks.partner.post(f"/v3/jobs/{job_id}/cancel")

    expect(page.locator("#state")).to_have_text("Cancelled")
    expect(page.locator("#link")).to_have_text("")


def test_full_share_shows_its_limit_and_admits_a_viewer_later(visit, docks) -> None:
    code = share(docks, maxViewers=1)["shareCode"]
    first = visit(f"?share={code}")
    expect(first.locator("#link")).to_have_text("Live")

    second = visit(f"?share={code}", refusals=True)

    expect(second.locator("#outcome")).to_contain_text("as many viewers as it may have")
    first.close()
    expect(second.locator("#link")).to_have_text("Live")
    expect(second.locator("#outcome")).to_have_text("")


# ── Accessibility ───────────────────────────────────────────────────────────────


def test_page_on_a_narrow_phone_names_every_control_and_fits(visit, docks) -> None:
    page = visit(viewport={"width": 360, "height": 740})
    sign_in(page, docks.partner)
    expect(page.locator("canvas[data-lon]")).to_be_visible()

    nameless = page.evaluate(NAMELESS)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((each) => each.id)")
    size = page.evaluate(
        "(({ scrollWidth, scrollHeight }) => [scrollWidth, scrollHeight])(document.documentElement)"
    )
    page.get_by_role("button", name="List").click()

    assert nameless == []
    assert sorted(ids) == sorted(set(ids))
    expect(page.locator("h1")).to_have_count(1)
    assert size == [360, 740]
    expect(page.locator("#groups")).to_be_visible()
    page.locator("#groups .rows button").first.click()
    expect(page.locator("#side")).to_be_hidden()
