"""Plots of intervals: true to their numbers, and nothing that was said elsewhere can break out."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.web.plots.intervals import Point, draw_intervals
from paddock.web.plots.scale import scale_of

_FINITE = st.floats(-1e12, 1e12, allow_nan=False)


@given(st.lists(_FINITE, min_size=1, max_size=8))
def test_every_value_lies_on_the_line_in_its_order(values: list[float]) -> None:
    scale = scale_of(values, 100, 600)
    places = [scale.place(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(100 <= place <= 600 for place in places)
    assert 2 <= len(scale.marks) <= 12
    assert scale.high > scale.low


def test_marks_are_round_numbers_around_the_values() -> None:
    assert scale_of([0.66, 0.74], 0, 1).marks == (0.66, 0.68, 0.7, 0.72, 0.74)
    assert scale_of([3.0], 0, 1).marks[0] < 3 < scale_of([3.0], 0, 1).marks[-1]


def test_a_point_with_both_ends_has_a_line_and_one_without_is_a_ring() -> None:
    svg = str(draw_intervals([Point("a", 1, 0, 2, 1), Point("b", 1, None, None, 2)], "p", "t"))
    root = ET.fromstring(svg)
    lines = [e for e in root.iter("path") if "whisker" in (e.get("class") or "")]
    rings = [e for e in root.iter("circle") if "hollow" in (e.get("class") or "")]
    assert len(lines) == len(rings) == 1
    left, right = re.findall(r"[MH]([\d.]+)", lines[0].get("d") or "")[:2]
    middle = next(e for e in root.iter("circle") if "hollow" not in (e.get("class") or ""))
    assert float(left) < float(middle.get("cx") or 0) < float(right)
    assert root.find("title").text == "t"  # type: ignore[union-attr]
    assert root.find("desc").text == "a: 1 (0 to 2); b: 1"  # type: ignore[union-attr]


@pytest.mark.parametrize("said", ["</title><script>x</script>", "{0} {a!r}", '"><g onload=x>', "&"])
def test_names_are_text_and_nothing_else(said: str) -> None:
    svg = str(draw_intervals([Point(said, 1, 0, 2, 1)], "p", said))
    root = ET.fromstring(svg)
    assert root.find("title").text == said  # type: ignore[union-attr]
    assert {e.tag for e in root.iter()} <= {
        "svg",
        "title",
        "desc",
        "line",
        "text",
        "path",
        "circle",
    }
    assert "style" not in svg
