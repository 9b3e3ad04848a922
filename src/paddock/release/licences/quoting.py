"""How a term is quoted: the licence, its section, its words.

Pure. A refusal quotes; it never paraphrases, and never says what is lawful.
"""

from __future__ import annotations

from paddock.release.evidence import Evidence
from paddock.release.licences.terms import Terms, Words


def words_of(row: Terms, words: Words | None) -> tuple[str, str | None]:
    """For evidence: where it stands, and the words."""
    if words is None or not words.says:
        return row.name, None
    return f"{row.name}, {words.at}", words.says


def quoted(row: Terms, words: Words | None) -> str:
    """For a sentence: the licence with section, and the words between quotation marks."""
    what, says = words_of(row, words)
    return f'{what}: "{says}"' if says is not None else f"{what} ({row.source})"


def evidence_of(*terms: tuple[Terms, Words | None]) -> tuple[Evidence, ...]:
    """One piece of evidence for each term."""
    return tuple(Evidence(*words_of(row, words)) for row, words in terms)
