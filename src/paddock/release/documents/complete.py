"""Whether the documents may go out: true to the measurements, finished, and with all they need.

Pure. Ids begin with ``documents.``; a document that a law or a form asks for is judged by its own
part and joined here.
"""

from __future__ import annotations

from paddock.errors import shown
from paddock.release.documents.content import DocumentContent
from paddock.release.documents.evaluations.belonging import (
    digest_checks,
    sort_results,
)
from paddock.release.documents.evaluations.claims import claim_checks
from paddock.release.documents.evaluations.result_files import result_file_checks
from paddock.release.documents.mof.assessment import mof_checks
from paddock.release.documents.placeholders import placeholder_checks
from paddock.release.documents.regulators import judge_documents
from paddock.release.evidence import Check
from paddock.release.target import is_repo_id

# What a reader looks for first; the card's form lets all of it be unknown.
CARD_SLOTS = (
    "release.description", "release.licence", "producer.name", "producer.contact", "use.direct",
    "use.out_of_scope", "risks.biases", "risks.limitations", "training.data",
)  # fmt: skip


def document_checks(content: DocumentContent) -> tuple[Check, ...]:
    """Every condition of the documents, of facts before their files are known and after."""
    found = sort_results(content.results, content.spec, content.files)
    # In a plan no digest is known yet.
    own = found.own if content.files else (*found.own, *found.strange)
    return (
        *content.fact_checks,
        *placeholder_checks(content.authors_claims),
        *claim_checks(content.authors_claims, content.authors_front_matter, own, found.others),
        *result_file_checks(content.texts or {}, own),
        *(digest_checks(found, content.files) if content.files else ()),
        *mof_checks(content.spec),
        *judge_documents(content),
        *_newer(content),
        _card(content),
    )


def _newer(content: DocumentContent) -> tuple[Check, ...]:
    """Hubs refuse a card whose new_version is no repository."""
    newer = content.value("links.new_version")
    if newer is None or is_repo_id(str(newer)):
        return ()
    sentence = f"links.new_version is {shown(str(newer))}, which is no repository"
    hint = "NAMESPACE/NAME of the model that takes its place"
    return (Check("documents.new_version", "documents", "unmet", sentence, hint=hint),)


def _card(content: DocumentContent) -> Check:
    """The card may say that something is unknown; that it does is worth knowing."""
    unknown = [key for key in CARD_SLOTS if not content.facts[key].is_known]
    sentence = "the model card has what readers look for first"
    if unknown:
        sentence = f"the model card does not know {', '.join(unknown)}"
    return Check("documents.card", "documents", "met", sentence)
