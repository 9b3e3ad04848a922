"""Cases 163 to 169: claims in documents that nothing bears out.

This version evaluates nothing and writes no regulatory documents: a release file that asks for
either is an error, so no card can claim what was not done.
"""

from __future__ import annotations

from typing import Any

from tests.attacks.corpus.case import Expected, Family, Judge, Tree, Variants
from tests.attacks.corpus.release_trees import release

FAMILY = Family("document", Judge.RELEASE)
R, W = Expected.REJECT, Expected.WARN
STRICTER = "refused outright: this version does not do it, and says so"


def asking(**sections: Any) -> Tree:
    return release(sections)


@FAMILY.case(163, "the card claims an evaluation that is not in the results", R, STRICTER)
def claimed() -> Variants:
    yield "audit", asking(audit={"quality": [{"eval": "mmlu", "min_ratio_to_base": 0.98}]})
    yield "card", asking(docs={"model_card": "auto", "claims": [{"eval": "mmlu", "value": 0.9}]})


@FAMILY.case(164, "an evaluation of other bytes than those that are shipped", R, STRICTER)
def other_digest() -> Variants:
    audited = {"eval": "mmlu", "value": 0.7, "digest": {"sha256": "0" * 64}}
    yield "digest", asking(audit={"quality": [audited]})


@FAMILY.case(165, "a placeholder that was left", R,
             "in the description; a README that is an unfilled template is not carried into the card")  # fmt: skip
def placeholder() -> Variants:
    yield "description", asking(metadata={"description": "[More Information Needed]"})
    yield "lower", asking(metadata={"description": "A model. more information needed."})


@FAMILY.case(166, "a better class of openness than the components show", R, STRICTER)
def openness() -> Variants:
    yield "class", asking(docs={"mof": {"claimed_class": 1}})


@FAMILY.case(167, "a summary of the training data that is older than six months", W, STRICTER)
def summary() -> Variants:
    yield "summary", asking(docs={"eu": {"gpai": True, "summary": "docs/summary.yaml"}})


@FAMILY.case(168, "both approvals by the same person", R, STRICTER)
def approvals() -> Variants:
    people = {"required": 2, "roles": ["safety", "legal"], "by": ["ada", "ada"]}
    yield "same", asking(gate={"policy": "policies/gated.yaml", "approvals": people})


@FAMILY.case(169, "a gate waived without an end", R, STRICTER)
def waiver() -> Variants:
    yield (
        "no-expiry",
        asking(gate={"waivers": [{"check": "docs.energy", "reason": "none", "by": "cto"}]}),
    )
