"""Facts in Markdown, each with how it is known.

Pure. Text of people is plain text here: no character of it is markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.keys import KNOWN
from paddock.release.documents.plain import bullets, in_line, paragraphs, table
from paddock.release.facts import Fact, in_words

# A paragraph, or a list, under a heading of its own; the others stand in tables.
_LONG = frozenset({"text", "texts", "rows"})


def fact_table(content: DocumentContent, keys: Sequence[str], *, unknown: bool = False) -> str:
    """The facts under ``keys``: name, value, how it is known; "" when nothing is known."""
    facts = [named(content, key) for key in keys]
    rows = [(f.name, f.text, f.origin) for f in facts if unknown or f.is_known]
    return table(("Fact", "Value", "How we know"), rows) if rows else ""


def named(content: DocumentContent, key: str) -> Fact:
    """The fact under a key; an unknown one has the key's title."""
    fact = content.facts[key]
    return fact if fact.is_known else Fact(KNOWN[key].title, None, "unknown", key)


def told(content: DocumentContent, key: str, heading: str) -> str:
    """A longer fact under a heading; "" when it is not known."""
    fact = content.facts[key]
    if not fact.is_known:
        return ""
    return "\n\n".join(part for part in (heading, in_blocks(fact), origin_line(fact)) if part)


def in_blocks(fact: Fact) -> str:
    """The value as paragraphs, a list or a table."""
    value = fact.value
    if isinstance(value, list) and value and isinstance(value[0], dict):
        head = list(dict.fromkeys(name for row in value for name in row))
        rows = [[in_words(row.get(name, "")) for name in head] for row in value]
        return table([name.capitalize() for name in head], rows)
    if isinstance(value, list) and len(value) > 1:
        return bullets(in_words(item) for item in value)
    return paragraphs(fact.text)


def origin_line(fact: Fact) -> str:
    """A line that says how a fact is known."""
    return f"*{in_line(fact.origin[:1].upper() + fact.origin[1:])}.*"


def joined(parts: Iterable[str]) -> str:
    """Blocks with an empty line between them."""
    return "\n\n".join(part.strip("\n") for part in parts if part.strip())


def section(title: str, parts: Iterable[str], level: int = 2) -> str:
    """A heading and what follows it; "" when nothing does."""
    text = joined(parts)
    return f"{'#' * level} {title}\n\n{text}" if text else ""
