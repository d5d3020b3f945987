"""The local default: answers with the content. Needs no network.

A directive at the start of the content simulates faults: `/silent` never answers,
`/sleep <seconds> <text>` answers late, `/fail <reason>` fails the job. Ignores the history.
"""

import re
import time
from typing import Final

from jobs.kit.errors import FailureClass, UpstreamError
from jobs.messaging.agent import Agent
from jobs.messaging.ports import Answer, Outcome, Question

_DIRECTIVE: Final = re.compile(
    r"/(?:(?P<silent>silent)\b|sleep\s+(?P<seconds>\d{1,3}(?:\.\d+)?)(?:\s+|$)|(?P<fail>fail)\b)\s*"
)


class EchoProvider:
    def ask(self, agent: Agent, question: Question) -> Outcome:
        directive = _DIRECTIVE.match(question.content)
        if not directive:
            return Answer(question.content)
        rest = question.content[directive.end() :]
        if directive["silent"]:
            return None
        if directive["fail"]:
            raise UpstreamError(rest or "The agent was told to fail", FailureClass.REFUSED)
        time.sleep(float(directive["seconds"]))
        return Answer(rest)
