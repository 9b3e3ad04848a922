"""What a list can be narrowed by, as links: every choice leads to the list that it makes.

Pure. A choice that is on leads to the list without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from paddock.hub.catalogue.facets import FACETS, Choice, Choices, label_of
from paddock.hub.types import Kind
from paddock.web.lists.asked import (
    ACCESS,
    ACCESSES,
    ALL,
    ORDERS,
    SIZE,
    SIZES,
    SORT,
    Asked,
    Chosen,
    facet_of,
    label_of_filter,
    quoted,
)

SHOWN: Final = 8  # choices of a facet, until all are asked for


class Link(NamedTuple):
    """A choice and where it leads."""

    label: str
    href: str
    is_on: bool = False
    repositories: int | None = None  # public ones, as last counted


class Side(NamedTuple):
    """A group of choices."""

    key: str
    label: str
    links: list[Link]
    all_href: str  # where every choice is shown; "" where they are all here


class Chip(NamedTuple):
    """A filter that is on, and the list without it."""

    label: str
    value: str
    href: str


def sides_of(asked: Asked, choices: Choices, opened: str, *, may_see_private: bool) -> list[Side]:
    """Every group of a kind; ``opened`` names the one that shows all its choices."""
    groups = list(_facets(asked, choices, opened))
    sides = groups[:2]
    if asked.kind is Kind.MODEL:
        sides.append(_fixed(asked, SIZE, "Parameters", SIZES))
    shown = {k: v for k, v in ACCESSES.items() if may_see_private or k != "private"}
    return [*sides, _fixed(asked, ACCESS, "Access", shown), *groups[2:]]


def chips_of(asked: Asked) -> list[Chip]:
    """The filters that are on."""
    return [
        Chip(label_of_filter(asked, one), _called(asked, one), asked.without(one.key, one.value))
        for one in asked.filters
    ]


def orders_of(asked: Asked) -> list[Link]:
    """The ways to sort."""
    stem = asked.stem(SORT)
    return [Link(label, stem + name, name == asked.sort) for name, label in ORDERS.items()]


def _facets(asked: Asked, choices: Choices, opened: str) -> Iterator[Side]:
    for facet in FACETS[asked.kind]:
        known = choices.by_facet[facet.key]
        on = asked.chosen.get(facet.key)
        shown = known if opened == facet.key else known[:SHOWN]
        if on is not None and all(choice.value != on for choice in shown):
            known_on = next((choice for choice in known if choice.value == on), None)
            shown = [known_on or Choice(on, label_of(facet, on, asked.kind), 0), *shown]
        if shown:
            links = list(_links(asked, facet.key, on, shown))
            here = asked.address()
            more = f"{here}{'&' if '?' in here else '?'}{ALL}={facet.key}#side-{facet.key}"
            yield Side(facet.key, facet.label, links, more if len(known) > len(shown) else "")


def _links(asked: Asked, key: str, on: str | None, choices: Iterable[Choice]) -> Iterator[Link]:
    stem, without = asked.stem(key), asked.without(key)
    for value, label, number in ((c.value, c.label, c.repositories) for c in choices):
        href = without if value == on else stem + quoted(value)
        yield Link(label, href, value == on, number or None)


def _fixed(asked: Asked, key: str, label: str, values: dict[str, str]) -> Side:
    stem, on = asked.stem(key), asked.chosen.get(key)
    links = [
        Link(said, asked.without(key) if value == on else stem + quoted(value), value == on)
        for value, said in values.items()
    ]
    return Side(key, label, links, "")


def _called(asked: Asked, one: Chosen) -> str:
    fixed = {SIZE: SIZES, ACCESS: ACCESSES}.get(one.key, {}).get(one.value)
    if fixed is not None:
        return fixed
    if one.key in asked.chosen and one.key != SIZE:
        return label_of(facet_of(asked.kind, one.key), one.value, asked.kind)
    return one.value
