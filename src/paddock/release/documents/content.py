"""All that a document may be made of, gathered once: every renderer is a pure function of this.

Values only. Nothing here is read from disk or judged; a renderer that needs something else is a
renderer that claims something nobody established.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paddock.release.documents.croissant.dataset import DatasetDescription
from paddock.release.evidence import Check
from paddock.release.facts import Fact, Facts
from paddock.release.files.manifest import Manifest, ReleaseFile
from paddock.release.licences.judgement import Judgement
from paddock.release.results.result import Result
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.withholding.withheld import Withheld

FOLDER = "documents"  # of all documents but the card


@dataclass(frozen=True, slots=True)
class DocumentContent:
    """A release, ready to be written about."""

    spec: ReleaseSpec
    facts: Facts
    files: tuple[ReleaseFile, ...]  # sorted by path: everything but documents and signatures
    repo: str | None = None  # namespace/name on the hub where it goes, when that is known
    authors_text: str | None = None  # the body of the author's own README, or docs.model_card
    authors_claims: Mapping[str, str] = field(default_factory=dict)  # own words, by where they are
    authors_front_matter: Any = None  # of that README, as plain values
    is_chat: bool = False
    judgement: Judgement = field(default_factory=Judgement)
    withheld: Withheld = field(default_factory=Withheld)
    results: tuple[Result, ...] = ()
    previous: Manifest | None = None  # the signed manifest of the release that this one supersedes
    checks: tuple[Check, ...] = ()  # what has been judged before the documents are written
    restricted: tuple[Fact, ...] = ()  # for authorities alone: no public document has these
    fact_checks: tuple[Check, ...] = ()  # whether the facts agree with each other
    provenances: tuple[Mapping[str, Any], ...] = ()  # of derived checkpoints: SLSA statements
    datasets: tuple[DatasetDescription, ...] = ()  # as docs.datasets describes them
    texts: Mapping[str, bytes] | None = None  # other files that documents quote, by path

    @property
    def name(self) -> str:
        return self.spec.metadata.name

    @property
    def version(self) -> str:
        return self.spec.metadata.version

    def value(self, key: str) -> Any:
        """What is known under ``key``, or None."""
        return self.facts.value(key)
