"""Where a model comes from, and which terms reach it from there.

Pure. An origin is the release itself or an ancestor, with the edges that lead to it. A licence
reaches over an edge when its own words say so; over outputs only those duties that name outputs.
Duties are the union over everything that reaches, grants the intersection: one more ancestor never
takes a duty away and never gives a grant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from paddock.release.licences.expression import Alternative, alternatives
from paddock.release.licences.judgement import Duty, Grant
from paddock.release.licences.table import Table
from paddock.release.licences.terms import BY_OUTPUTS, GRANTS, DutyTerm, Edge, Terms

OWN = "this release"
MAX_ORIGINS = 1000

Told = Literal["declared", "inherited", "measured"]


class Origin(NamedTuple):
    """The release itself (no edges), or an ancestor."""

    id: str
    path: tuple[Edge, ...] = ()
    licence: str | None = None  # an expression, as told; None: nobody said
    told: Told = "declared"
    modified: bool = True

    @property
    def is_own(self) -> bool:
        return not self.path

    @property
    def by_outputs(self) -> bool:
        """Whether any edge goes by way of outputs: then no material of it is in here."""
        return any(edge in BY_OUTPUTS for edge in self.path)


class Held(NamedTuple):
    """The terms of one licence of one origin, and whether they reach the release."""

    terms: Terms
    origin: Origin
    reaches: bool | None  # None: the text does not say whether it does


def held_terms(
    origins: Iterable[Origin], table: Table, offered: Sequence[Alternative]
) -> list[Held]:
    """Every licence of every origin that the table knows, ordered; ``offered`` guides a choice."""
    found = {
        Held(terms, origin, reach(terms, origin))
        for origin in origins
        if origin.licence is not None
        for terms in _rows(_names_that_hold(origin, table, offered), table)
    }
    return sorted(found, key=lambda held: (held.terms.id, held.origin))


def reach(terms: Terms, origin: Origin) -> bool | None:
    """Whether the licence's own words carry it over every edge; None where they are silent."""
    said = [terms.scope.get(edge) for edge in origin.path]
    if False in said:
        return False
    return None if None in said else True


def owed(held: Held) -> list[DutyTerm]:
    """The duties that reach the release from there."""
    if held.reaches is False:
        return []
    trigger = "outputs" if held.origin.by_outputs else "materials"
    return [
        duty
        for duty in held.terms.duties
        if trigger in duty.triggers and not (duty.kind == "mark_changes" and not _changed(held))
    ]


def duties_of(held: Iterable[Held]) -> tuple[Duty, ...]:
    """The union, each duty once for each origin it comes from."""
    found = {
        Duty(
            duty.kind, one.terms.id, duty.words.at, duty.words.says, duty.text or duty.url,
            one.origin.id,
        )
        for one in held
        for duty in owed(one)
    }  # fmt: skip
    return tuple(sorted(found, key=lambda duty: tuple(str(part) for part in duty)))


def grants_of(held: Iterable[Held], *, are_all_known: bool = True) -> tuple[Grant, ...]:
    """The intersection: one no is a no, one silence is silence, and only then a yes.

    Terms that nobody knows (``are_all_known`` is false) are silence.
    """
    binding = sorted(
        (one for one in held if grants_reach(one)), key=lambda one: (one.terms.id, one.origin)
    )
    found = (_grant(name, binding) for name in GRANTS)
    return tuple(
        Grant(each.name, None) if each.value and not are_all_known else each for each in found
    )


def grants_reach(held: Held) -> bool:
    """Whether what this licence allows and forbids is about the release itself."""
    if held.origin.by_outputs:
        return held.reaches is True
    return held.reaches is not False


def _grant(name: str, binding: Sequence[Held]) -> Grant:
    for wanted in (False, None, True):
        for held in binding:
            granted = held.terms.grant(name)
            if granted.value is wanted:
                at, says = granted.words if granted.words is not None else (None, None)
                return Grant(name, wanted, held.terms.id, at, says)
    return Grant(name, None)


def _changed(held: Held) -> bool:
    return held.origin.modified and not held.origin.is_own


def _names_that_hold(origin: Origin, table: Table, offered: Sequence[Alternative]) -> Alternative:
    """Of a choice, what the release offers itself, else what asks least; of one's own, all."""
    choices = alternatives(origin.licence or "")
    if origin.is_own or len(choices) < 2:
        return frozenset().union(*choices)
    ours = {table.named.get(name.lower(), name) for names in offered for name in names}

    def burden(names: Alternative) -> tuple[bool, int, list[str]]:
        rows = [table.find(name) for name in names]
        known = {row.id for row in rows if row is not None}
        asked = sum(len(row.duties) if row is not None else 100 for row in rows)
        return not known <= ours, asked, sorted(names)

    return min(choices, key=burden)


def _rows(names: Iterable[str], table: Table) -> list[Terms]:
    return [row for name in sorted(names) if (row := table.find(name)) is not None]
