"""Sessions whose workers die."""

from tests.e2e.sessions.conversations import open_session, send_message


def test_killed_worker_keeps_the_order_of_answers(api, cloud) -> None:
    session = open_session(api)
    first = send_message(api, session, "/sleep 4 first")
    second = send_message(api, session, "second")
    api.until(first["job"]["jobId"], "processing")

    assert cloud.kill("RunAgentJob") >= 1

    for each in (first, second):
        assert api.until(each["job"]["jobId"], seconds=120)["status"] == "completed"
    messages = api.get(f"{session}/messages").json["messages"]
    assert [each["content"] for each in messages if each["isAgent"]] == ["second", "first"]
