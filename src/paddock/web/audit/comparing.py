"""The same evaluations of other models and of the release before, side by side.

Knows which models the visitor may see. Only results of the same evaluation on the same data are
held against each other; whether they differ is judged from both intervals and never without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from markupsafe import Markup

from paddock.errors import PaddockError
from paddock.hub.access import open_repository
from paddock.hub.errors import RepositoryMoved
from paddock.hub.names import RepositoryName
from paddock.hub.releases.results import Result
from paddock.hub.types import Kind, Need
from paddock.web.audit.measured import measured_at
from paddock.web.plots.intervals import Point, draw_intervals
from paddock.web.released.changes import judged
from paddock.web.repository.opened import Opened

MAX_OTHERS = 4
MAX_PLOTS = 40


class Series(NamedTuple):
    """Results of one model, or of one release of it."""

    name: str
    href: str
    results: tuple[Result, ...]
    number: int  # from 1: this model


class Against(NamedTuple):
    """A result of another series on the same evaluation, held against this model's."""

    series: Series
    result: Result | None
    verdict: str = ""  # how this model's differs
    note: str = ""


class Row(NamedTuple):
    """An evaluation of this model, beside those of others."""

    result: Result
    against: tuple[Against, ...]
    plot: Markup | None


def others_of(opened: Opened, names: Sequence[str]) -> tuple[list[Series], list[str]]:
    """The models of these names, and the names that lead to none that may be seen."""
    found: list[Series] = []
    missing: list[str] = []
    for asked in dict.fromkeys(name.strip()[:200] for name in names if name.strip()):
        if len(found) == MAX_OTHERS:
            break
        series = _series(opened, asked, len(found) + 3)
        if series is None:
            missing.append(asked)
        else:
            found.append(series)
    return found, missing


def _series(opened: Opened, asked: str, number: int) -> Series | None:
    namespace, _, name = asked.partition("/")
    if not namespace or not name or "/" in name:
        return None
    wanted = RepositoryName(Kind.MODEL, namespace, name)
    try:
        repo = open_repository(opened.conn, opened.visitor.caller, wanted, Need.METADATA)
    except (PaddockError, RepositoryMoved):
        return None
    shell = replace(opened.shell, repo=repo)
    there = replace(opened, shell=shell, rev="main", commit_oid=repo.head_oid)
    results = measured_at(there, there.release()).results
    return Series(repo.full_name, f"{repo.web_path}/audit", results, number)


def rows_of(name: str, results: Sequence[Result], others: Sequence[Series]) -> list[Row]:
    """Every result of this model with what others say of the same evaluation."""
    by_key = [(series, {result.key: result for result in series.results}) for series in others]
    rows = []
    for number, result in enumerate(results):
        against = tuple(_against(result, series, known) for series, known in by_key)
        plot = _plot(name, result, against, number) if number < MAX_PLOTS else None
        rows.append(Row(result, against, plot))
    return rows


def _against(
    mine: Result, series: Series, known: dict[tuple[str, str, str, str], Result]
) -> Against:
    other = known.get(mine.key)
    if other is None:
        return Against(series, None)
    digests = {mine.suite_digest, other.suite_digest} - {None}
    if len(digests) > 1:
        return Against(series, other, note="measured with another version of the suite")
    if mine.metric and other.metric and mine.metric != other.metric:
        return Against(series, other, note="another metric")
    return Against(series, other, judged(other, mine).verdict)


def _plot(name: str, mine: Result, against: Sequence[Against], number: int) -> Markup:
    points = [Point(name.partition("/")[2], mine.value, mine.low, mine.high, 1)]
    points += [
        Point(each.series.name, each.result.value, each.result.low, each.result.high,
              each.series.number)
        for each in against
        if each.result is not None
    ]  # fmt: skip
    return draw_intervals(points, f"plot-{number}", mine.eval)
