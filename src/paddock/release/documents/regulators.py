"""The documents for regulators, for data sets and for inventories: which are made, and for whom.

Those for the public and for who builds on the model go into the release. Those that the AI Office
or a national authority may ask for (Annex XI) are written beside it and never published.
"""

from __future__ import annotations

from dataclasses import replace

from paddock.release.documents.bom.judging import bills, judge_bills
from paddock.release.documents.content import FOLDER, DocumentContent
from paddock.release.documents.croissant.render import documents_of, judge_croissant
from paddock.release.documents.eu.annex_xii import judge_annex_xii, render_annex_xii
from paddock.release.documents.eu.computed import computed_facts, restricted_facts
from paddock.release.documents.eu.form import (
    AIO,
    DP,
    NCA,
    judge_model_documentation,
    render_model_documentation,
)
from paddock.release.documents.eu.scope import judge_scope, needs_documentation, needs_summary
from paddock.release.documents.eu.summary import judge_summary, render_summary
from paddock.release.documents.plain import visible
from paddock.release.documents.us.ab2013 import judge_ab2013, render_ab2013
from paddock.release.documents.us.risks import judge_risks, render_risks
from paddock.release.documents.us.sb53 import judge_sb53, render_sb53
from paddock.release.evidence import Check

PRIVATE_SUFFIX = ".private"  # of the folder beside the release
FORM, ANNEX_XII = f"{FOLDER}/model-documentation.md", f"{FOLDER}/annex-xii.md"
SUMMARY = f"{FOLDER}/training-summary.md"
COPYRIGHT = f"{FOLDER}/copyright-policy.md"  # the author's own words
AB2013, SB53 = f"{FOLDER}/training-data.md", f"{FOLDER}/transparency-report.md"
RISKS = f"{FOLDER}/risks.md"


def public_documents(content: DocumentContent, beside: tuple[str, ...] = ()) -> dict[str, bytes]:
    """The documents that go into the release, by path; ``beside`` are paths of further ones."""
    found = _pages(completed(content)) | documents_of(content)
    return found | bills(content, (*beside, *found))


def private_documents(content: DocumentContent) -> dict[str, bytes]:
    """The versions that authorities may ask for, by file name; they are never published."""
    content = _whole(content)
    eu = content.spec.docs.eu
    if eu is None or not needs_documentation(eu):
        return {}
    return {
        f"model-documentation.{audience}.md": render_model_documentation(content, audience)
        for audience in (AIO, NCA)
    }


def judge_documents(content: DocumentContent) -> tuple[Check, ...]:
    """Every condition of these documents."""
    bare, content = content, _whole(content)
    checks, docs = list[Check](), content.spec.docs
    if docs.eu is not None:
        checks += judge_scope(content)
        if needs_documentation(docs.eu):
            checks += [*judge_model_documentation(content), *judge_annex_xii(content)]
        if needs_summary(docs.eu):
            checks += judge_summary(content)
    if docs.us_ca is not None:
        if docs.us_ca.ab2013 != "not_applicable":
            checks += judge_ab2013(content)
        checks += judge_sb53(content)
    return (*checks, *judge_risks(content), *judge_croissant(content), *judge_bills(bare))


def completed(content: DocumentContent) -> DocumentContent:
    """With the facts that follow from public ones."""
    found = computed_facts(content.spec, content.facts, content.files)
    return replace(content, facts=content.facts | found)


def _whole(content: DocumentContent) -> DocumentContent:
    """With the facts for authorities, too."""
    told = content.facts | content.restricted
    told |= restricted_facts(content.spec, told)
    return completed(replace(content, facts=told))


def _pages(content: DocumentContent) -> dict[str, bytes]:
    docs, found = content.spec.docs, dict[str, bytes]()
    if docs.eu is not None and needs_documentation(docs.eu):
        found[FORM] = render_model_documentation(content, DP)
        found[ANNEX_XII] = render_annex_xii(content)
    if docs.eu is not None and needs_summary(docs.eu):
        found[SUMMARY] = render_summary(content)
    policy = docs.eu.copyright_policy if docs.eu is not None else None
    if policy is not None and content.texts and policy in content.texts:
        found[COPYRIGHT] = f"{visible(content.texts[policy].decode('utf-8', 'replace'))}\n".encode()
    if docs.us_ca is not None and docs.us_ca.ab2013 != "not_applicable":
        found[AB2013] = render_ab2013(content)
    if docs.us_ca is not None and docs.us_ca.sb53 != "not_applicable":
        found[SB53] = render_sb53(content)
    if docs.risks is not None:
        found[RISKS] = render_risks(content)
    return found
