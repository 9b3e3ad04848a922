"""How a card spells a licence, and that the hub takes every spelling."""

from __future__ import annotations

import pytest

from paddock.licences import LICENCE_IDS, is_licence
from paddock.release.licences.card_licence import card_licence, is_unknown


@pytest.mark.parametrize(
    ("written", "id_", "name"),
    [
        ("Apache-2.0", "apache-2.0", None),
        ("llama3.2", "llama3.2", None),
        ("LicenseRef-scancode-llama-3.1-license-2024", "llama3.1", None),
        ("GPL-3.0-or-later", "gpl-3.0", None),
        ("Acme Model Licence 2", "other", "Acme Model Licence 2"),
        ("unknown", "unknown", None),
    ],
)
def test_a_licence_becomes_the_id_that_cards_know(written: str, id_: str, name: str | None) -> None:
    assert card_licence(written) == (id_, name)
    assert is_licence(id_)


@pytest.mark.parametrize("id_", LICENCE_IDS)
def test_every_id_is_spelled_as_itself(id_: str) -> None:
    assert card_licence(id_) == (id_, None)


@pytest.mark.parametrize(
    ("written", "unknown"), [("", True), ("NOASSERTION", True), ("MIT", False)]
)
def test_nothing_said_is_unknown(written: str, unknown: bool) -> None:
    assert is_unknown(written) is unknown
