"""Thresholds, modifiers and the exemption for free and open models, as facts and contradictions.

Indicative criteria of the Commission's guidelines of July 2025: general purpose above 10^23
operations of training, systemic risk above 10^25 (Article 51(2)), and a modifier's own duties above
a third of the original's. Where a declaration contradicts a number, or a claimed exemption a term
of the licence, the condition is unmet and quotes both: a person decides, by changing the one or
by taking a waiver on themselves. Nothing here says what the law is.
"""

from __future__ import annotations

from collections.abc import Iterator

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.eu.bands import two_figures
from paddock.release.evidence import Check, Evidence, Status
from paddock.release.licences.judgement import Judgement
from paddock.release.spec.components import PARAMETERS
from paddock.release.spec.docs import EuDocs
from paddock.release.spec.release_spec import ReleaseSpec

GPAI_FLOP = 1e23
SYSTEMIC_FLOP = 1e25
MODIFIER_SHARE = 1 / 3
_FREEDOMS = ("commercial", "modify", "redistribute")
_CEILINGS = {"mau_ceiling": "ceiling of users", "revenue_ceiling": "ceiling of revenue"}


def judge_scope(content: DocumentContent) -> list[Check]:
    """What is declared about the model's place under chapter V, against what is known."""
    eu = content.spec.docs.eu
    if eu is None:
        return []
    checks = [*_purpose(eu, content.spec), *_systemic(eu), *_modifier(eu, content.spec)]
    if eu.free_open_exemption:
        checks += _exemption(content, eu)
    if eu.gpai and eu.copyright_policy is None:
        sentence = "a general-purpose model needs a copyright policy (Article 53(1)(c))"
        checks.append(
            _check("copyright_policy", "unmet", sentence, hint="name its file in "
                   "docs.eu.copyright_policy")
        )  # fmt: skip
    return checks


def needs_documentation(eu: EuDocs) -> bool:
    """Whether Article 53(1)(a) and (b) are on the table: not where 53(2) is claimed."""
    return eu.form is not None or (eu.gpai is True and not eu.free_open_exemption)


def needs_summary(eu: EuDocs) -> bool:
    """Whether Article 53(1)(d) is on the table; the exemption does not lift it."""
    return eu.summary is not None or eu.gpai is True


def _purpose(eu: EuDocs, spec: ReleaseSpec) -> Iterator[Check]:
    hint = "say docs.eu.gpai as a person has decided it"
    if eu.training_flop is None:
        if eu.gpai is None:
            yield _check("gpai", "undecided", "nobody said whether this is a general-purpose "
                         "model, nor how many operations trained it", hint=hint)  # fmt: skip
        return
    over = eu.training_flop > GPAI_FLOP and not spec.lineage.base_model
    evidence = _flop(eu.training_flop, GPAI_FLOP)
    if over and not eu.gpai:
        yield _check("gpai", "unmet", "training took more than 10^23 operations, the indicative "
                     "criterion of a general-purpose model, and docs.eu.gpai is not true",
                     evidence, hint)  # fmt: skip
    else:
        said = {True: "yes", False: "no", None: "not said"}[eu.gpai]
        side = "more" if eu.training_flop > GPAI_FLOP else "no more"
        sentence = f"general purpose: {said}; {side} than 10^23 operations of training"
        yield _check("gpai", "met", sentence)


def _systemic(eu: EuDocs) -> Iterator[Check]:
    if eu.training_flop is not None and eu.training_flop > SYSTEMIC_FLOP and not eu.systemic_risk:
        yield _check("systemic_risk", "unmet", "training took more than 10^25 operations, from "
                     "which systemic risk is presumed, and docs.eu.systemic_risk is not true",
                     _flop(eu.training_flop, SYSTEMIC_FLOP),
                     "say docs.eu.systemic_risk as a person has decided it")  # fmt: skip


