"""The ranges and orders of magnitude that the Union's forms ask for instead of numbers.

Pure arithmetic. A bound itself belongs to the lower band, as the forms' "up to" reads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_PARAMETERS = (
    (5e8, "1 to 500 million"),
    (5e9, "500 million to 5 billion"),
    (1.5e10, "5 to 15 billion"),
    (5e10, "15 to 50 billion"),
    (1e11, "50 to 100 billion"),
    (5e11, "100 to 500 billion"),
    (1e12, "500 billion to 1 trillion"),
    (math.inf, "more than 1 trillion"),
)
_MONTHS = (
    (1.0, "less than 1 month"),
    (3.0, "1 to 3 months"),
    (6.0, "3 to 6 months"),
    (math.inf, "more than 6 months"),
)
DAYS_IN_A_MONTH = 365.25 / 12

# The unit that a modality is counted in, and its bands (the Commission's template, section 1.3).
UNITS = {"text": "tokens", "image": "images", "audio": "hours", "video": "hours"}
_SIZES: dict[str, Sequence[tuple[float, str]]] = {
    "text": ((1e9, "less than 1 billion"), (1e13, "1 billion to 10 trillion"),
             (math.inf, "more than 10 trillion")),
    "image": ((1e6, "less than 1 million"), (1e9, "1 million to 1 billion"),
              (math.inf, "more than 1 billion")),
    "audio": ((1e4, "less than 10 thousand"), (1e6, "10 thousand to 1 million"),
              (math.inf, "more than 1 million")),
}  # fmt: skip
_SIZES["video"] = _SIZES["audio"]


def parameter_range(parameters: float) -> str:
    """The form's range for a number of parameters."""
    return _band(parameters, _PARAMETERS)


def training_time_range(days: float) -> str:
    """The form's range for the wall-clock days of training."""
    return _band(days / DAYS_IN_A_MONTH, _MONTHS)


def size_bands(modality: str) -> tuple[str, ...]:
    """The bands of the public summary; none for a modality that has a unit of its own."""
    return tuple(f"{words} {UNITS[modality]}" for _, words in _SIZES.get(modality, ()))


def size_band(modality: str, size: float) -> str:
    """The summary's band for a size in the modality's unit; KeyError for another modality."""
    return f"{_band(size, _SIZES[modality])} {UNITS[modality]}"


def order_of_magnitude(number: float) -> str:
    """``10^24`` for 1.3e24."""
    return f"10^{math.floor(math.log10(number))}" if number > 0 else "0"


def two_figures(number: float) -> str:
    """At least two significant figures: whole numbers whole, others as many as were given."""
    if number == int(number) and abs(number) < 1e15:
        return f"{int(number):,}".replace(",", " ")
    shown = f"{number:.15g}"
    figures = shown.partition("e")[0].replace(".", "").lstrip("0")
    return (shown if len(figures) >= 2 else f"{number:.1e}").replace("e+", "e")


def _band(number: float, bands: Sequence[tuple[float, str]]) -> str:
    return next(words for bound, words in bands if number <= bound)
