"""Whether a figure in a text is a measured value, to the digits that it was written with.

Pure. A share may be written as it is or in percent.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation


def says_the_same(written: str, value: float) -> bool:
    """Whether ``written``, such as 71.2 or 0.712, is ``value`` rounded or cut to its digits."""
    try:
        figure = Decimal(written)
        measured = Decimal(repr(value))
    except InvalidOperation:
        return False
    if not figure.is_finite() or not measured.is_finite() or abs(measured) > 10**15:
        return False
    return any(_is_rounded(figure, scaled) for scaled in (measured, measured * 100, measured / 100))


def _is_rounded(figure: Decimal, measured: Decimal) -> bool:
    exponent = figure.as_tuple().exponent
    if not isinstance(exponent, int) or not -30 <= exponent <= 15:
        return False
    places = Decimal(1).scaleb(exponent)
    return any(
        measured.quantize(places, rounding) == figure
        for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN)
        if abs(measured) < Decimal(10) ** 20
    )
