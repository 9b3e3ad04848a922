"""What ``serve_models`` means."""

from __future__ import annotations

import pytest

from paddock.web.serving.offer import offer_of


@pytest.mark.parametrize(
    ("setting", "starter", "served", "only_as_signed"),
    [
        ("starter", "admin/starter", {"admin/starter"}, "admin/starter"),
        ("starter", None, set(), None),  # --no-starter
        ("", "admin/starter", set(), None),
        ("acme/Model", "admin/starter", {"acme/model"}, None),
        (
            " starter , acme/model,,",
            "Admin/starter",
            {"admin/starter", "acme/model"},
            "admin/starter",
        ),
        ("starter, admin/starter", "admin/starter", {"admin/starter"}, None),  # named: as any other
    ],
)
def test_what_is_named_is_served_and_the_starter_where_nothing_else_is_said(
    setting: str, starter: str | None, served: set[str], only_as_signed: str | None
) -> None:
    offer = offer_of(setting, starter)
    assert (offer.names, offer.starter) == (served, only_as_signed)
    assert all(offer.has(name.upper()) for name in served) and not offer.has("acme/other")


def test_a_star_is_everything() -> None:
    offer = offer_of("starter, *", "admin/starter")
    assert offer.has("any/thing") and offer.names is None and offer.starter is None


def test_a_name_is_added_to_what_is_there() -> None:
    assert offer_of("starter", None).with_name("acme/model") == "starter, acme/model"
    assert offer_of("", None).with_name("acme/model") == "acme/model"
