"""Whether pages of any origin may read an answer."""

from tests.e2e.api import Answer


def is_open_to_browsers(answer: Answer) -> bool:
    return answer.headers.get("access-control-allow-origin") == "*"
