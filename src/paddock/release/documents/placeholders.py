"""Words that somebody meant to replace: what a document must not go out with.

Pure. Knows the Hub's templates and what people leave for themselves; a figure of speech such as
"more information is needed on this" is not one of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from paddock.release.evidence import Check, Evidence

MAX_QUOTE_CHARS = 120
_LEFT_OVER = re.compile(
    r"\[?\bmore information needed\b\]?|\blorem ipsum\b|\{\{\s*card_data\s*\}\}"
    r"|\{\{\s*\w+\s*\|\s*default\b"
    r"|\[(?:insert|your|fill in|add)\b[^\]\n]{0,60}\](?!\()|<(?:insert|your)\b[^>\n]{0,60}>",
    re.IGNORECASE,
)
_NOTES_TO_SELF = re.compile(r"\b(?:TODO|FIXME|XXX|TBD|TBA)\b(?=[\s:,.;)\]]|$)")


def find_placeholder(text: str) -> str | None:
    """The first words that were left over, or None."""
    found = _LEFT_OVER.search(text) or _NOTES_TO_SELF.search(text)
    return found[0] if found else None


def placeholder_checks(texts: Mapping[str, str]) -> tuple[Check, ...]:
    """Whether any of the texts, by where they stand, was left unfinished."""
    unfinished = []
    for where, text in texts.items():
        for line in text.splitlines():
            if (words := find_placeholder(line)) is not None:
                unfinished.append(_unmet(where, words, line))
                break
    sentence = f"{len(texts)} texts hold no placeholder"
    met = Check("documents.placeholders", "documents", "met", sentence)
    return tuple(unfinished) or (met,)


def _unmet(where: str, words: str, line: str) -> Check:
    return Check(
        f"documents.placeholder:{where}",
        "documents",
        "unmet",
        f"{where} still holds the placeholder {words[:MAX_QUOTE_CHARS]!r}",
        (Evidence(where, line.strip()[:MAX_QUOTE_CHARS]),),
        "say it, or leave it out",
    )