def _modifier(eu: EuDocs, spec: ReleaseSpec) -> Iterator[Check]:
    """The one-third rule, for a model made from another."""
    parents = spec.lineage.base_model
    if not parents or eu.training_flop is None:
        return
    original = eu.original_training_flop
    bound = (original if original is not None else _unknown_original(eu)) * MODIFIER_SHARE
    basis = "the original's training"
    if original is None:
        basis = "the threshold, as the original's training is not known"
    names = ", ".join(parent.id for parent in parents)
    evidence = _flop(eu.training_flop, bound)
    if eu.training_flop > bound and not eu.gpai:
        yield _check("modifier", "unmet", f"the change to {names} took more than a third of {basis}"
                     ", and docs.eu.gpai is not true", evidence,
                     "say docs.eu.gpai as a person has decided it")  # fmt: skip
    else:
        side = "more" if eu.training_flop > bound else "no more"
        sentence = f"the change to {names} took {side} than a third of {basis}"
        yield _check("modifier", "met", sentence, evidence)  # fmt: skip


def _unknown_original(eu: EuDocs) -> float:
    return SYSTEMIC_FLOP if eu.systemic_risk else GPAI_FLOP


def _exemption(content: DocumentContent, eu: EuDocs) -> list[Check]:
    """The conditions of Article 53(2), each with what speaks against it."""
    found = [*_access(content), *_terms(content.judgement)]
    if eu.systemic_risk:
        found.append(_check("exemption.systemic_risk", "unmet", "the exemption is claimed for a "
                            "model with systemic risk"))  # fmt: skip
    if not found:
        found.append(_check("exemption", "met", "nothing that was read speaks against free and "
                            "open release: access, use, change, passing on"))  # fmt: skip
    return found


def _access(content: DocumentContent) -> Iterator[Check]:
    spec = content.spec
    access = spec.access
    if access.stage != "open" or access.mechanism != "none":
        said = f"stage {access.stage}, mechanism {access.mechanism}"
        yield _check("exemption.access", "unmet", f"the exemption is claimed and access is "
                     f"restricted: {said}", (Evidence("access in release.yaml", said),),
                     "open the release, or do not claim docs.eu.free_open_exemption")  # fmt: skip
    weights = spec.component(PARAMETERS)
    if weights is not None and (weights.access != "open" or weights.withhold):
        said = "parts are withheld" if weights.withhold else f"access is {weights.access}"
        yield _check("exemption.weights", "unmet", f"the exemption is claimed and of the weights "
                     f"{said}", (Evidence("components in release.yaml", said),))  # fmt: skip
    for title, key, other in (
        ("architecture", "model.architecture", "eu.form.architecture"),
        ("usage", "eu.uses", "eu.form.intended_uses"),
    ):
        if not content.facts[key].is_known and not content.facts[other].is_known:
            yield _check(f"exemption.{title}", "unmet", f"the exemption is claimed and nothing is "
                         f"said about the model's {title}", hint=f"declare {key}")  # fmt: skip


def _terms(judgement: Judgement) -> Iterator[Check]:
    for grant in judgement.grants:
        if grant.name in _FREEDOMS and grant.value is False:
            yield _against(f"does not grant {grant.name}", grant.name, grant.licence, grant.quote)
    for duty in judgement.duties:
        if duty.kind in _CEILINGS:
            yield _against(f"has a {_CEILINGS[duty.kind]}", duty.kind, duty.licence, duty.quote)
    named = {grant.name: grant.value for grant in judgement.grants}
    unknown = [name for name in _FREEDOMS if named.get(name) is None]
    if unknown:
        yield _check("exemption.terms", "undecided", "the exemption is claimed and the terms that "
                     f"were read do not say whether they grant {', '.join(unknown)}")  # fmt: skip


def _against(what: str, name: str, licence: str | None, quote: str | None) -> Check:
    terms = licence or "the licence"
    sentence = f"the exemption is claimed and {terms} {what}"
    return _check(f"exemption.{name}", "unmet", sentence, (Evidence(terms, quote),))


def _flop(flop: float, bound: float) -> tuple[Evidence, ...]:
    """On which side of a bound; the number is for authorities, and conditions are published."""
    return (
        Evidence("docs.eu.training_flop", "more" if flop > bound else "no more"),
        Evidence("bound", two_figures(bound)),
    )


def _check(
    name: str,
    status: Status,
    sentence: str,
    evidence: tuple[Evidence, ...] = (),
    hint: str | None = None,
) -> Check:
    return Check(f"documents.eu.{name}", "legal", status, sentence, evidence, hint)
