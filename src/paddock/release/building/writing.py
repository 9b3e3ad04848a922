"""What is written about a candidate: card, documents, and the conditions that these meet.

The thin file between the build and the documents: reads what they quote, gathers it into one
content, and asks for all of them. What they say is a function of that content alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddock.front_matter import CARD_NAME, split_document
from paddock.release.building.candidate import Content
from paddock.release.building.inputs import BuildInputs
from paddock.release.building.previous import find_previous
from paddock.release.building.steps import Steps
from paddock.release.documents.attestations import render_release, subjects_of
from paddock.release.documents.complete import document_checks
from paddock.release.documents.content import DocumentContent
from paddock.release.documents.croissant.dataset import DatasetDescription
from paddock.release.documents.croissant.render import wanted_heads
from paddock.release.documents.evaluations.result_files import is_result_file
from paddock.release.documents.facts_file import told
from paddock.release.documents.gathering import DocumentInputs, Known, gather
from paddock.release.documents.regulators import private_documents
from paddock.release.documents.write import documents
from paddock.release.evidence import Check
from paddock.release.files.manifest import ReleaseFile
from paddock.release.files.reading import opened_folder, read_beneath
from paddock.signing.keys import TrustedKey

MAX_QUOTED_BYTES = 1 << 20
RELEASE_ATTESTATION = "attestations/release.json"
_QUOTED_ROLES = frozenset({"license", "notice"})


@dataclass(frozen=True, slots=True)
class Written:
    """Files by path, and what writing them found out."""

    contents: Mapping[str, bytes]
    checks: tuple[Check, ...]
    private: Mapping[str, bytes]  # for authorities that ask; never in the release
    told: Mapping[str, Any]  # facts and results, as release.json repeats them


def documents_of(
    inputs: BuildInputs,
    said: DocumentInputs,
    content: Content,
    files: Sequence[ReleaseFile],
    steps: Steps,
    own: TrustedKey,
) -> Written:
    """Everything that is written about the release; ``files`` are there already.

    ``own`` is the key that signs it, which may have signed the release before.
    """
    plan = inputs.plan
    previous = find_previous(inputs, steps, own)
    known = Known(
        measured=(*content.stage.model.facts, *content.facts),
        files=tuple(files),
        readme=plan.authors_text or "",
        front_matter=_front_matter(Path(plan.source)),
        is_chat=content.stage.model.is_chat,
        judgement=plan.judgement,
        withheld=content.withheld,
        previous=previous.manifest,
        checks=content.checks,
        provenances=content.provenances,
        results=content.results,
        texts=_texts(content, files, said.datasets),
    )
    whole = gather(plan.spec, said, known)
    return Written(
        contents={**documents(whole), RELEASE_ATTESTATION: _release(whole, files)},
        checks=(*document_checks(whole), *previous.checks),
        private=private_documents(whole),
        told=told(whole),
    )


def _front_matter(source: Path) -> str | None:
    """What the author's own card says before its text."""
    try:
        with opened_folder(source) as source_fd:
            raw = read_beneath(source_fd, CARD_NAME, MAX_QUOTED_BYTES)
    except OSError:
        return None
    return split_document(raw.decode("utf-8", "replace")).front_matter


def _texts(
    content: Content, files: Sequence[ReleaseFile], datasets: Sequence[DatasetDescription]
) -> dict[str, bytes]:
    """The beginnings of what documents quote or are held against: licences, data, results."""
    quoted = {
        file.path for file in files if file.role in _QUOTED_ROLES or is_result_file(file.path)
    }
    quoted |= set(wanted_heads(datasets, [file.path for file in files]))
    with opened_folder(content.candidate.folder) as folder_fd:
        return {path: read_beneath(folder_fd, path, MAX_QUOTED_BYTES) for path in sorted(quoted)}


def _release(whole: DocumentContent, files: Sequence[ReleaseFile]) -> bytes:
    """in-toto's own word for: this package is exactly these files."""
    purl = whole.spec.metadata.purl
    if purl is None or "@" not in purl:
        purl = f"pkg:generic/{whole.name}@{whole.version}"
    return render_release(subjects_of(files), purl)
