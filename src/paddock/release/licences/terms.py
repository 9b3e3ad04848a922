"""Duties that a licence puts on whoever passes a model on, as far as files and declarations show.

Pure: the specification and the texts of the source in, sentences out. Knows the community licences
of Llama, Gemma's terms, responsible-AI licences, non-commercial parents and OpenMDW; whether other
terms are kept is for a person to say. Sources: section 1.b of the Llama 2 to 4 licences, section
3.1 of the Gemma terms, section 5 of the OpenRAIL licences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from paddock.checkpoint.licence_hints import licence_of_text
from paddock.release.files.formats import role_of
from paddock.release.licences.card_licence import card_licence
from paddock.release.licences.expression import expression_problem, licences_in
from paddock.release.spec.lineage import Ancestor
from paddock.release.spec.release_spec import ReleaseSpec


class Duties(NamedTuple):
    """What a maker's licence asks of a copy or of a model made from it."""

    names: str  # a pattern for the ids of its models
    notice: str  # the sentence of the notice file
    prefix: str | None = None  # how the name of a derived model begins
    badge: str | None = None  # what its documentation shows
    outputs_bound: bool = False  # its outputs may not improve other models


def _llama(version: str, names: str) -> Duties:
    """Llama 3.1 and later: the same words with another number."""
    notice = (
        f"Llama {version} is licensed under the Llama {version} Community License, "
        "Copyright © Meta Platforms, Inc. All Rights Reserved."
    )
    return Duties(names, notice, "Llama", "Built with Llama")


_DUTIES = {
    "llama4": _llama("4", r"llama-?4"),
    "llama3.3": _llama("3.3", r"llama-?3[._]3"),
    "llama3.2": _llama("3.2", r"llama-?3[._]2"),
    "llama3.1": _llama("3.1", r"llama-?3[._]1"),
    "llama3": Duties(
        r"llama-?3",
        "Meta Llama 3 is licensed under the Meta Llama 3 Community License, "
        "Copyright © Meta Platforms, Inc. All Rights Reserved.",
        "Llama-3",
        "Built with Meta Llama 3",
        outputs_bound=True,
    ),
    "llama2": Duties(
        r"llama-?2",
        "Llama 2 is licensed under the LLAMA 2 Community License, "
        "Copyright (c) Meta Platforms, Inc. All Rights Reserved.",
        outputs_bound=True,
    ),
    "gemma": Duties(
        r"gemma-(?:[123]|7b)",  # the fourth is under Apache-2.0
        "Gemma is provided under and subject to the Gemma Terms of Use found at "
        "ai.google.dev/gemma/terms",
    ),
}
_RESTRICTIONS = re.compile(r"attachment\s+a\b|use\s+restrictions", re.IGNORECASE)


def term_blocks(
    spec: ReleaseSpec, kept: Sequence[str], texts: Mapping[str, str], card_text: str
) -> list[str]:
    """Every duty that the release would not keep; ``texts`` are those of the source."""
    released = {path: texts[path] for path in kept if path in texts}
    licences = _texts_of("license", released)
    notices = "\n".join(_texts_of("notice", released).values())
    blocks = [
        *_expression_blocks(spec),
        *_text_blocks(spec, licences),
        *_lineage_blocks(spec, texts),
    ]
    bound = _bound(spec)
    for licence, is_derived in bound.items():
        blocks += _duty_blocks(spec, licence, licences, notices)
        blocks += _derivative_blocks(spec, licence, card_text) if is_derived else []
    return blocks


def _texts_of(role: str, released: Mapping[str, str]) -> dict[str, str]:
    return {path: text for path, text in released.items() if role_of(path) == role}


def licence_of_ancestor(ancestor: Ancestor) -> str | None:
    """The licence that a parent is under: as declared, else as its name tells."""
    if ancestor.license is not None:
        return card_licence(ancestor.license).license
    name = ancestor.id.rpartition("/")[2].lower()
    for licence, duties in _DUTIES.items():
        if re.search(rf"(?:^|[-_.]){duties.names}(?![0-9])", name):
            return licence
    return None


def _bound(spec: ReleaseSpec) -> dict[str, bool]:
    """The makers' licences that hold here, and whether the model is derived from theirs."""
    bound = {licence: False for licence in licences_in(spec.licenses.distribution)}
    for ancestor in spec.lineage.base_model:
        if (licence := licence_of_ancestor(ancestor)) is not None:
            bound[licence] = True
    return {licence: derived for licence, derived in bound.items() if licence in _DUTIES}


