"""Addresses of collections: readable at the front, certain at the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.collections.slugs import CollectionNotFound, make_slug, parse_slug, title_words

ID = "0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Recent models", "recent-models"), ("  --A/B..C!! ", "a-b-c"), ("Über Größe", "uber-groe"),
        ("日本語", ""), ("x" * 200, "x" * 80),
    ],
)  # fmt: skip
def test_words_of_a_title_are_plain(title: str, words: str) -> None:
    assert title_words(title) == words


@given(title=st.text(max_size=200))
def test_every_title_makes_an_address_that_leads_back(title: str) -> None:
    slug = make_slug("ann", title, ID)
    assert parse_slug(slug) == ID
    assert all(c.isascii() and (c.isalnum() or c in "-/") for c in slug)


def test_only_the_end_counts() -> None:
    for slug in (ID, f"ann/{ID}", f"x/y-{ID}", f"ann/other-words-{ID.upper()}"):
        assert parse_slug(slug) == ID


@pytest.mark.parametrize("slug", ["", "ann", "ann/x", f"ann/x{ID}", f"{ID}x", "ann/x-" + "g" * 24])
def test_an_address_without_an_id_leads_nowhere(slug: str) -> None:
    with pytest.raises(CollectionNotFound):
        parse_slug(slug)
