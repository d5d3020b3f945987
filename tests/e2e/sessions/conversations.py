"""Sessions as clients use them over HTTP."""

from typing import Any

from tests.e2e.api import USER, Api

SESSIONS = "/api/messaging/sessions"


def first_agent(api: Api) -> str:
    agents = api.get("/api/agents").json["data"]["agents"]
    return str(agents[0]["id"])


def open_session(api: Api, **fields: Any) -> str:
    answer = api.post(SESSIONS, {"agentId": first_agent(api), "userId": USER, **fields})
    assert answer.status == 201, answer
    return f"{SESSIONS}/{answer.json['sessionId']}"


def send_message(api: Api, session: str, content: str, **fields: Any) -> Any:
    answer = api.post(f"{session}/messages", {"content": content, **fields})
    assert answer.status == 201, answer
    return answer.json
