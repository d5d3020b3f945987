"""The chat page in Chromium, by what a person does; the API is a server that the test plays."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsers import NAMELESS, Visit, chromium, visits
from tests.site.chat_server import AGENTS, KEY, Answer, ChatServer, Refusal, serve_chat

KEPT: Final = "({ tab: { ...sessionStorage }, browser: { ...localStorage } })"
HOSTILE: Final = """\
<script>document.title = "owned"</script>
<img src=x onerror="document.title = 'owned'"> <iframe src="https://evil.example"></iframe>

[a](javascript:document.title='owned') [b](data:text/html,owned) [c](//evil.example)
[d](java
script:x) [e]( javascript:x) [f](&#106;avascript:x) <javascript:x> [g](https://bank.example@evil.example)
![pixel](https://evil.example/pixel.png?secret) [good](https://good.example/a_(b) "title")
https://bare.example/x_y. **https://bold.example**

```html
<script>document.title = "owned"</script>
```

- <svg onload="document.title = 'owned'">

| <img src=x onerror="document.title = 'owned'"> |
|---|
| [h](vbscript:x) |
"""
MARKDOWN: Final = """\
# Plan

Two **bold** and *slanted* `words`, ~~gone~~ snake_case_name 2 * 3 * 4\\*
next line

1. one
   - inner
   - ***both***
2. two

   more

> quoted
> > twice

| a | b \\| c |
|:--|--:|
| 1 | `2` |

~~~js
let a = "**";

b();
~~~
---
- [x] done
- [ ] open
"""
REFUSALS: Final = (
    (Refusal(503), "The server is busy. Your message is still here. Try again in a moment."),
    (Refusal(403, code="CHATS_ARE_CLOSED"), "This page cannot pay."),
    (Refusal(404, code="AGENT_NOT_FOUND"), "Choose another one below"),
    (Refusal(400, "content is too odd"), "The server refused this: content is too odd."),
    (Refusal(500), "tell the people who run it"),
)
FILL: Final = """() => {
  let size = 2 ** 23;
  for (let text = ""; size > 64; size /= 2) {
    try {
      sessionStorage.setItem("x", text + "x".repeat(size));
      text += "x".repeat(size);
    } catch {}
  }
}"""
OVERFLOW: Final = (
    "(({ scrollWidth, scrollHeight }) => [scrollWidth, scrollHeight])(document.documentElement)"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    with serve_chat() as served:
        yield served


@pytest.fixture
def visit(browser, chat) -> Iterator[Visit]:
    with visits(browser, f"{chat.url}/chat") as visit:
        yield visit


@pytest.fixture
def page(visit) -> Page:
    """Return the page, signed in by a link as `make up` prints it."""
    return visit(f"#key={KEY}", refusals=True)


def ask(page: Page, text: str) -> None:
    """Send a message by keyboard."""
    page.get_by_label("Message", exact=True).fill(text)
    page.keyboard.press("Enter")


def said(page: Page) -> str:
    """Return the last answer as it is shown."""
    return page.locator("#messages .body").last.inner_text()


def expect_said(page: Page, text: str) -> None:
    expect(page.locator("#messages .body").last).to_have_text(text)


def start(page: Page, chat: ChatServer, text: str = "Hello") -> Answer:
    ask(page, text)
    return chat.take()


def finished(page: Page, chat: ChatServer, *, says: str) -> None:
    answer = start(page, chat)
    answer.say(says)
    answer.finish()
    expect(page.get_by_role("button", name="Answer again")).to_be_visible()


# ── Key ─────────────────────────────────────────────────────────────────────────


def test_key_opens_the_page_and_stays_in_the_tab(visit) -> None:
    page = visit()
    page.get_by_label("API key").fill(f" {KEY}\n")
    page.keyboard.press("Enter")

    expect(page.locator("#agents .name")).to_have_text([each["name"] for each in AGENTS[:2]])
    kept = page.evaluate(KEPT)
    assert KEY in kept["tab"].values()
    assert kept["browser"] == {}
    page.reload()
    expect(page.locator("#agents")).to_be_visible()


def test_linked_key_signs_in_and_leaves_the_address(visit, chat) -> None:
    page = visit(f"#key={KEY}")

    expect(page.locator("#agents")).to_be_visible()
    assert page.url == f"{chat.url}/chat"
    assert page.evaluate("history.length") == 2  # with the empty page before
    assert not [each for each in chat.requests if KEY in each]


def test_linked_key_of_another_host_is_the_visitors_choice(browser, chat) -> None:
    with visits(browser, chat.url.replace("127.0.0.1", "sortie.localhost")) as visit:
        page = visit(f"/chat#key={KEY}")

        expect(page.get_by_role("alert")).to_contain_text("Press Start if you trust the link")
        assert chat.requests == []
        assert "#" not in page.url
        page.get_by_role("button", name="Start").click()
        expect(page.locator("#agents")).to_be_visible()


def test_refused_key_says_what_to_do(visit) -> None:
    page = visit(refusals=True)
    page.get_by_label("API key").fill("sortie_other")
    page.keyboard.press("Enter")

    problem = page.get_by_role("alert").filter(has_text="The server does not know this key")
    expect(problem).to_contain_text("begin with sortie_")
    expect(page.get_by_label("API key")).to_be_focused()
    assert "sortie_other" not in str(page.evaluate(KEPT))


def test_kept_chats_last_until_the_sign_out(visit, chat) -> None:
    page = visit()
    page.get_by_label("API key").fill(KEY)
    page.locator("#sign-in").get_by_label("Keep key and chats").check()
    page.get_by_role("button", name="Start").click()
    finished(page, chat, says="Hello to you")
    assert page.evaluate(KEPT)["tab"] == {}

    other = page.context.new_page()
    other.goto(f"{chat.url}/chat")

    expect_said(other, "Hello to you")
    other.get_by_role("button", name="Sign out").click()
    other.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    expect(other.get_by_label("API key")).to_be_focused()
    assert other.evaluate(KEPT) == {"tab": {}, "browser": {}}
    expect(other.locator("#messages li, #chats li")).to_have_count(0)


def test_revoked_key_keeps_the_chat_for_the_next_key(page, chat) -> None:
    finished(page, chat, says="Hello")
    chat.keys = {"sortie_new"}

    ask(page, "Still there?")

    expect(page.get_by_role("alert").filter(has_text="does not know this key")).to_be_visible()
    page.get_by_label("API key").fill("sortie_new")
    page.keyboard.press("Enter")
    expect(page.locator("#messages .bubble")).to_have_text(["Hello", "Still there?"])
    page.get_by_role("button", name="Try again").click()
    chat.take().finish()


# ── Asking ──────────────────────────────────────────────────────────────────────


def test_answer_appears_as_it_comes(page, chat) -> None:
    page.get_by_role("button", name="Lighthouse").click()

    answer = start(page, chat, "When is the **tide**?")

    answer.say("At ")
    expect_said(page, "At")
    expect(page.locator("#messages [aria-busy=true]")).to_have_count(1)
    answer.say("noo", "n.")
    expect_said(page, "At noon.")
    answer.finish()
    expect(page.locator("#messages [aria-busy=true]")).to_have_count(0)
    expect(page.locator("#announcer")).to_have_text("Lighthouse: At noon.")
    expect(page.locator(".bubble")).to_have_text("When is the **tide**?")
    body = chat.next_body()
    [message] = body["messages"]
    assert body["trigger"] == "submit-message"
    assert body["agentId"] == AGENTS[1]["id"]
    assert (message["role"], message["parts"][0]["text"]) == ("user", "When is the **tide**?")


def test_next_message_brings_the_conversation(page, chat) -> None:
    finished(page, chat, says="Hello to you")
    first = chat.next_body()

    start(page, chat, "And then?").finish()

    body = chat.next_body()
    assert body["id"] == first["id"]
    assert [(each["role"], each["parts"][0]["text"]) for each in body["messages"]] == [
        ("user", "Hello"),
        ("assistant", "Hello to you"),
        ("user", "And then?"),
    ]


def test_stopped_answer_cancels_the_job_and_stays(page, chat) -> None:
    answer = start(page, chat)
    answer.say("Once upon")
    expect_said(page, "Once upon")

    page.get_by_role("button", name="Stop").click()

    expect(page.locator("#messages .from small")).to_have_text("stopped")
    assert answer.is_cancelled
    assert said(page) == "Once upon"
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def test_answer_again_replaces_the_answer(page, chat) -> None:
    finished(page, chat, says="First")

    page.get_by_role("button", name="Answer again").click()
    second = chat.take()
    second.say("Second")
    second.finish()

    expect(page.locator("#messages .body")).to_have_text(["Second"])
    bodies = [chat.next_body() for _ in "12"]
    assert [each["trigger"] for each in bodies] == ["submit-message", "regenerate-message"]
    assert bodies[0]["messages"] == bodies[1]["messages"]


def test_edited_message_replaces_the_last_one(page, chat) -> None:
    finished(page, chat, says="Hello to you")
    chat.next_body()

    page.get_by_role("button", name="Edit").click()
    expect(page.get_by_label("Message", exact=True)).to_have_value("Hello")
    start(page, chat, "Good evening").finish()

    expect(page.locator(".bubble")).to_have_text(["Good evening"])
    [message] = chat.next_body()["messages"]
    assert message["parts"][0]["text"] == "Good evening"
    expect(page.locator("#editing")).to_be_hidden()


def test_chats_are_listed_and_deleted(page, chat) -> None:
    finished(page, chat, says="One")
    page.get_by_role("button", name="New chat").click()
    expect(page.locator("#messages li")).to_have_count(0)
    start(page, chat, "Another").finish()
    expect(page.locator("#chats .name")).to_have_text(["Another", "Hello"])

    page.locator("#chats button").last.click()
    expect_said(page, "One")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    expect(page.locator("#chats .name")).to_have_text(["Another"])
    assert "One" not in str(page.evaluate(KEPT))


def test_full_storage_drops_the_oldest_chat(page, chat) -> None:
    finished(page, chat, says="long " * 20_000)
    page.evaluate(FILL)
    page.get_by_role("button", name="New chat").click()

    finished(page, chat, says="short " * 1000)

    expect(page.locator("#chats li")).to_have_count(1)
    kept = str(page.evaluate("Object.entries(sessionStorage).filter(([name]) => name !== 'x')"))
    assert kept.count("short ") == 1000
    assert "long " not in kept


# ── Lost connections ────────────────────────────────────────────────────────────


def test_cut_stream_goes_on_where_it_was_cut(page, chat) -> None:
    answer = start(page, chat)
    answer.say("one ")
    expect_said(page, "one")

    answer.cut()
    answer.say("two ")
    expect_said(page, "one two")
    answer.cut()
    answer.say("three")
    answer.finish()

    expect(page.get_by_role("button", name="Answer again")).to_be_visible()
    assert said(page) == "one two three"
    assert chat.requests.count("POST /api/messaging/chat") == 1
    assert chat.requests.count(f"GET /api/messaging/jobs/{answer.job_id}/stream") == 2
    expect(page.locator("#link")).to_have_text("")


def test_reloaded_page_takes_up_the_running_answer(page, chat) -> None:
    answer = start(page, chat)
    answer.say("one ")
    expect_said(page, "one")

    page.reload()
    answer.say("two")

    expect_said(page, "one two")
    answer.finish()
    expect(page.get_by_role("button", name="Answer again")).to_be_visible()
    assert said(page) == "one two"
    assert [each for each in chat.requests if each.endswith("/stream")] == [
        f"GET /api/messaging/chat/{chat.next_body()['id']}/stream"
    ]


def test_reloaded_page_shows_the_answer_that_ended_meanwhile(page, chat) -> None:
    answer = start(page, chat)
    answer.say("one ")
    expect_said(page, "one")
    page.goto("about:blank")

    answer.say("two")
    answer.finish()
    page.go_back()

    expect_said(page, "one two")
    assert chat.requests.count("POST /api/messaging/chat") == 1


def test_restarted_agent_voids_what_it_said(page, chat) -> None:
    answer = start(page, chat)
    answer.say("half an ans")
    expect_said(page, "half an ans")

    answer.restart()
    answer.say("The whole answer")
    answer.finish()

    expect_said(page, "The whole answer")
    expect(page.locator(".note")).to_contain_text("has started again")


def test_unreachable_server_gets_the_same_message_again(page, chat) -> None:
    expect(page.locator("#agents")).to_be_visible()
    page.context.set_offline(True)
    ask(page, "Hello")
    expect(page.locator("#messages .problem")).to_contain_text("Check your connection")

    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    chat.take().finish()

    expect(page.get_by_role("button", name="Answer again")).to_be_visible()
    assert [each["trigger"] for each in (chat.next_body(),)] == ["submit-message"]
    expect(page.locator(".bubble")).to_have_count(1)


# ── Errors ──────────────────────────────────────────────────────────────────────


def test_failed_job_says_why_and_is_asked_again_anew(page, chat) -> None:
    answer = start(page, chat)
    answer.say("She is")
    answer.fail("the model is <b>overloaded</b>")
    problem = page.locator("#messages .problem")
    expect(problem).to_contain_text("Harbour pilot could not answer")
    expect(problem).to_contain_text("the model is <b>overloaded</b>")

    page.get_by_role("button", name="Try again").click()

    chat.take().finish()
    bodies = [chat.next_body() for _ in "12"]
    assert [each["trigger"] for each in bodies] == ["submit-message", "regenerate-message"]
    expect(problem).to_have_count(0)


def test_refused_message_says_what_to_do(page, chat) -> None:
    problem = page.locator("#messages .problem")
    expect(page.locator("#agents")).to_be_visible()
    chat.refusals.extend(refusal for refusal, _ in REFUSALS)

    ask(page, "Hello")

    for _, advice in REFUSALS:
        expect(problem).to_contain_text(advice)
        page.get_by_role("button", name="Try again").click()
    chat.take().finish()
    expect(problem).to_have_count(0)
    expect(page.locator(".bubble")).to_have_count(1)


def test_limited_message_waits_as_long_as_the_server_says(page, chat) -> None:
    expect(page.locator("#agents")).to_be_visible()
    chat.refusals.append(Refusal(429, code="TOO_MANY_REQUESTS", headers={"Retry-After": "1"}))

    ask(page, "Hello")

    expect(page.locator("#messages .problem")).to_contain_text("Too many messages")
    waiting = page.get_by_role("button", name="Try again in")
    expect(waiting).to_be_disabled()
    page.get_by_role("button", name="Try again", exact=True).click()
    chat.take().finish()


# ── Markdown ────────────────────────────────────────────────────────────────────


def test_hostile_text_stays_text(page, chat) -> None:
    finished(page, chat, says=HOSTILE)

    body = page.locator("#messages .body")
    links = body.locator("a").evaluate_all("all => all.map(({ href, rel }) => [href, rel])")
    assert [href for href, _ in links] == [
        *("https://evil.example/", "https://evil.example/pixel.png?secret"),
        "https://good.example/a_(b)",
        *("https://bare.example/x_y", "https://bold.example/"),
    ]
    assert {rel for _, rel in links} == {"noopener noreferrer nofollow"}
    expect(body.locator("script, img, iframe, svg, object, style, form")).to_have_count(0)
    expect(body).to_contain_text("""<script>document.title = "owned"</script>""")
    assert "owned" not in page.title()


def test_markdown_becomes_elements(page, chat) -> None:
    finished(page, chat, says=MARKDOWN)

    body = page.locator("#messages .body")
    expect(body.locator("h3")).to_have_text("Plan")
    expect(body.locator("> p").first.locator("strong, em, code, del, br")).to_have_count(5)
    expect(body.locator("> p").first).to_contain_text("snake_case_name 2 * 3 * 4*")
    expect(body.locator("> ol > li")).to_have_count(2)
    expect(body.locator("> ol > li > ul > li strong em, ol ul em strong")).to_have_text("both")
    expect(body.locator("> ol > li").last.locator("p")).to_have_text(["two", "more"])
    expect(body.locator("blockquote blockquote")).to_have_text("twice")
    expect(body.locator("thead th")).to_have_text(["a", "b | c"])
    expect(body.locator("td.right code")).to_have_text("2")
    assert body.locator("pre").inner_text() == 'let a = "**";\n\nb();'
    expect(body.locator("hr")).to_have_count(1)
    expect(body.locator("li.task")).to_have_text(["☑ done", "☐ open"])


def test_code_is_copied_as_it_is(page, chat) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    finished(page, chat, says="Run:\n\n```sh\necho '<a>'\n\ttrue\n```\n")

    page.locator(".code").get_by_role("button", name="Copy").click()

    expect(page.locator(".code button")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "echo '<a>'\n\ttrue"


def test_endless_marks_leave_the_page_alive(page, chat) -> None:
    marks = ("*_", "[", "](", "x`", "> ", "- ", "|", "**a ", "![", "<", "~~a ", "https://", "\\")
    text = "\n\n".join(mark * (20_000 // len(mark)) for mark in marks)

    finished(page, chat, says=f"{text}\n\nThe end")

    expect(page.locator("#messages .body > :last-child")).to_have_text("The end")


# ── Looks ───────────────────────────────────────────────────────────────────────


def test_page_on_a_narrow_phone_names_every_control_and_fits(visit, chat) -> None:
    size = {"width": 360, "height": 640}
    page = visit(f"#key={KEY}", viewport=size, color_scheme="dark", has_touch=True)
    text = page.get_by_label("Message", exact=True)
    text.fill("Line")
    text.press("Enter")  # begins a new line, where a touch sends
    text.press_sequentially("two")
    page.get_by_role("button", name="Send").tap()
    answer = chat.take()
    answer.say(MARKDOWN, "\n\n", "wide" * 100, "\n\n```\n", "code " * 100, "\n```\n")
    answer.finish()
    expect(page.get_by_role("button", name="Answer again")).to_be_visible()

    nameless = page.evaluate(NAMELESS)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((each) => each.id)")

    assert nameless == []
    assert sorted(ids) == sorted(set(ids))
    expect(page.locator("h1")).to_have_count(1)
    assert page.evaluate(OVERFLOW) == [360, 640]
    assert page.locator("#scroll").evaluate("each => each.scrollWidth <= each.clientWidth")
    expect(page.locator("#view")).to_have_css("background-color", "rgb(20, 29, 34)")
    page.get_by_role("button", name="Chats").tap()
    page.locator("#chats button").tap()
    expect(page.locator("#side")).to_be_hidden()


def test_reader_who_scrolled_up_is_left_there(page, chat) -> None:
    answer = start(page, chat)
    answer.say("line\n\n" * 100)
    expect(page.locator("#messages .body p")).to_have_count(100)
    page.locator("#scroll").evaluate("each => { each.scrollTop = 0; }")

    answer.say("last")

    expect(page.locator("#messages .body > :last-child")).to_have_text("last")
    assert page.locator("#scroll").evaluate("each => each.scrollTop") == 0
    page.get_by_role("button", name="Newest message").click()
    expect(page.locator("#messages .body > :last-child")).to_be_in_viewport()
