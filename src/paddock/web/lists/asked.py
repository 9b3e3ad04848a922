"""What an address asks of a list, and the addresses of the lists beside it.

Pure. An address can hold anything: what is no choice here is left out rather than refused, because
people change addresses by hand; whatever is kept is bounded and finds its own repositories or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams

from paddock.errors import BadInput
from paddock.hub.catalogue.cursors import DEFAULT_SORT, SORTS
from paddock.hub.catalogue.facets import FACETS, Facet
from paddock.hub.catalogue.filters import MAX_SEARCH_CHARS, Wanted, parse_parameters
from paddock.hub.catalogue.listing import Listing
from paddock.hub.paging import MAX_CURSOR_CHARS
from paddock.hub.types import Kind

PAGE: Final = 30
MAX_VALUE_CHARS: Final = 256
MAX_OTHER_TAGS: Final = 5
TEXT, SIZE, ACCESS, AUTHOR, OTHER, SORT, CURSOR, ALL = (
    "search", "num_parameters", "access", "author", "other", "sort", "cursor", "all"
)  # fmt: skip

ORDERS: Final = {
    "trendingScore": "Trending",
    "downloads": "Most downloads",
    "likes": "Most likes",
    "lastModified": "Last changed",
    "createdAt": "Newest",
}
SIZES: Final = {
    "max:100M": "Under 100 M",
    "min:100M,max:1B": "100 M to 1 B",
    "min:1B,max:4B": "1 B to 4 B",
    "min:4B,max:10B": "4 B to 10 B",
    "min:10B,max:40B": "10 B to 40 B",
    "min:40B,max:100B": "40 B to 100 B",
    "min:100B": "100 B and more",
}
ACCESSES: Final = {
    "open": "Open to all",
    "auto": "Gated, let in at once",
    "manual": "Gated, by request",
    "private": "Private, that you may see",
}


class Chosen(NamedTuple):
    """One filter that is on: under which key of the address, and its value there."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A list as an address asks for it."""

    kind: Kind
    text: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)  # of facets, size and access
    author: str = ""
    other: tuple[str, ...] = ()  # tags, as cards write them
    sort: str = DEFAULT_SORT
    cursor: str | None = None

    @property
    def path(self) -> str:
        """Of the page, without what it is asked for."""
        return f"/{self.kind}s"

    @property
    def filters(self) -> list[Chosen]:
        """Everything that narrows the list, apart from words."""
        author = [Chosen(AUTHOR, self.author)] if self.author else []
        rest = [Chosen(OTHER, tag) for tag in self.other]
        return [*(Chosen(key, value) for key, value in self.chosen.items()), *author, *rest]

    def listing(self) -> Listing:
        """The same for the catalogue; raises BadInput for a cursor that is none."""
        return Listing(
            self._wanted(), self.sort, limit=PAGE, cursor=self.cursor, is_brief=self.cursor is None
        )

    def _wanted(self) -> Wanted:
        access = self.chosen.get(ACCESS)
        size = self.chosen.get(SIZE)
        picked = [(f, self.chosen[f.key]) for f in FACETS[self.kind] if f.key in self.chosen]
        tags = [f.term(value, self.kind) for f, value in picked if f.is_tag]
        return Wanted(
            self.kind,
            text=self.text,
            author=self.author or None,
            terms=tuple(dict.fromkeys([*tags, *self.other])),
            seen=tuple(f.term(value, self.kind) for f, value in picked if not f.is_tag),
            gated=False if access == "open" else None,
            gate=access if access in {"auto", "manual"} else None,
            private={"open": False, "private": True}.get(access or ""),
            parameters=parse_parameters(size) if size else None,
        )

    def address(self) -> str:
        """Where this list is."""
        pairs = self.pairs()
        if self.cursor:
            pairs.append((CURSOR, self.cursor))
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

    def pairs(self) -> list[tuple[str, str]]:
        """What the address holds, but for the place in the list."""
        pairs = [(TEXT, self.text)] if self.text else []
        pairs += [(key, value) for key, value in self.filters]
        return pairs if self.sort == DEFAULT_SORT else [*pairs, (SORT, self.sort)]

    def stem(self, key: str) -> str:
        """The address of the same list with another choice of this key, up to its value."""
        return f"{self.without(key)}{'?' if not self._pairs_but(key) else '&'}{key}="

    def without(self, key: str, value: str | None = None) -> str:
        """The address of the same list without this choice."""
        if key == OTHER and value is not None:
            others = tuple(tag for tag in self.other if tag != value)
            return replace(self, other=others, cursor=None).address()
        pairs = self._pairs_but(key)
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

    def _pairs_but(self, key: str) -> list[tuple[str, str]]:
        return [pair for pair in self.pairs() if pair[0] != key]


def read_address(kind: Kind, query: QueryParams, *, may_see_private: bool) -> Asked:
    """What the address asks for."""
    given = {key: query.get(key, "") for key in (TEXT, SORT, CURSOR, AUTHOR)}
    chosen = {facet.key: query.get(facet.key, "").strip() for facet in FACETS[kind]}
    chosen[ACCESS] = query.get(ACCESS, "")
    if chosen[ACCESS] not in ACCESSES or (chosen[ACCESS] == "private" and not may_see_private):
        chosen[ACCESS] = ""
    if kind is Kind.MODEL and _is_size(query.get(SIZE, "")):
        chosen[SIZE] = query.get(SIZE, "")
    others = [*query.getlist(OTHER), *query.getlist("filter")]
    return Asked(
        kind,
        text=given[TEXT].strip()[:MAX_SEARCH_CHARS],
        chosen={key: value for key, value in chosen.items() if _is_value(value)},
        author=given[AUTHOR] if _is_value(given[AUTHOR]) else "",
        other=tuple(dict.fromkeys(filter(_is_value, others)))[:MAX_OTHER_TAGS],
        sort=given[SORT] if given[SORT] in SORTS else DEFAULT_SORT,
        cursor=given[CURSOR][: MAX_CURSOR_CHARS + 1] or None,
    )


def label_of_filter(asked: Asked, one: Chosen) -> str:
    """What a filter that is on is called, without its value."""
    named = {SIZE: "Parameters", ACCESS: "Access", AUTHOR: "By", OTHER: "Tag"}
    return named.get(one.key) or facet_of(asked.kind, one.key).label.partition(",")[0]


def facet_of(kind: Kind, key: str) -> Facet:
    """The facet that an address names so."""
    return next(facet for facet in FACETS[kind] if facet.key == key)


def quoted(value: str) -> str:
    """A value as it stands at the end of an address."""
    return quote(value, safe="")


def _is_size(text: str) -> bool:
    try:
        parse_parameters(text)
    except BadInput:
        return False
    return len(text) <= MAX_VALUE_CHARS


def _is_value(text: str) -> bool:
    return 0 < len(text) <= MAX_VALUE_CHARS and text.isprintable()
