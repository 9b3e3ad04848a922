"""Terms that cannot hold together: each refusal quotes both.

Pure. A model under binding terms is not offered under freer ones; what is for non-commercial use
stays so; outputs that may not improve other models did not; a licence that allows no further limits
is not joined with limits. What a text does not decide is left to a person.
"""

from __future__ import annotations

from collections.abc import Iterator

from paddock.errors import shown
from paddock.release.evidence import Check, Evidence
from paddock.release.licences.expression import Alternative, alternatives, expression_problem
from paddock.release.licences.material import Material, weights_licences
from paddock.release.licences.origins import Held, grants_reach
from paddock.release.licences.quoting import evidence_of, quoted
from paddock.release.licences.terms import Terms, Words


def relicensing_checks(material: Material) -> Iterator[Check]:
    """Binding terms of an ancestor that the release, or one of its choices, would drop."""
    for held in material.ancestors:
        row = held.terms
        if held.reaches is False or (held.origin.by_outputs and held.reaches is None):
            continue
        bound = binding_words(row)
        if bound is None:
            continue
        dropped = [
            (key, expression, choice)
            for key, expression in weights_licences(material.spec).items()
            for choice in alternatives(expression)
            if not _carries(material, choice, row)
        ]
        id_ = f"licence.{row.id}.kept:{held.origin.id}"
        if not dropped:
            sentence = f"{held.origin.id} is under the {row.name}, and so is the release"
            yield Check(id_, "licence", "met", sentence, evidence_of((row, bound)))
            continue
        key, expression, choice = dropped[0]
        ours, words = _freest(material, choice)
        other = f"; {quoted(ours, words)}" if ours is not None else ""
        yield Check(
            id_, "licence", "unmet",
            f"{held.origin.id} is under {row.id}, and {key} is {shown(expression)}: "
            f"{quoted(row, bound)}{other}",
            evidence_of((row, bound), *([(ours, words)] if ours is not None else [])),
            f"say both: {expression} AND {row.id}"[:200],
        )  # fmt: skip


def binding_words(row: Terms) -> Words | None:
    """The words by which a licence stays on models made from its own; None when none do."""
    for kind in ("same_terms", "pass_restrictions", "aup", "copy_licence"):
        duty = row.asks(kind)
        if duty is not None and row.binds:
            return duty.words
    return None


def _carries(material: Material, choice: Alternative, row: Terms) -> bool:
    named = {material.table.named.get(name.lower()) for name in choice}
    return row.id in named or bool(row.compatible & named)


def _freest(material: Material, choice: Alternative) -> tuple[Terms | None, Words | None]:
    """Of what is offered, a licence that grants most, with the words of its grant."""
    rows = [row for name in sorted(choice) if (row := material.table.find(name)) is not None]
    for row in rows:
        for name in ("redistribute", "modify", "commercial"):
            granted = row.grant(name)
            if granted.value and granted.words is not None:
                return row, granted.words
    return (rows[0], None) if rows else (None, None)


def commercial_checks(material: Material) -> Iterator[Check]:
    """Non-commercial ancestors against what the release offers."""
    for held in material.ancestors:
        refused = held.terms.grant("commercial")
        if refused.value is not False or not grants_reach(held):
            continue
        id_ = f"licence.{held.terms.id}.commercial:{held.origin.id}"
        for key, expression in weights_licences(material.spec).items():
            for choice in alternatives(expression):
                rows = [r for name in sorted(choice) if (r := material.table.find(name))]
                if any(row.grant("commercial").value is False for row in rows):
                    continue
                ours, words = _freest(material, choice)
                other = f"; {quoted(ours, words)}" if ours is not None else ""
                yield Check(
                    id_, "licence", "unmet",
                    f"{held.origin.id} is for non-commercial use only, and {key} is "
                    f"{shown(expression)}: {quoted(held.terms, refused.words)}{other}",
                    evidence_of(
                        (held.terms, refused.words), *([(ours, words)] if ours is not None else [])
                    ),
                    f"offer it under {held.terms.id} as well, or leave {held.origin.id} out",
                )  # fmt: skip
                return


def outputs_checks(material: Material) -> Iterator[Check]:
    """Outputs of models whose licence forbids to improve other models with them, or is silent."""
    made_of = {
        held.terms.id
        for held in material.ancestors
        if not held.origin.by_outputs and held.reaches is not False
    }
    for held in material.ancestors:
        row, granted = held.terms, held.terms.grant("outputs_train")
        if not held.origin.by_outputs or row.outputs_except & made_of:
            continue
        id_ = f"licence.{row.id}.outputs:{held.origin.id}"
        if granted.value is False:
            own = material.spec.licenses.distribution
            yield Check(
                id_, "licence", "unmet",
                f"outputs of {held.origin.id} were used for a model that is not made from it: "
                f"{quoted(row, granted.words)}; the release is under {shown(own)}",
                evidence_of((row, granted.words)), f"train without outputs of {held.origin.id}",
            )  # fmt: skip
        elif granted.value is None and held.reaches is None and row.is_restrictive:
            yield Check(
                id_, "licence", "undecided",
                f"the {row.name} does not say whether it reaches a model trained on outputs of "
                f"{held.origin.id}",
                hint="a person has to decide: waive this condition, with a reason",
            )  # fmt: skip