def _expression_blocks(spec: ReleaseSpec) -> Iterator[str]:
    for key in ("distribution", "code", "data", "document"):
        value = getattr(spec.licenses, key)
        if value is not None and (problem := expression_problem(value)) is not None:
            yield f"licenses.{key}: {value!r:.120} is no licence expression: {problem}"


def _text_blocks(spec: ReleaseSpec, licences: Mapping[str, str]) -> Iterator[str]:
    """Licence files against what the release file says they are."""
    declared = spec.licenses.distribution
    ids = licences_in(declared)
    for path, text in sorted(licences.items()):
        found = licence_of_text(text)
        if found is None and declared.strip().lower() == "other":
            yield f"{path} is a licence that nobody has named: licenses.distribution says 'other'"
        elif found in _DUTIES and found not in ids and role_of(path) == "license":
            yield f"{path} is the text of {found}, and licenses.distribution is {declared!r:.80}"
    if any(licence.startswith("openmdw") for licence in ids) and not any(
        "openmdw" in text.lower() for text in licences.values()
    ):
        yield "OpenMDW asks for a copy of its text: add it as LICENSE"
    if any("rail" in licence.split("-") or "openrail" in licence for licence in ids) and not any(
        _RESTRICTIONS.search(text) for text in licences.values()
    ):
        yield f"{declared} asks for its Attachment A (use restrictions): no licence file holds it"


def _lineage_blocks(spec: ReleaseSpec, texts: Mapping[str, str]) -> Iterator[str]:
    """Parents against the terms of the release, and a parent that was not declared."""
    ids = licences_in(spec.licenses.distribution)
    for ancestor in spec.lineage.base_model:
        licence = licence_of_ancestor(ancestor)
        if licence in _DUTIES and licence not in ids:
            yield (
                f"{ancestor.id} is under {licence}, and licenses.distribution "
                f"is {spec.licenses.distribution!r:.80}"
            )
        if licence is not None and "-nc" in licence and not any("-nc" in each for each in ids):
            yield f"{ancestor.id} is for non-commercial use only ({licence}); the release is not"
    bases = {licence_of_ancestor(ancestor) for ancestor in spec.lineage.base_model}
    for teacher in (*spec.lineage.trained_on_outputs_of, *spec.lineage.distilled_from):
        licence = licence_of_ancestor(teacher)
        if licence in _DUTIES and _DUTIES[licence].outputs_bound and licence not in bases:
            yield f"the licence of {teacher.id} forbids to improve other models with its outputs"
    origin = re.search(r'"_name_or_path"\s*:\s*"([^"/]+/[^"/]+)"', texts.get("config.json", ""))
    if origin is not None and not spec.lineage.base_model:
        licence = licence_of_ancestor(Ancestor(id=origin[1]))
        if licence in _DUTIES and licence not in ids:
            yield (
                f"config.json says that the weights come from {origin[1]!r:.120}, "
                "which lineage.base_model does not name"
            )


def _duty_blocks(
    spec: ReleaseSpec, licence: str, licences: Mapping[str, str], notices: str
) -> Iterator[str]:
    """What goes with every copy: the agreement and the notice."""
    duties = _DUTIES[licence]
    if (
        not any(licence_of_text(text) == licence for text in licences.values())
        and licence != "gemma"
    ):
        yield f"{licence} asks for a copy of the agreement: no licence file of the source is it"
    if licence == "gemma" and not (licences and spec.licenses.acceptable_use_file):
        yield "gemma asks for a copy of its terms and of the use restrictions (acceptable_use)"
    if _plain(duties.notice) not in _plain(notices):
        yield f"{licence} asks for a notice file that says: {duties.notice}"


def _derivative_blocks(spec: ReleaseSpec, licence: str, card_text: str) -> Iterator[str]:
    """What goes with a model that was made from theirs: the name and the badge."""
    duties, name = _DUTIES[licence], spec.metadata.name
    if duties.prefix is not None and not name.startswith(duties.prefix):
        yield f"{licence} asks that a derived model's name begins with {duties.prefix!r}: {name}"
    if duties.badge is not None and duties.badge not in f"{card_text}\n{spec.metadata.description}":
        yield f"{licence} asks that the card shows {duties.badge!r}: add it to README.md"


def _plain(text: str) -> str:
    """Line breaks and spaces do not change a notice; any character does."""
    return " ".join(text.split())
