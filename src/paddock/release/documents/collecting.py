"""One store out of everything that is known: measured, declared and inherited, in that order.

Pure. What was measured wins, and a declaration that says something else is a condition that is not
met, with both values; what is true of a parent counts where the author says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from paddock.release.documents.fact_rows import parse_fact_rows
from paddock.release.documents.keys import KNOWN
from paddock.release.evidence import Check, Evidence
from paddock.release.facts import Fact, Facts, Value, in_words, inherited
from paddock.release.files.manifest import Manifest

# What a decoder of text, or the part of a larger model that reads text, may be declared as.
_FITTING = {
    "model.architecture_kind": frozenset({"transformer", "transformer decoder", "decoder"}),
    "model.type": frozenset({"language", "text", "code", "multimodal"}),
}


class Collected(NamedTuple):
    """The facts, and whether they agree with each other."""

    facts: Facts
    checks: tuple[Check, ...]


def collect(
    measured: Iterable[Fact], declared: Iterable[Fact], inherited_from_parents: Iterable[Fact] = ()
) -> Collected:
    """All facts by key; a contradiction is unmet under ``documents.fact:KEY``."""
    found, said = list(measured), list(declared)
    facts = Facts([*found, *said, *inherited_from_parents])
    by_key = {fact.key: fact for fact in found if fact.is_known}
    checks = [
        _contradiction(by_key[fact.key], fact)
        for fact in said
        if fact.key in by_key and fact.is_known and not agrees(by_key[fact.key].value, fact.value)
    ]
    architecture = facts["model.architecture"]
    for key, fitting in _FITTING.items():
        said_of_it = facts[key]
        fits = not said_of_it.is_known or str(said_of_it.value).lower() in fitting
        if architecture.source == "measured" and not fits:
            checks.append(_contradiction(architecture, said_of_it))
    if not checks:
        sentence = f"{len(said)} declared facts contradict none of {len(found)} measured ones"
        checks.append(Check("documents.facts", "documents", "met", sentence))
    return Collected(facts, tuple(checks))


def inherited_facts(parents: Mapping[str, Manifest]) -> tuple[Fact, ...]:
    """What signed releases of the parents say that is true of their children, too."""
    found = []
    for name, manifest in parents.items():
        for fact in parse_fact_rows(manifest.document.get("facts")):
            if KNOWN[fact.key].inherits and fact.is_known:
                by = f"{name} {manifest.version}"
                found.append(inherited(fact.name, fact.value, fact.key, by, fact.unit))
    return tuple(found)


def agrees(measured: Value, declared: Value) -> bool:
    """Whether a declared value is the measured one, to the digits that were declared."""
    if isinstance(measured, bool) or isinstance(declared, bool):
        return measured is declared
    if isinstance(measured, int | float) and isinstance(declared, int | float):
        return measured == declared or _rounded(measured, _digits(declared)) == float(declared)
    return measured == declared


def _digits(number: float) -> int:
    """Significant digits as written: 8.03e9 has three, 8000000000 ten."""
    if isinstance(number, int):
        return len(str(number))
    mantissa = repr(number).lower().partition("e")[0].replace(".", "").strip("0")
    return max(2, len(mantissa))


def _rounded(number: float, digits: int) -> float:
    if number == 0:
        return 0.0
    places = digits - 1 - math.floor(math.log10(abs(number)))
    return float(round(number, places))


def _contradiction(found: Fact, said: Fact) -> Check:
    return Check(
        f"documents.fact:{said.key}",
        "documents",
        "unmet",
        f"{said.name} is {in_words(said.value)} as declared and {in_words(found.value)} as "
        "measured",
        (
            Evidence("as declared", in_words(said.value)),
            Evidence("as measured", in_words(found.value)),
        ),
        "leave out what is measured, or release the checkpoint that you mean",
    )
