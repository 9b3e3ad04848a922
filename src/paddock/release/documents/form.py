"""A form: rows in sections, each answered by a fact, and what is still to be answered.

Knows how a row finds its fact, who may see it, how long it may be and how it is written; knows no
form. An answer that the form must have and nobody gave is an unmet condition that names the file
and the key; it is never made up, and never passes as unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.plain import bullets, in_line, paragraphs, table
from paddock.release.evidence import Check, Evidence
from paddock.release.facts import Fact, Facts, Value, in_words
from paddock.release.spec.section import Section

ALL = frozenset({"aio", "nca", "dp"})  # AI Office, national authorities, downstream providers


@dataclass(frozen=True, slots=True)
class Row:
    """One question."""

    title: str
    keys: tuple[str, ...]  # of facts; the first that is known answers
    answer: str = ""  # its key in the file of answers; "" when that is not where it is answered
    where: str = ""  # where else it is answered: "metadata.date in release.yaml"
    words: int | None = None  # the most that the form allows
    audiences: frozenset[str] = ALL
    optional: bool = False  # whether the form lets it be left out
    when: str = ""  # asked only if this fact is true
    shown: Callable[[Any], str] | None = None  # how the value is written, where not plainly
    into: str = ""  # the fact that an answer becomes, where not the first of ``keys``


@dataclass(frozen=True, slots=True)
class Part:
    """A section of a form."""

    title: str
    rows: tuple[Row, ...]
    level: int = 2


@dataclass(frozen=True, slots=True)
class Form:
    """A whole form, and the file of answers that it is filled from."""

    name: str  # in ids of conditions: eu.form
    title: str
    parts: tuple[Part, ...]

    def rows(self, facts: Facts, audience: str | None = None) -> Iterable[Row]:
        """The questions that are asked, of this audience or of any."""
        for part in self.parts:
            yield from asked(part, facts, audience)


def title_of(content: DocumentContent) -> str:
    """Name and version of the release, for headings."""
    return in_line(f"{content.name} {content.version}")


def asked(part: Part, facts: Facts, audience: str | None = None) -> list[Row]:
    """The rows of a part that this release has to answer."""
    return [
        row
        for row in part.rows
        if (audience is None or audience in row.audiences)
        and (not row.when or facts.value(row.when) is True)
    ]


def fact_of(row: Row, facts: Facts) -> Fact:
    """The first known fact that answers a row, else the unknown one."""
    return next((f for key in row.keys if (f := facts[key]).is_known), facts[row.keys[0]])


def answered_facts(section: Section, rows: Iterable[Row], by: str) -> list[Fact]:
    """What a file of answers says, as facts under the rows' keys."""
    said = section.model_dump(mode="json", by_alias=True, exclude_none=True)
    found: list[Fact] = []
    for row in rows:
        value: Any = said
        for name in row.answer.split(".") if row.answer else [""]:
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None and value not in ("", [], {}):
            found.append(Fact(row.title, value, "declared", row.into or row.keys[0], by))
    return found


def judge_form(form: Form, facts: Facts, answers_file: str | None, setting: str) -> list[Check]:
    """What is missing or too long; ``setting`` is the key of release.yaml that names the file."""
    checks: list[Check] = []
    for row in form.rows(facts):
        name = f"documents.{form.name}.{row.answer or row.keys[0]}"
        fact, hint = fact_of(row, facts), _hint(row, answers_file, setting)
        if not fact.is_known and not row.optional:
            sentence = f"{form.title} asks for {_lowered(row.title)}, which is not stated anywhere"
            checks.append(Check(name, "documents", "unmet", sentence, hint=hint))
        elif row.words is not None and (count := len(str(fact.value or "").split())) > row.words:
            sentence = f"{row.title} has {count} words, and {form.title} allows {row.words}"
            evidence = (Evidence(fact.origin),)  # conditions are published, answers not always
            checks.append(Check(f"{name}.words", "documents", "unmet", sentence, evidence, hint))
    if not checks:
        sentence = f"{form.title} is answered whole"
        checks.append(Check(f"documents.{form.name}", "documents", "met", sentence))
    return checks


def render_parts(parts: Sequence[Part], facts: Facts, audience: str | None = None) -> str:
    """The rows with their answers, and how each is known, as Markdown."""
    blocks: list[str] = []
    for part in parts:
        if rows := asked(part, facts, audience):
            blocks.append(f"{'#' * part.level} {part.title}")
            blocks += [_row(row, fact_of(row, facts), part.level + 1) for row in rows]
    return "\n\n".join(blocks)


def _row(row: Row, fact: Fact, level: int) -> str:
    heading = f"{'#' * level} {row.title}"
    if not fact.is_known:
        return f"{heading}\n\n*Not stated.*"
    shown = row.shown(fact.value) if row.shown else None
    known = f"*{in_line(fact.origin[0].upper() + fact.origin[1:])}*"
    return f"{heading}\n\n{paragraphs(shown) if shown is not None else _value(fact)}\n\n{known}"


def _value(fact: Fact) -> str:
    value = fact.value
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        head = list(dict.fromkeys(key for item in value for key in item))
        rows = [[_cell(item.get(key)) for key in head] for item in value]
        return table([name.replace("_", " ").capitalize() for name in head], rows)
    if isinstance(value, list):
        return bullets(in_words(item) for item in value)
    if isinstance(value, dict):
        return bullets(
            f"{name.replace('_', ' ')}: {in_words(item)}" for name, item in value.items()
        )
    return paragraphs(fact.text)


def _cell(value: Value) -> str:
    return "" if value is None else in_words(value)


def _lowered(title: str) -> str:
    """A title in the middle of a sentence; an abbreviation stays as it is."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


def _hint(row: Row, answers_file: str | None, setting: str) -> str:
    if not row.answer:
        return f"say it as {row.where}" if row.where else f"it is the fact {row.keys[0]!r}"
    if answers_file is None:
        return f"name a file of answers in {setting}, and answer {row.answer} there"
    return f"answer {row.answer} in {answers_file}"
