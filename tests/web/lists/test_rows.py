"""A repository's row in a list, of whatever facts it has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from paddock.hub.catalogue.released import Released
from paddock.hub.types import Kind, Repository
from paddock.web.lists.rows import row_of

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
BARE = Repository(1, "a", Kind.MODEL, 1, "a/b", False, None, None, MOMENT, MOMENT, 0, 0, None, None,
                  None)  # fmt: skip


def test_a_repository_of_which_nothing_is_known_has_a_row() -> None:
    row = row_of(BARE)
    assert (row.task, row.family, row.parameters, row.licence, row.gate) == ("", "", "", "", "")
    assert (row.updated, row.day) == ("2026-01-02T03:04:05Z", "2026-01-02")


@pytest.mark.parametrize(
    ("number", "text"),
    [(5, "5"), (2_213_952, "2.2 M"), (9 * 10**9, "9 B"), (405 * 10**9, "405 B"), (10**12, "1 T")],
)
def test_parameters_are_told_as_people_say_them(number: int, text: str) -> None:
    facts: dict[str, Any] = {"safetensors": {"total": number}}
    assert row_of(replace(BARE, facts=facts)).parameters == text


def test_what_a_release_states_is_told() -> None:
    said = Released("b", "1", "waived", 3, has_results=True, has_audit=False)
    facts = {"release": {"manifest": "x", "states": said.to_json()}, "tags": ["license:mit"]}
    row = row_of(replace(BARE, facts=facts, gated="manual"))
    assert (row.gate, row.openness) == ("Passed with waivers", "Class III: open model")
    assert (row.access, row.licence) == ("gated, by request", "mit")
    assert row_of(replace(BARE, gated="manual", is_private=True)).access == "private"
