"""Duties that files can show: notices, badges, names, lists of changes, clauses that bind users.

Pure. What ``licenses.apply`` names, the build does itself: then the duty is met by what the
judgement tells it to write and to show. Names and notices are compared exactly; only white space
may differ in a notice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from paddock.errors import shown
from paddock.release.evidence import Check, Evidence
from paddock.release.licences.judgement import Display, NoticeFile
from paddock.release.licences.material import Material
from paddock.release.licences.naming import is_named_by_maker
from paddock.release.licences.origins import Held, owed
from paddock.release.licences.quoting import in_line, words_of
from paddock.release.licences.terms import DutyTerm, Terms

NOTICE_FILE = "NOTICE"
CHANGES_FILE = "NOTICE-CHANGES.txt"
MAX_LISTED = 1000
_FIRST_CHARS = 12  # enough to tell that a notice was begun


class Owed(NamedTuple):
    """A duty of a licence, and the origins through which it is owed."""

    row: Terms
    duty: DutyTerm
    held: tuple[Held, ...]

    @property
    def quote(self) -> Evidence:
        return Evidence(*words_of(self.row, self.duty.words))

    @property
    def id(self) -> str:
        return f"licence.{self.row.id}"


_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_REFERENCE = re.compile(r"^ {0,3}\[[^\]\n]{1,999}\]:.*$", re.MULTILINE)


def all_owed(material: Material) -> list[Owed]:
    """Every duty once for each licence, in order."""
    found: dict[tuple[str, int], Owed] = {}
    for held in material.held:
        for duty in owed(held):
            place = (held.terms.id, held.terms.duties.index(duty))
            before = found[place].held if place in found else ()
            found[place] = Owed(held.terms, duty, (*before, held))
    return [found[place] for place in sorted(found)]


def notice_checks(material: Material) -> Iterator[Check]:
    """The exact sentence of every notice, in a notice file."""
    texts = {path: _flat(text) for path, text in material.of_role("notice").items()}
    for one in all_owed(material):
        if one.duty.kind == "notice_file" and one.duty.text is not None:
            yield _notice_check(one, one.duty.text, texts, is_applied=_applies(material, "notice"))


def _notice_check(one: Owed, text: str, texts: dict[str, str], *, is_applied: bool) -> Check:
    id_, wanted = f"{one.id}.notice", _flat(text)
    for path, flat in texts.items():
        if wanted in flat:
            evidence = (one.quote, Evidence(f"notice in {path}", text, path))
            sentence = f"{path} holds the notice of the {one.row.name}"
            return Check(id_, "licence", "met", sentence, evidence)
    for path, flat in texts.items():
        place = flat.casefold().find(wanted[:_FIRST_CHARS].casefold())
        if place >= 0:
            found = flat[place : place + len(wanted)]
            evidence = (one.quote, Evidence(f"notice in {path}", found, path))
            sentence = f"the notice in {path} was altered: it must say exactly: {text}"
            return Check(id_, "licence", "unmet", sentence, evidence, "put the sentence as it is")
    if is_applied:
        sentence = f"the build adds the notice of the {one.row.name} to {NOTICE_FILE}"
        return Check(id_, "licence", "met", sentence, (one.quote,))
    return Check(
        id_, "licence", "unmet", f"the {one.row.name} asks for a notice file that says: {text}",
        (one.quote,), f"add the sentence to {NOTICE_FILE}, or set licenses.apply: [notice]",
    )  # fmt: skip


def notices_to_write(material: Material) -> tuple[NoticeFile, ...]:
    """What the build writes: notices that are wanted and missing, and the list of changed files."""
    texts = [_flat(text) for text in material.of_role("notice").values()]
    missing = [
        one.duty.text
        for one in all_owed(material)
        if one.duty.kind == "notice_file" and one.duty.text is not None
        and not any(_flat(one.duty.text) in text for text in texts)
    ]  # fmt: skip
    written = []
    if missing and _applies(material, "notice"):
        written.append(NoticeFile(NOTICE_FILE, "\n\n".join(dict.fromkeys(missing)) + "\n"))
    if changes := _changes(material):
        written.append(NoticeFile(CHANGES_FILE, changes))
    return tuple(written)


def _changes(material: Material) -> str:
    """Which files differ from each parent whose licence asks to say so; empty when none does."""
    changed = {
        held.origin.id: " ".join(held.origin.path)
        for one in all_owed(material)
        if one.duty.kind == "mark_changes"
        for held in one.held
    }
    parts = []
    for id_, how in sorted(changed.items()):
        parent = material.parent(id_)
        if parent is not None and parent.changed:
            listed = [f"  {in_line(path)}" for path in parent.changed[:MAX_LISTED]]
            more = len(parent.changed) - len(listed)
            rest = [f"  and {more} more"] if more > 0 else []
            parts.append(
                "\n".join([f"Files that differ from {in_line(id_)} ({how}):", *listed, *rest])
            )
        else:
            parts.append(f"Made from {in_line(id_)} ({how}): its weights were changed.")
    return "\n\n".join(parts) + "\n" if parts else ""


def change_checks(material: Material) -> Iterator[Check]:
    """That changed files are said to be changed: the build always writes the list."""
    for one in all_owed(material):
        if one.duty.kind == "mark_changes":
            sentence = f"{CHANGES_FILE} says which files were changed, as the {one.row.name} asks"
            yield Check(f"{one.id}.changes", "licence", "met", sentence, (one.quote,))


def kept_notice_checks(material: Material) -> Iterator[Check]:
    """The notices that a parent came with, where the parent is at hand."""
    mine = "\n".join(_flat(text) for text in material.of_role("notice").values())
    for one in all_owed(material):
        if one.duty.kind != "keep_notices":
            continue
        for held in one.held:
            parent = material.parent(held.origin.id)
            for path, text in sorted(parent.notices.items()) if parent is not None else ():
                kept = _flat(text) in mine
                said = "are carried" if kept else "are not in any notice file"
                yield Check(
                    f"{one.id}.notices:{held.origin.id}:{path}", "licence",
                    "met" if kept else "unmet", f"the notices in {path} of {held.origin.id} {said}",
                    (one.quote,), None if kept else f"copy {path} of {held.origin.id}",
                )  # fmt: skip


def _seen(markdown: str) -> str:
    """A card without what no reader of it sees: comments, and addresses of links."""
    return _REFERENCE.sub("", _COMMENT.sub("", markdown))


def _says(text: str, words: str) -> bool:
    """Whether the words stand there whole, and not as the beginning of other words."""
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) is not None


def display_checks(material: Material) -> Iterator[Check]:
    """The words that documentation must show."""
    card = _flat(f"{_seen(material.card_text)}\n{material.spec.metadata.description or ''}")
    for one in all_owed(material):
        text = one.duty.text
        if one.duty.kind != "display" or text is None:
            continue
        shows, adds = _says(card, text), _applies(material, "display")
        if shows or adds:
            sentence = (
                f"the card shows {text!r}" if shows else f"the build adds {text!r} to the card"
            )
            yield Check(f"{one.id}.display", "licence", "met", sentence, (one.quote,))
        else:
            yield Check(
                f"{one.id}.display", "licence", "unmet",
                f"the {one.row.name} asks that the card shows {text!r}",
                (one.quote,), f"write {text!r} in README.md, or set licenses.apply: [display]",
            )  # fmt: skip


def badges(material: Material) -> Iterator[Display]:
    """The words that the card adds, where the author asks for it."""
    if _applies(material, "display"):
        for one in all_owed(material):
            if one.duty.kind == "display" and one.duty.text is not None:
                yield Display(one.duty.text, one.row.id)


def name_checks(material: Material) -> Iterator[Check]:
    """How the name begins, by the case of its letters; a space may be written as - or _."""
    name = material.spec.metadata.name
    for one in all_owed(material):
        prefix = one.duty.text
        if one.duty.kind != "name_prefix" or prefix is None:
            continue
        own_only = all(held.origin.is_own for held in one.held)
        spelled = name.replace("-", " ").replace("_", " ")
        if spelled.startswith(prefix) or (own_only and is_named_by_maker(name, one.row)):
            sentence = f"the name {shown(name)} begins with {prefix!r}"
            yield Check(f"{one.id}.name", "licence", "met", sentence, (one.quote,))
        else:
            written = prefix.replace(" ", "-")
            yield Check(
                f"{one.id}.name", "licence", "unmet",
                f"the {one.row.name} asks that the name begins with {prefix!r}: {shown(name)}",
                (one.quote,), f"call it {written}-{name}"[:120],
            )  # fmt: skip


def pass_on_checks(material: Material) -> Iterator[Check]:
    """Limits of use that bind whoever comes next: in the terms of access, or in the licence."""
    access = material.spec.access_section
    terms = "\n".join(
        text
        for text in (
            access.extra_gated_prompt if access else None,
            access.extra_gated_description if access else None,
            material.texts.get(access.terms) if access and access.terms else None,
        )
        if text
    )
    gated = material.spec.access.mechanism != "none"
    where = "the terms of access" if gated else "the licence files"
    text = terms if gated else "\n".join(material.of_role("license").values())
    for one in all_owed(material):
        if one.duty.kind != "pass_restrictions":
            continue
        missing = [words for words in one.duty.names if words.casefold() not in text.casefold()]
        if not missing:
            sentence = f"{where} name {', '.join(one.duty.names)}"
            yield Check(f"{one.id}.pass_on", "licence", "met", sentence, (one.quote,))
        else:
            yield Check(
                f"{one.id}.pass_on", "licence", "unmet",
                f"the {one.row.name} asks to bind the next user to its limits of use, and {where} "
                f"do not name {' and '.join(missing)}",
                (one.quote,),
                "name them in access.extra_gated_prompt or the file of access.terms"
                if gated else f"add the whole text of the {one.row.name}",
            )  # fmt: skip


def _applies(material: Material, what: str) -> bool:
    return what in material.spec.licenses.apply


def _flat(text: str) -> str:
    """Line breaks and spaces do not change a notice; any character does."""
    return " ".join(text.split())
