"""What the terms of a release come to: conditions, duties, grants, and what is still to be said.

Pure data. Everything here is a fact about texts and files with the words that show it; whether it
satisfies the law is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from paddock.release.evidence import Check
from paddock.release.facts import Fact


class Duty(NamedTuple):
    """Something a licence asks of whoever passes the model on."""

    kind: str  # copy_licence, notice_file, display, name_prefix, mark_changes, …
    licence: str  # the table's id, such as llama3.1
    section: str  # where in the licence
    quote: str  # its words, shortly
    text: str | None = None  # the notice, the badge, the prefix, the address: what must appear
    source: str = ""  # whose licence it is: an ancestor's id, or "this release"


class Grant(NamedTuple):
    """Something that is allowed (True), forbidden (False), or not spoken of (None)."""

    name: str  # commercial, modify, redistribute, outputs_train
    value: bool | None
    licence: str | None = None  # whose words decide it
    section: str | None = None
    quote: str | None = None


class NoticeFile(NamedTuple):
    """A file that the build writes, or whose text it adds to one of that name."""

    path: str
    text: str


class Display(NamedTuple):
    """Words that the model card must show."""

    text: str
    licence: str
    url: str | None = None


class FoundText(NamedTuple):
    """A licence or policy in the release, and which one it is, word by word."""

    path: str
    licence: str | None  # None: not recognised
    sha256: str  # of the normalised text
    is_known: bool  # whether these are exactly the words of a known text


class Question(NamedTuple):
    """Something that only a person can answer, and why it is asked."""

    key: str  # the key under licenses.declarations
    sentence: str
    licence: str
    section: str
    quote: str
    answer: bool | None = None  # as signed
    by: str | None = None  # who signed it


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome of ``judge``."""

    checks: tuple[Check, ...] = ()
    duties: tuple[Duty, ...] = ()
    grants: tuple[Grant, ...] = ()
    notices: tuple[NoticeFile, ...] = ()  # to be written by the build
    displays: tuple[Display, ...] = ()  # to be shown by the card
    texts: tuple[FoundText, ...] = ()
    declarations_needed: tuple[Question, ...] = ()  # not yet signed
    questions: tuple[Question, ...] = ()  # all that are asked, signed or not
    declared_about: tuple[tuple[str, str], ...] = ()  # licences and texts, with their digests
    terms: tuple[str, ...] = ()  # ids of every licence that holds here
    facts: tuple[Fact, ...] = ()
    ancestors: tuple[dict[str, Any], ...] = ()  # for release.json, as "ancestors"


def words_to_show(displays: Iterable[Display]) -> list[str]:
    """The words for the card, each once, in order."""
    return list(dict.fromkeys(display.text for display in displays))
