"""Values with their intervals, one below the other, as an SVG.

Pure. Everything that was said elsewhere is escaped. The picture has a title and a description in
words; the page shows the same numbers as a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from paddock.web.plots.scale import Scale, scale_of

WIDTH, ROW, TOP, BOTTOM = 640, 30, 8, 26
_LEFT, _RIGHT = 190, 44  # half of the widest mark stands over the end of the line
_SERIES = 6  # colours of the stylesheet
_MAX_LABEL_CHARS = 26


class Point(NamedTuple):
    """A value of one series; without both ends it is a point that nobody knows how sure it is."""

    label: str
    value: float
    low: float | None
    high: float | None
    series: int  # from 1


def draw_intervals(points: Sequence[Point], name: str, title: str) -> Markup:
    """The picture; ``name`` makes its ids, and is unique on the page."""
    ends = [end for p in points for end in (p.low, p.value, p.high) if end is not None]
    scale = scale_of(ends, _LEFT, WIDTH - _RIGHT)
    height = TOP + ROW * len(points) + BOTTOM
    parts = [
        Markup(
            '<svg class="plot" role="img" viewBox="0 0 {} {}" width="{}" height="{}" '
            'aria-labelledby="{}-title {}-words"><title id="{}-title">{}</title>'
            '<desc id="{}-words">{}</desc>'
        ).format(WIDTH, height, WIDTH, height, name, name, name, title, name, _in_words(points)),
        _axis(scale, height),
        *(_row(scale, point, number) for number, point in enumerate(points)),
        Markup("</svg>"),
    ]
    return Markup("").join(parts)


def _in_words(points: Sequence[Point]) -> str:
    said = []
    for point in points:
        inside = ""
        if point.low is not None and point.high is not None:
            inside = f" ({point.low:.6g} to {point.high:.6g})"
        said.append(f"{point.label}: {point.value:.6g}{inside}")
    return "; ".join(said)


def _axis(scale: Scale, height: int) -> Markup:
    bottom = height - BOTTOM
    marks = [
        Markup(
            '<line class="grid-line" x1="{x}" y1="{top}" x2="{x}" y2="{bottom}"/>'
            '<text class="faint" x="{x}" y="{y}" text-anchor="middle">{mark}</text>'
        ).format(x=_n(scale.place(m)), top=TOP, bottom=bottom, y=height - 8, mark=f"{m:.6g}")
        for m in scale.marks
    ]
    line = Markup('<line class="axis" x1="{}" y1="{y}" x2="{}" y2="{y}"/>')
    return Markup("").join(marks) + line.format(_LEFT, WIDTH - _RIGHT, y=bottom)


def _row(scale: Scale, point: Point, number: int) -> Markup:
    y = TOP + ROW * number + ROW / 2
    style = f"series-{(point.series - 1) % _SERIES + 1}"
    label = point.label
    if len(label) > _MAX_LABEL_CHARS:
        label = "…" + label[1 - _MAX_LABEL_CHARS :]
    parts = [
        Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(
            _LEFT - 10, _n(y + 4), escape(label)
        )
    ]
    x = scale.place(point.value)
    if point.low is None or point.high is None:
        mark = Markup('<circle class="{} hollow" cx="{}" cy="{}" r="5"/>')
        return Markup("").join([*parts, mark.format(style, _n(x), _n(y))])
    low, high = scale.place(point.low), scale.place(point.high)
    parts.append(
        Markup('<path class="{} whisker" d="M{l} {y}H{h}M{l} {t}V{b}M{h} {t}V{b}"/>').format(
            style, l=_n(low), h=_n(high), y=_n(y), t=_n(y - 5), b=_n(y + 5)
        )
    )
    mark = Markup('<circle class="{}" cx="{}" cy="{}" r="4"/>')
    return Markup("").join([*parts, mark.format(style, _n(x), _n(y))])


def _n(pixels: float) -> str:
    return f"{pixels:.1f}".removesuffix(".0")