def change_grant_checks(material: Material) -> Iterator[Check]:
    """Changed models of parents that may not be changed, or not passed on."""
    for held in material.ancestors:
        if held.origin.by_outputs or held.reaches is False:
            continue
        for name, forbidden in (("modify", held.origin.modified), ("redistribute", True)):
            granted = held.terms.grant(name)
            if granted.value is False and forbidden:
                what = "changed" if name == "modify" else "passed on"
                yield Check(
                    f"licence.{held.terms.id}.{name}:{held.origin.id}", "licence", "unmet",
                    f"{held.origin.id} must not be {what}: {quoted(held.terms, granted.words)}; "
                    f"lineage says that this model was made from it ({held.origin.path[0]})",
                    (*evidence_of((held.terms, granted.words)),
                     Evidence("release.yaml, lineage", f"{held.origin.id}: {held.origin.path[0]}")),
                )  # fmt: skip


def joined_checks(material: Material) -> Iterator[Check]:
    """Licences that allow no further limits, joined in one work with such limits."""
    here = {
        held.terms.id: held for held in material.held
        if held.reaches is not False and not (held.origin.by_outputs and held.reaches is None)
    }  # fmt: skip
    for id_, held in sorted(here.items()):
        row = held.terms
        if row.no_further is None:
            continue
        for other_id, other in sorted(here.items()):
            limit = _limit(other)
            if other_id == id_ or limit is None or other_id in row.compatible | {id_}:
                continue
            yield Check(
                f"licence.{id_}.with:{other_id}", "licence", "unmet",
                f"two terms that cannot both be kept in one work: {quoted(row, row.no_further)}; "
                f"{quoted(other.terms, limit)}",
                evidence_of((row, row.no_further), (other.terms, limit)),
                "a part of its own, such as code, may have its own licence: licenses.code",
            )  # fmt: skip


def _limit(held: Held) -> Words | None:
    """The words of a limit that the licence puts on the whole work."""
    refused = held.terms.grant("commercial")
    if refused.value is False:
        return refused.words
    return binding_words(held.terms)


def data_checks(material: Material) -> Iterator[Check]:
    """Non-commercial or share-alike data against the terms of the model that it trained."""
    spec = material.spec
    said = {"licenses.data": spec.licenses.data}
    for part in spec.components:
        if part.name == "Datasets" and part.license is not None and part.access != "not_produced":
            said["components[Datasets].license"] = part.license
    said |= {f"docs.datasets: {name}": licence for name, licence in material.around.datasets}
    offered = alternatives(spec.licenses.distribution)
    for key, expression in said.items():
        for name in sorted(frozenset().union(*alternatives(expression or ""))):
            row = material.table.find(name)
            if row is None or any(_carries(material, choice, row) for choice in offered):
                continue
            yield from _data_check(material, key, row, offered)


def _data_check(
    material: Material, key: str, row: Terms, offered: tuple[Alternative, ...]
) -> Iterator[Check]:
    same, refused = row.asks("same_terms"), row.grant("commercial")
    rows = [r for choice in offered for name in sorted(choice) if (r := material.table.find(name))]
    stays = any(each.grant("commercial").value is False for each in rows)
    words = refused.words if refused.value is False and not stays else same.words if same else None
    if words is None:
        return
    ours, own = _freest(material, offered[0]) if offered else (None, None)
    other = f"; {quoted(ours, own)}" if ours is not None else ""
    yield Check(
        f"licence.data.{row.id}", "licence", "undecided",
        f"{key} is the {row.name}, and the model is offered under "
        f"{shown(material.spec.licenses.distribution)}: {quoted(row, words)}{other}; "
        "the text does not say whether a model that was trained on the data is bound",
        evidence_of((row, words)), "a person has to decide: waive this condition, with a reason",
    )  # fmt: skip


def expression_checks(material: Material) -> Iterator[Check]:
    """Whether every expression is well formed, wherever one is written."""
    said: dict[str, str | None] = {
        f"licenses.{key}": getattr(material.spec.licenses, key)
        for key in ("distribution", "code", "data", "document")
    }
    for part in material.spec.components:
        said[f"components[{part.name}].license"] = part.license
    for ancestor in (
        *material.spec.lineage.base_model, *material.spec.lineage.distilled_from,
        *material.spec.lineage.trained_on_outputs_of,
    ):  # fmt: skip
        said[f"lineage: license of {ancestor.id}"] = ancestor.license
    problems = [
        f"{key}: {shown(text)} is no licence expression: {problem}"
        for key, text in said.items()
        if text is not None and (problem := expression_problem(text)) is not None
    ]
    for number, sentence in enumerate(problems, 1):
        id_ = "licence.expression" + (f".{number}" if number > 1 else "")
        yield Check(id_, "licence", "unmet", sentence, hint="such as MIT, or A AND (B OR C)")
    if not problems:
        yield Check(
            "licence.expression", "licence", "met", "every licence expression is well formed"
        )
