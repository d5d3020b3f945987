"""The chat page in Chromium, against the system: its key, an agent's words, a reload, a stop."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsers import chromium, visits

BOTH_WAYS = True


@pytest.fixture(scope="module")
def browser_of_both_ways() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def test_chat_is_streamed_taken_up_and_stopped(browser_of_both_ways, stack, api) -> None:
    with visits(browser_of_both_ways, f"{stack.base_url}/chat") as visit:
        page = visit(f"#key={api.key}")
        message = page.get_by_label("Message", exact=True)
        answers = page.locator("#messages .body")
        message.fill("/stream 6 one two three four five six")

        message.press("Enter")
        expect(answers).to_contain_text("two")
        page.reload()

        expect(answers).to_have_text("one two three four five six")
        expect(page.get_by_role("button", name="Answer again")).to_be_visible()
        message.fill("/stream 60 seven eight nine ten eleven twelve")
        message.press("Enter")
        expect(answers.last).to_contain_text("seven")
        page.get_by_role("button", name="Stop").click()
        expect(page.locator("#messages .from small").last).to_have_text("stopped")
        [stopped, answered] = api.get("/api/messaging/jobs").json["jobs"]
        assert (stopped["status"], stopped["error"]) == ("failed", "Job cancelled")
        assert answered["result"]["message"]["content"] == "one two three four five six"
