"""Judges a release by the terms that it is under and those that it inherited.

Pure: ``judge`` takes the specification, the texts that leave with the release, the card's text and
what was read around them (``Around``), and returns a ``Judgement``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paddock.release.evidence import Check
from paddock.release.licences.judgement import Judgement
from paddock.release.licences.terms import term_blocks
from paddock.release.spec.release_spec import ReleaseSpec


@dataclass(frozen=True, slots=True)
class Around:
    """What was read besides the texts that leave: nothing, until somebody looks."""


def judge(
    spec: ReleaseSpec, texts: Mapping[str, str], card_text: str = "", around: Around | None = None
) -> Judgement:
    """The duties, grants and conflicts of a release; ``texts`` are those that leave, by path."""
    blocks = term_blocks(spec, list(texts), texts, card_text)
    checks = tuple(
        Check(f"licence.terms.{number}", "licence", "unmet", sentence)
        for number, sentence in enumerate(blocks, 1)
    )
    return Judgement(checks=checks or (Check("licence.terms", "licence", "met", "no conflict"),))
