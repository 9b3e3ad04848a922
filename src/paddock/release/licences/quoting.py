"""How a term is quoted: the licence, its section, its words.

Pure. A refusal quotes; it never paraphrases, and never says what is lawful.
"""

from __future__ import annotations

from dataclasses import replace

from paddock.release.evidence import Check, Evidence
from paddock.release.licences.terms import Terms, Words

MAX_ID_CHARS = 200
MAX_SENTENCE_CHARS = 2000


def words_of(row: Terms, words: Words | None) -> tuple[str, str | None]:
    """For evidence: where it stands, and the words."""
    if words is None or not words.says:
        return row.name, None
    return f"{row.name}, {words.at}", words.says


def quoted(row: Terms, words: Words | None) -> str:
    """For a sentence: the licence with section, and the words between quotation marks."""
    what, says = words_of(row, words)
    return f'{what}: "{says}"' if says is not None else f"{what} ({row.source})"


def tidied(check: Check) -> Check:
    """The same on single lines of bounded length, whatever names and texts went into it."""
    return replace(
        check,
        id=in_line(check.id)[:MAX_ID_CHARS],
        sentence=in_line(check.sentence)[:MAX_SENTENCE_CHARS],
        evidence=tuple(
            replace(proof, quote=in_line(proof.quote)[:MAX_SENTENCE_CHARS])
            if proof.quote is not None
            else proof
            for proof in check.evidence
        ),
        hint=in_line(check.hint)[:MAX_SENTENCE_CHARS] if check.hint is not None else None,
    )


def in_line(text: str) -> str:
    """Printable characters on one line."""
    return "".join(char if char.isprintable() else " " for char in text)


def evidence_of(*terms: tuple[Terms, Words | None]) -> tuple[Evidence, ...]:
    """One piece of evidence for each term."""
    return tuple(Evidence(*words_of(row, words)) for row, words in terms)
