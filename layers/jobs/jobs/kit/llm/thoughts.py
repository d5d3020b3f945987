"""What a model thinks aloud within its text, such as `<think>…</think>`: not for users.

A thought may begin anywhere but in code, where the tag is an example.
"""

import re
from typing import Final

_TAGS: Final = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<seed:think>": "</seed:think>",
    "[think]": "[/think]",
    "◁think▷": "◁/think▷",
}
_OPENING: Final = re.compile("|".join(map(re.escape, _TAGS)), re.IGNORECASE)
_CLOSING: Final = {
    tag: re.compile(re.escape(closing), re.IGNORECASE) for tag, closing in _TAGS.items()
}
_LONGEST_TAG: Final = max(map(len, _TAGS.values()))
_LONE_CLOSING: Final = re.compile(r"^[ \t]*</think>|</think>[ \t]*$", re.MULTILINE)


class _Place:
    """A place in Markdown: in a code block or span, at the beginning of a line."""

    def __init__(self) -> None:
        self._fences = 0
        self._ticks = 0  # of the line, in its code spans
        self._run = ""  # of ticks at the end, which may become a fence
        self.begins_line = True

    def add(self, text: str) -> None:
        text = self._run + text
        known = text.rstrip("`")
        self._run = text[len(known) :]
        self._fences += known.count("```")
        _, newline, line = known.rpartition("\n")
        self._ticks = line.count("`") + (0 if newline else self._ticks)
        self.begins_line = bool(newline or self.begins_line) and not (line + self._run).strip()

    def is_code(self, before: str = "") -> bool:
        """Return whether the text after `before` is code."""
        text = self._run + before
        _, newline, line = text.rpartition("\n")
        ticks = line.count("`") + (0 if newline else self._ticks)
        return (self._fences + text.count("```")) % 2 == 1 or ticks % 2 == 1


class ThoughtFilter:
    """Takes text in pieces of any size, and returns what is not thought.

    The end of the text ends a thought that began a line; elsewhere, a tag without an end is text.
    """

    def __init__(self) -> None:
        self._pending = ""  # may be the beginning of a tag
        self._shown: list[str] = []  # by this call
        self._place = _Place()
        self._is_blank = True  # nothing was shown yet
        self._skips_blank = False  # after a thought at the beginning
        self._thought: list[str] = []  # the thought so far, with its tag
        self._tag = ""

    def feed(self, piece: str) -> str:
        self._pending += piece
        while self._leave_thought() and self._enter_thought():
            pass
        return self._take_shown()

    def end(self) -> str:
        """Return the rest of the text."""
        if self._tag and not self._place.begins_line:
            self._show("".join(self._thought) + self._pending)
        elif not self._tag:
            self._show(self._pending)
        self._pending, self._tag, self._thought = "", "", []
        return self._take_shown()

    def _leave_thought(self) -> bool:
        """Return whether what is pending is text."""
        if not self._tag:
            return True
        if end := _CLOSING[self._tag].search(self._pending):
            self._pending, self._tag, self._thought = self._pending[end.end() :], "", []
            return True
        cut = max(0, len(self._pending) - _LONGEST_TAG)
        self._thought.append(self._pending[:cut])
        self._pending = self._pending[cut:]
        return False

    def _enter_thought(self) -> bool:
        """Show the text before the next thought. Return whether there is one."""
        if self._skips_blank:
            self._pending = self._pending.lstrip()
        done = 0
        for tag in _OPENING.finditer(self._pending):
            before = self._pending[done : tag.start()]
            if self._place.is_code(before):
                self._show(before + tag[0])
                done = tag.end()
                continue
            if before.strip() or not self._is_blank:
                self._show(before)
            else:
                self._skips_blank = True
            self._pending = self._pending[tag.end() :]
            self._tag, self._thought = tag[0].lower(), [tag[0]]
            return True
        self._pending = self._pending[done:]
        held = _partial_tag(self._pending)
        text = self._pending[: len(self._pending) - held]
        if text.strip() or not self._is_blank:
            self._show(text)
            self._pending = self._pending[len(text) :]
        return False

    def _show(self, text: str) -> None:
        if text:
            self._shown.append(text)
            self._place.add(text)
            self._is_blank = self._skips_blank = False

    def _take_shown(self) -> str:
        shown, self._shown = "".join(self._shown), []
        return shown


def without_thoughts(text: str) -> str:
    """Return a whole text without the model's thoughts."""
    thoughts = ThoughtFilter()
    return without_lone_closing(thoughts.feed(text) + thoughts.end())


def without_lone_closing(text: str) -> str:
    """Drop a thought whose opening tag was in the prompt, so that only its end is in the answer."""
    place, read, end = _Place(), 0, 0
    for tag in _LONE_CLOSING.finditer(text):
        place.add(text[read : tag.start()])
        read = tag.start()
        if not place.is_code():
            end = tag.end()
    return text[end:].lstrip() if end else text


def _partial_tag(text: str) -> int:
    """Return the length of the text's end that may be the beginning of an opening tag."""
    for length in range(min(len(text), _LONGEST_TAG), 0, -1):
        end = text[-length:].lower()
        if any(len(end) < len(tag) and tag.startswith(end) for tag in _TAGS):
            return length
    return 0
