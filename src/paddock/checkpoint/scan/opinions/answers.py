"""What another scanner's word on a file comes to, and what follows from it.

Values. An opinion can make a verdict worse and never better: ``clean`` and ``skipped`` change
nothing, and a scanner that did not finish is no scanner that found nothing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from paddock.checkpoint.scan.report import Opinion, Reason


class Word(StrEnum):
    """What a scanner's answer comes to."""

    CLEAN = "clean"
    SKIPPED = "skipped"  # it looked at nothing
    SUSPICIOUS = "suspicious"  # it does not know; honest tensors are called so too
    DANGEROUS = "dangerous"
    UNFINISHED = "unfinished"  # it crashed, ran out of time, or answered nonsense


class Answer(NamedTuple):
    """A scanner's word on one file, and its own words in short."""

    word: Word
    detail: str = ""


_CODES = {
    Word.DANGEROUS: "second_opinion",
    Word.SUSPICIOUS: "second_opinion_doubt",
    Word.UNFINISHED: "second_opinion_missing",
}


def reason_of(opinion: Opinion) -> Reason | None:
    """The reason that an opinion becomes; None for one that changes nothing."""
    code = _CODES.get(Word(opinion.said))
    if code is None:
        return None
    detail = f": {opinion.detail}" if opinion.detail else ""
    who = f"{opinion.scanner} {opinion.version}"
    return Reason(code, opinion.place, f"{who} says {opinion.said}{detail}")
