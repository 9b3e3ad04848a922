"""Addresses of lists: what they ask for, and that those beside them differ by one choice."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from starlette.datastructures import QueryParams

from paddock.hub.catalogue.facets import Choice, Choices
from paddock.hub.types import Kind
from paddock.web.lists.asked import Asked, read_address
from paddock.web.lists.sides import chips_of, orders_of, sides_of

FULL = (
    "search=teapot&pipeline_tag=text-generation&family=llama&num_parameters=max%3A1B&license=mit"
    "&access=auto&author=lab&other=a%26b&sort=likes"
)


def read(query: str, *, may_see_private: bool = False) -> Asked:
    return read_address(Kind.MODEL, QueryParams(query), may_see_private=may_see_private)


def test_an_address_that_was_read_is_written_the_same() -> None:
    asked = read(FULL)
    assert sorted(asked.pairs()) == sorted(QueryParams(FULL).multi_items())
    assert read(urlsplit(asked.address()).query) == asked
    wanted = asked.listing().wanted
    assert (wanted.text, wanted.author, wanted.gate) == ("teapot", "lab", "auto")
    assert wanted.parameters == (0, 10**9)
    assert set(wanted.terms) == {"text-generation", "license:mit", "a&b"}
    assert wanted.seen == ("family:llama",)


@pytest.mark.parametrize(
    "query",
    [
        "sort=name", "access=all", "num_parameters=big", "license=", "family=a%00b",
        "author=%E2%80%AE", "access=private", "pipeline_tag=" + "x" * 300, "unknown=1",
    ],
)  # fmt: skip
def test_what_is_no_choice_is_left_out(query: str) -> None:
    assert read(query) == Asked(Kind.MODEL)


def test_only_who_is_signed_in_asks_for_private_ones() -> None:
    assert read("access=private", may_see_private=True).listing().wanted.private is True


def test_every_choice_leads_to_the_list_that_it_names() -> None:
    asked = read(FULL)
    known = Choices({}, None).by_facet | {
        side: [Choice("x&y", "x&y", 3)]
        for side in ("pipeline_tag", "family", "license", "openness", "gate", "evaluation",
                     "language", "format", "library", "architecture")
    }  # fmt: skip
    for side in sides_of(asked, Choices(known, None), "", may_see_private=False):
        for link in side.links:
            there = read(urlsplit(link.href).query)
            others = {k: v for k, v in there.chosen.items() if k != side.key}
            assert others == {k: v for k, v in asked.chosen.items() if k != side.key}
            assert (there.text, there.sort, there.other) == (asked.text, asked.sort, asked.other)
            if link.is_on:
                assert side.key not in there.chosen
            elif side.key in known:
                assert there.chosen[side.key] == "x&y"


def test_every_filter_that_is_on_can_be_taken_away() -> None:
    asked = read(FULL)
    assert [chip.label for chip in chips_of(asked)] == [
        "Task", "Family", "Licence", "Access", "Parameters", "By", "Tag",
    ]  # fmt: skip
    for chip, one in zip(chips_of(asked), asked.filters, strict=True):
        there = read(urlsplit(chip.href).query)
        assert [other for other in asked.filters if other != one] == there.filters
    assert [order.label for order in orders_of(asked) if order.is_on] == ["Most likes"]
