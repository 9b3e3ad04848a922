"""What is written about a candidate: the card, the documents, the attestations.

Gathers what documents may be made of, and asks for all of them at once. Pure but for that: a
document is a function of the content alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paddock.front_matter import CARD_NAME
from paddock.release.building.candidate import Content
from paddock.release.building.inputs import BuildInputs
from paddock.release.documents.card import CardContent, render_card
from paddock.release.evidence import Check
from paddock.release.facts import Fact
from paddock.release.files.manifest import ReleaseFile
from paddock.release.results.result import Result
from paddock.release.spec.publish import HubDestination, HuggingFaceDestination


@dataclass(frozen=True, slots=True)
class Written:
    """Files by path, and what writing them found out."""

    contents: Mapping[str, bytes]
    checks: tuple[Check, ...]
    facts: tuple[Fact, ...]


def documents_of(
    inputs: BuildInputs, content: Content, files: Sequence[ReleaseFile], results: Sequence[Result]
) -> Written:
    """Everything that is written about the release."""
    facts = (*inputs.plan.model.facts, *content.facts)
    card = CardContent(
        spec=inputs.plan.spec,
        facts=facts,
        files=files,
        repo=_repo(inputs),
        authors_text=inputs.plan.authors_text,
        is_chat=inputs.plan.model.is_chat,
    )
    return Written({**content.attestations, CARD_NAME: render_card(card)}, (), facts)


def _repo(inputs: BuildInputs) -> str | None:
    """The first repository that the release goes to."""
    hubs = (HubDestination, HuggingFaceDestination)
    return next((d.repo for d in inputs.plan.spec.publish if isinstance(d, hubs)), None)
