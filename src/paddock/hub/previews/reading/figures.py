"""What is counted in a column of a part: nothing, different values, bounds, frequencies, bars.

Pure. Different values are counted up to a bound. Bars show numbers between the least and the most
of them, and of texts their lengths.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from paddock.hub.previews.answers import Bar, Column, Figures, Holds, Often, Told
from paddock.hub.previews.reading.parts import LoadedPart
from paddock.hub.previews.reading.values import Number, Value, number_of, text_of

DISTINCT = 10_000
BARS = 20
OFTEN = 5
SHOWN_CHARS = 120


def figures(loaded: LoadedPart, told: Sequence[Told | None]) -> tuple[Figures, ...]:
    """Of every column; ``told`` is what the file says of each, or empty."""
    return tuple(
        _of_column(place, column, [row[place] for row in loaded.rows], told)
        for place, column in enumerate(loaded.columns)
    )


def _of_column(
    place: int, column: Column, values: Sequence[Value], told: Sequence[Told | None]
) -> Figures:
    there = [value for value in values if value is not None]
    counted = Counter[str]()
    for value in there:
        counted[text_of(value)[:1000]] += 1
        if len(counted) > DISTINCT:
            break
    is_bounded = len(counted) > DISTINCT
    numbers = _numbers(there) if column.holds is Holds.NUMBER else []
    low, high = _bounds(column, there, numbers)
    if numbers:
        bars, speak_of = _bars(numbers), "values"
    elif column.holds in {Holds.TEXT, Holds.NESTED}:
        bars, speak_of = _bars([len(text_of(value)) for value in there]), "lengths"
    else:
        bars, speak_of = (), "values"
    return Figures(
        place,
        len(values),
        len(values) - len(there),
        len(there) - len(numbers) if column.holds is Holds.NUMBER else 0,
        len(counted) if not is_bounded else DISTINCT,
        is_bounded,
        low,
        high,
        _mean(numbers),
        () if is_bounded else _often(counted),
        bars,
        speak_of,
        told[place] if told else None,
    )


def _numbers(values: Sequence[Value]) -> list[Number]:
    found = (number_of(value) for value in values)
    return [number for number in found if number is not None]


def _bounds(
    column: Column, values: Sequence[Value], numbers: Sequence[Number]
) -> tuple[str | None, str | None]:
    if numbers:
        return _shown(str(min(numbers))), _shown(str(max(numbers)))
    if column.holds in {Holds.TEXT, Holds.TIME} and values:
        texts = [text_of(value)[:1000] for value in values]
        return _shown(min(texts)), _shown(max(texts))
    return None, None


def _mean(numbers: Sequence[Number]) -> str | None:
    finite = _finite(numbers)
    return f"{math.fsum(finite) / len(finite):.6g}" if finite else None


def _finite(numbers: Sequence[Number]) -> list[float]:
    found = []
    for number in numbers:
        try:
            found.append(float(number))
        except OverflowError:
            continue
    return [number for number in found if math.isfinite(number)]


def _often(counted: Counter[str]) -> tuple[Often, ...]:
    """The most frequent values; none where every value is there once."""
    if not counted or counted.most_common(1)[0][1] == 1:
        return ()
    return tuple(Often(_shown(text), count) for text, count in counted.most_common(OFTEN))


def _bars(numbers: Sequence[Number]) -> tuple[Bar, ...]:
    """Equal steps from the least to the most; whole numbers that are few have one bar each."""
    finite = _finite(numbers)
    if not finite:
        return ()
    low, high = min(finite), max(finite)
    is_whole = all(number.is_integer() for number in finite)
    if high - low == math.inf or low == high:
        return (Bar(_figure(low), _figure(high), len(finite)),)
    steps = min(BARS, int(high - low) + 1) if is_whole else BARS
    width = (high - low + (1 if is_whole else 0)) / steps
    if not width > 0 or low + width == low:
        return (Bar(_figure(low), _figure(high), len(finite)),)
    counts = Counter(min(int((number - low) / width), steps - 1) for number in finite)
    return tuple(
        Bar(_figure(low + step * width), _figure(low + (step + 1) * width), counts[step])
        for step in range(steps)
    )


def _figure(number: float) -> str:
    return f"{number:.6g}"


def _shown(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…"
