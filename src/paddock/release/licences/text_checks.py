"""The texts that leave with a release: are they the licences and policies that must be there?

Pure. A text is known when its words are exactly those of a row of the table; a text that only
begins like one has been changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paddock.checkpoint.licence_hints import licence_of_text
from paddock.errors import shown
from paddock.release.evidence import Check, Evidence, Status
from paddock.release.files.paths import matching
from paddock.release.licences.card_licence import is_unknown
from paddock.release.licences.judgement import Display
from paddock.release.licences.material import Material
from paddock.release.licences.origins import Held, owed
from paddock.release.licences.quoting import words_of
from paddock.release.licences.terms import DutyTerm, Terms
from paddock.release.licences.texts import begins_in, digest_of, is_in, plain


def copy_checks(material: Material) -> Iterator[Check]:
    """A copy of every licence that asks to be carried along."""
    for row, held in _by_row(material):
        duty = row.asks("copy_licence")
        through = [one for one in held if duty is not None and duty in owed(one)]
        if duty is None or not through:
            continue
        own_choice = all(one.origin.is_own for one in through) and not row.text_required
        yield _copy_check(material, row, duty, own_choice=own_choice)


def _copy_check(material: Material, row: Terms, duty: DutyTerm, *, own_choice: bool) -> Check:
    id_, quote = f"licence.{row.id}.copy", Evidence(*words_of(row, duty.words))
    changed = None
    for path, text in material.of_role("license").items():
        flat = plain(text)
        evidence = Evidence(f"text of {path}", path=path, sha256=digest_of(text))
        if any(is_in(known, flat) for known in row.texts):
            sentence = f"{path} is the text of the {row.name}, word by word"
            return Check(id_, "licence", "met", sentence, (quote, evidence))
        if begins_in(row.texts, flat):
            changed = Check(
                id_, "licence", "unmet",
                f"{path} begins like the {row.name}, and its words are not those of any known text",
                (quote, evidence), "put the unchanged text there",
            )  # fmt: skip
        elif not row.texts and _title(text) in {row.hub_id, row.id}:
            sentence = f"{path} has the title of the {row.name}; no known text to compare it with"
            return Check(id_, "licence", "met", sentence, (quote, evidence))
    if changed is not None:
        return changed
    if duty.url is not None:
        sentence = f"the card links to the {row.name}: {duty.url}"
        return Check(id_, "licence", "met", sentence, (quote,))
    sentence = f"no file is the text of the {row.name}, which asks for a copy of it"
    hint = f"add the text of the {row.name} to the source, such as LICENSE-{row.id}"
    status: Status = "warned" if own_choice else "unmet"
    return Check(id_, "licence", status, sentence, (quote,), hint)


def _title(text: str) -> str | None:
    return licence_of_text(text)


def policy_checks(material: Material) -> Iterator[Check]:
    """Policies of acceptable use: the file that is named, and those that must be shipped."""
    said = material.spec.licenses.acceptable_use
    named = matching(said.file, sorted(material.texts)) if said is not None else []
    file = named[0] if named else None
    text = material.texts[file] if file is not None else None
    upstream = material.table.find(said.upstream) if said is not None and said.upstream else None
    if said is not None and said.upstream is not None and upstream is None:
        sentence = f"licenses.acceptable_use.upstream: {shown(said.upstream)} is no known licence"
        yield Check("licence.policy.upstream", "licence", "unmet", sentence)
    for row, held in _by_row(material):
        duty = row.asks("aup")
        if duty is None or not any(duty in owed(one) for one in held):
            continue
        is_meant = upstream is None or upstream is row
        yield _policy_check(row, duty, file if is_meant else None, text, claimed=upstream is row)


def _policy_check(
    row: Terms, duty: DutyTerm, file: str | None, text: str | None, *, claimed: bool
) -> Check:
    id_, quote = f"licence.{row.id}.policy", Evidence(*words_of(row, duty.words))
    if file is not None and text is not None:
        evidence = (quote, Evidence(f"text of {file}", path=file, sha256=digest_of(text)))
        if any(is_in(known, plain(text)) for known in row.policies):
            sentence = f"{file} is the policy of the {row.name}, word by word"
            return Check(id_, "licence", "met", sentence, evidence)
        if claimed or begins_in(row.policies, plain(text)):
            return Check(
                id_, "licence", "unmet",
                f"{file} is not the policy of the {row.name} as it is known", evidence,
                f"take the text from {duty.url}",
            )  # fmt: skip
    if duty.ships:
        sentence = f"the {row.name} asks to pass its policy on, and no file is it"
        hint = f"save {duty.url} in the source and name it under licenses.acceptable_use.file"
        return Check(id_, "licence", "unmet", sentence, (quote,), hint)
    sentence = f"the card links to the policy of the {row.name}: {duty.url}"
    return Check(id_, "licence", "met", sentence, (quote,))


def links(material: Material) -> Iterator[Display]:
    """Policies and licences that the card links to."""
    for row, held in _by_row(material):
        for duty in row.duties:
            if duty.url is None or not any(duty in owed(one) for one in held):
                continue
            if duty.kind == "aup":
                yield Display(f"Use is bound to the policy at {duty.url}", row.id, duty.url)
            elif duty.kind == "copy_licence":
                yield Display(f"{row.name}: {duty.url}", row.id, duty.url)


def stray_checks(material: Material) -> Iterator[Check]:
    """Texts of licences that nobody named, and texts that nobody knows."""
    named = {held.terms.id for held in material.held}
    custom = {licence.file: licence for licence in material.spec.licenses.custom}
    said = material.spec.licenses.distribution
    for own in custom.values():
        if own.file not in material.texts:
            sentence = f"licenses.custom: {own.file} is not among the files that leave"
            yield Check(f"licence.custom:{own.id}", "licence", "unmet", sentence)
    for found in material.found:
        policy = material.spec.licenses.acceptable_use_file
        if found.path in custom or (policy is not None and matching(policy, [found.path])):
            continue
        evidence = (Evidence(f"text of {found.path}", path=found.path, sha256=found.sha256),)
        licence = found.licence or _title(material.texts[found.path])
        row = material.table.find(licence) if licence is not None else None
        if licence is None and not is_policy(found.path):
            sentence = (
                f"{found.path} is a licence that nobody has named, and its words are not known"
            )
            hint = "describe it under licenses.custom, or take the file out"
            yield Check(
                f"licence.text:{found.path}", "licence", "undecided", sentence, evidence, hint
            )
        elif row is not None and row.id not in named and not is_unknown(said):
            binding = row.text_required or row.is_restrictive
            sentence = f"{found.path} is the {row.name}, and licenses.distribution is {shown(said)}"
            hint = f"name {row.id} in licenses.distribution or lineage, or take the file out"
            status: Status = "unmet" if binding else "warned"
            yield Check(f"licence.text:{found.path}", "licence", status, sentence, evidence, hint)


def is_policy(path: str) -> bool:
    """Whether a file's name is that of a policy of use rather than of a licence."""
    name = path.rpartition("/")[2].lower()
    return name.startswith(("use_policy", "acceptable_use"))


def _by_row(material: Material) -> list[tuple[Terms, Sequence[Held]]]:
    rows: dict[str, list[Held]] = {}
    for held in material.held:
        rows.setdefault(held.terms.id, []).append(held)
    return [(held[0].terms, held) for _, held in sorted(rows.items())]
