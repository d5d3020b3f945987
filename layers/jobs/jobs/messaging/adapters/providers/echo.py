"""The local default: answers with the content. Needs no network.

A directive at the start of the content simulates faults: `/silent` never answers,
`/sleep <seconds> <text>` answers late, `/fail <reason>` fails the job. `/stream <seconds> <text>`
says the text word by word. Ignores the history.
"""

import re
import time
from typing import Final

from jobs.kit.errors import FailureClass, UpstreamError
from jobs.messaging.agent import Agent
from jobs.messaging.ports import Answer, Outcome, Question

_DIRECTIVE: Final = re.compile(
    r"/(?:(?P<silent>silent)\b|(?P<timed>sleep|stream)\s+(?P<seconds>\d{1,3}(?:\.\d+)?)(?:\s+|$)"
    r"|(?P<fail>fail)\b)\s*"
)
_WORD: Final = re.compile(r"\s*\S+\s*$|\s*\S+")


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
        words = _WORD.findall(rest) if directive["timed"] == "stream" else []
        for word in words:
            question.say(word)
            time.sleep(float(directive["seconds"]) / len(words))
        if not words:
            time.sleep(float(directive["seconds"]))
        return Answer(rest)
