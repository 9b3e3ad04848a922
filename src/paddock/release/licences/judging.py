"""Judges a release by the terms that it is under and those that it inherited.

Pure: takes the specification, the texts that leave with the release, the card's text and what was
read around them (``Around``), and returns a ``Judgement``. It emits facts with the words that show
them; that a condition is met means what its sentence says, not that anything is lawful.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from paddock.licences import is_licence, is_of_model_makers
from paddock.release.evidence import Check, Status
from paddock.release.licences.card_licence import card_licence, is_unknown
from paddock.release.licences.conflicts import (
    change_grant_checks,
    commercial_checks,
    data_checks,
    expression_checks,
    joined_checks,
    outputs_checks,
    relicensing_checks,
)
from paddock.release.licences.duty_checks import (
    badges,
    change_checks,
    display_checks,
    kept_notice_checks,
    name_checks,
    notice_checks,
    notices_to_write,
    pass_on_checks,
)
from paddock.release.licences.expression import names_in
from paddock.release.licences.judgement import Judgement
from paddock.release.licences.known_facts import facts_of
from paddock.release.licences.material import Around, Material, material_of
from paddock.release.licences.origins import OWN, duties_of, grants_of
from paddock.release.licences.parent_checks import parent_checks
from paddock.release.licences.parent_release import ancestors_to_json
from paddock.release.licences.questions import (
    all_questions,
    declaration_checks,
    needed,
    signed_texts,
)
from paddock.release.licences.quoting import tidied
from paddock.release.licences.text_checks import copy_checks, links, policy_checks, stray_checks
from paddock.release.spec.release_spec import ReleaseSpec

__all__ = ["Around", "judge"]

_CHECKS = (
    expression_checks, relicensing_checks, commercial_checks, outputs_checks, change_grant_checks,
    joined_checks, data_checks, copy_checks, policy_checks, stray_checks, notice_checks,
    change_checks, kept_notice_checks, display_checks, name_checks, pass_on_checks, parent_checks,
    declaration_checks,
)  # fmt: skip


def judge(
    spec: ReleaseSpec, texts: Mapping[str, str], card_text: str = "", around: Around | None = None
) -> Judgement:
    """The duties, grants and conflicts of a release; ``texts`` are those that leave, by path."""
    material = material_of(spec, texts, card_text, around or Around())
    checks = [check for judged in _CHECKS for check in judged(material)]
    checks += [*unknown_checks(material), *part_checks(material)]
    duties = duties_of(material.held)
    grants = grants_of(material.held, are_all_known=not any(_unknown_names(material)))
    return Judgement(
        checks=tuple(one_of_each(map(tidied, checks))),
        duties=duties,
        grants=grants,
        notices=notices_to_write(material),
        displays=tuple(dict.fromkeys((*badges(material), *links(material)))),
        texts=material.found,
        declarations_needed=needed(material),
        questions=all_questions(material),
        declared_about=tuple(sorted(signed_texts(material).items())),
        terms=tuple(sorted({held.terms.id for held in material.held})),
        facts=facts_of(material, grants),
        ancestors=tuple(ancestors_to_json(material.origins)),
    )


def one_of_each(checks: Iterable[Check]) -> list[Check]:
    """One check for an id; where several ways lead to it, the one that stops the release."""
    found: dict[str, Check] = {}
    for check in checks:
        known = found.get(check.id)
        if known is None or (check.blocks and not known.blocks):
            found[check.id] = check
    return list(found.values())


def unknown_checks(material: Material) -> Iterator[Check]:
    """Licences whose terms nobody has put in the table, and ancestors whose licence nobody said."""
    for origin, name in _unknown_names(material):
        if name:
            yield _unknown_check(name, origin)
        elif origin != OWN:  # a release without a licence claims nothing
            yield Check(
                f"licence.unknown:{origin}", "licence", "undecided",
                f"nobody says under which licence {origin} is",
                hint="say it in lineage, as license",
            )  # fmt: skip


def _unknown_names(material: Material) -> Iterator[tuple[str, str]]:
    """Origins and the names of their licences that have no row; an empty name where none is."""
    for origin in material.origins:
        if origin.licence is None or is_unknown(origin.licence):
            yield origin.id, ""
            continue
        for name in sorted(names_in(origin.licence)):
            if material.table.find(name) is None:
                yield origin.id, name


def part_checks(material: Material) -> Iterator[Check]:
    """Licences of code, data and documents whose terms are not in the table."""
    licenses = material.spec.licenses
    said = {key: getattr(licenses, key) for key in ("code", "data", "document")}
    said |= {part.name: part.license for part in material.spec.components}
    for key, expression in said.items():
        for name in sorted(names_in(expression or "")):
            if expression is not None and material.table.find(name) is None:
                sentence = f"{key} is under {name!r:.120}, whose terms are not in the table"
                yield Check(f"licence.terms:{name}"[:200], "licence", "warned", sentence)


def _unknown_check(name: str, origin: str) -> Check:
    hub_id = card_licence(name).license
    own = origin == OWN
    if is_licence(hub_id) and hub_id not in {"other", "unknown"}:
        # Without a known text, a maker's terms are terms of one's own: somebody must say them.
        status: Status = "warned" if own and not is_of_model_makers(hub_id) else "undecided"
        return Check(
            f"licence.terms:{name}"[:200], "licence", status,
            f"{origin} is under {name}, whose terms are not in the table, so nothing is checked",
            hint=f"read it; describe its terms under licenses.custom, with id: {name}",
        )  # fmt: skip
    return Check(
        f"licence.unknown:{name}"[:200], "licence", "unmet",
        f"{origin} is under {name!r:.120}, and nobody has said what these terms are",
        hint="use an SPDX id or the Hub's, or describe the licence under licenses.custom",
    )  # fmt: skip
