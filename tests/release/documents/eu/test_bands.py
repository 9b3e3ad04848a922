"""Ranges and orders of magnitude of the Union's forms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.release.documents.eu.bands import (
    order_of_magnitude,
    parameter_range,
    size_band,
    size_bands,
    training_time_range,
    two_figures,
)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (260_000, "1 to 500 million"),
        (1_235_814_400, "500 million to 5 billion"),
        (8_030_261_248, "5 to 15 billion"),
        (70_553_706_496, "50 to 100 billion"),
        (405_853_388_800, "100 to 500 billion"),
        (2e12, "more than 1 trillion"),
    ],
)
def test_a_number_of_parameters_has_its_range(parameters: float, words: str) -> None:
    assert parameter_range(parameters) == words


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (3, "less than 1 month"),
        (41, "1 to 3 months"),
        (150, "3 to 6 months"),
        (400, "more than 6 months"),
    ],
)
def test_days_of_training_have_their_range(days: float, words: str) -> None:
    assert training_time_range(days) == words


def test_sizes_have_the_bands_of_the_template() -> None:
    assert size_band("text", 2.1e12) == "1 billion to 10 trillion tokens"
    assert size_band("image", 5e5) == "less than 1 million images"
    assert size_band("video", 2e6) == "more than 1 million hours"
    assert size_bands("other") == ()
    for modality in ("text", "image", "audio", "video"):
        assert len(size_bands(modality)) == 3


@given(st.floats(min_value=1, max_value=1e30), st.floats(min_value=1, max_value=1e30))
def test_more_is_never_in_a_lower_band(a: float, b: float) -> None:
    low, high = sorted((a, b))
    bands = size_bands("text")
    assert bands.index(size_band("text", low)) <= bands.index(size_band("text", high))


@pytest.mark.parametrize(
    ("number", "shown"),
    [(1.3e23, "1.3e23"), (2e12, "2 000 000 000 000"), (178.4, "178.4"), (0.5, "5.0e-01"),
     (8_030_261_248, "8 030 261 248"), (3e24, "3.0e24")],
)  # fmt: skip
def test_numbers_keep_at_least_two_figures(number: float, shown: str) -> None:
    assert two_figures(number) == shown


def test_orders_of_magnitude_are_powers_of_ten() -> None:
    assert order_of_magnitude(1.3e24) == "10^24"
    assert order_of_magnitude(9.99e22) == "10^22"
    assert order_of_magnitude(0) == "0"
