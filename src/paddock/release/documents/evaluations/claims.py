"""What the author's own words claim of evaluations, held against the results.

Pure. Looks at the front matter (``model-index``) and at the text: a line that names a benchmark or
an evaluation of the results beside a figure, a heading above one, and a column or row of a table,
of HTML too, under such a name.
Whatever it finds must be a result, to the digits that it was written with. It can be fooled by
words it does not know; it never passes a figure that it did recognise and could not find.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from paddock.release.documents.evaluations.rounding import says_the_same
from paddock.release.evidence import Check, Evidence
from paddock.release.results.result import Result

MAX_LINES = 20_000
MAX_LINE_CHARS = 4000
MAX_CLAIMS = 500

_BENCHMARKS = (
    "mmlu(?:[-_ ]?(?:pro|redux))?|gsm[-_ ]?8k|hellaswag|arc[-_ ](?:c|e|challenge|easy)|truthfulqa|"
    "winogrande|human[-_ ]?eval\\+?|mbpp\\+?|big[-_ ]?bench(?:[-_ ]hard)?|bbh|ifeval|gpqa|squad|"
    "boolq|piqa|siqa|openbookqa|obqa|triviaqa|naturalqs|nq|mt[-_ ]bench|alpaca[-_ ]?eval|"
    "arena[-_ ]hard|lambada|wikitext|agieval|c[-_ ]?eval|cmmlu|math[-_ ]?500|aime|mgsm|xnli|"
    "commonsenseqa|livecodebench|swe[-_ ]bench|perplexity|bleu|rouge(?:[-_ ]?[12l])?|"
    "accuracy|f1|exact[-_ ]match|pass@[0-9]+"
)
_BENCHMARK = re.compile(rf"(?<![\w.-])(?:{_BENCHMARKS})(?![\w@])", re.IGNORECASE)
_FIGURE = re.compile(r"(?<![\w.,@/:#-])([0-9]{1,4}(?:\.[0-9]{1,6})?)(\s?%)?(?![\w@/]|[.,-]?[0-9])")
_SCORES = re.compile(
    r"(?:[:=]|\b(?:of|is|at|to|scores?|scored|reach(?:es|ed)?|achiev(?:es|ed)|gets?|obtains?))"
    r"[\s*_`~]*$",
    re.IGNORECASE,
)
_SHOTS = re.compile(r"\b[0-9]{1,3}[- ]?shots?\b|\b[0-9]{2,3}\s?%\s+(?:confidence|ci)\b", re.I)
_HTML_CELL = re.compile(r"\s{0,80}<t[dh]\b[^<>]{0,200}>\s{0,80}", re.IGNORECASE)
_HTML_TAG = re.compile(r"</?[a-z][a-z0-9]{0,15}\b[^<>]{0,200}>", re.IGNORECASE)
_MARKS = " \t*_`~#>:-="
# Heads of columns that count something else.
_NO_RESULT = re.compile(
    r"\b(?:shots?|samples?|questions|params|parameters|size|tokens|date|year|seed|version)\b|^#|^n$",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"(?<!\\)\|")


class Claim(NamedTuple):
    """A figure beside the name of an evaluation."""

    name: str
    figure: str
    where: str
    quote: str


def claim_checks(
    texts: Mapping[str, str],
    front_matter: Any,
    results: Sequence[Result],
    others: Sequence[Result] = (),
) -> tuple[Check, ...]:
    """Whether every claim in the ``texts`` (by where they stand) and the front matter is a result.

    A result of ``others`` counts only in a line that names its model. A claim that is none is unmet
    under ``documents.claims:NAME``.
    """
    names = [name for r in (*results, *others) for name in (r.eval, r.task) if name]
    claims = list(claims_of_index(front_matter))
    for where, text in texts.items():
        claims += claims_of_text(text, where, names)
    false = [
        claim
        for claim in claims[:MAX_CLAIMS]
        if not _is_borne_out(claim, [*results, *_named_in(claim.quote, others)])
    ]
    if not false:
        sentence = f"{len(claims)} figures in the author's words are results" if claims else (
            "the author's words claim no results of evaluations"
        )  # fmt: skip
        return (Check("documents.claims", "documents", "met", sentence),)
    return tuple(_unmet(name, false, results) for name in dict.fromkeys(c.name for c in false))


def claims_of_index(front_matter: Any) -> Iterator[Claim]:
    """The figures of a ``model-index``, whatever else is in it."""
    index = front_matter.get("model-index") if isinstance(front_matter, dict) else None
    for model in _mappings(index):
        for result in _mappings(model.get("results")):
            dataset = result.get("dataset")
            name = dataset.get("name") if isinstance(dataset, dict) else None
            for metric in _mappings(result.get("metrics")):
                value = metric.get("value")
                said = str(name or metric.get("name") or metric.get("type") or "model-index")
                figure = str(value)[:40]
                yield Claim(said[:80].lower(), figure, "model-index", f"{said[:80]}: {figure}")


def claims_of_text(text: str, where: str, names: Iterable[str]) -> Iterator[Claim]:
    """The figures that stand beside the name of an evaluation."""
    known = [re.escape(name) for name in sorted(set(names), key=len, reverse=True) if name]
    own = re.compile(rf"(?<![\w-])(?:{'|'.join(known)})(?![\w-])", re.IGNORECASE) if known else None
    head: list[str] = []
    alone: str | None = None  # an evaluation that stands on a line of its own, such as a heading
    for line in _plain(text).splitlines()[:MAX_LINES]:
        line = line[:MAX_LINE_CHARS]
        if alone and (figure := _FIGURE.fullmatch(line.strip(_MARKS))):
            yield Claim(alone, figure[1], where, f"{alone}: {line.strip()}")
        alone = _standing_alone(line, own) if line.strip() else alone
        if "|" in line:
            cells = [cell.strip() for cell in _SPLIT.split(line.strip().strip("|"))]
            yield from _of_row(cells, head, where, own)
            head = head or cells
        else:
            head = []
            yield from _of_line(line, where, own)


def _plain(text: str) -> str:
    """Letters as they look, and tables of HTML as tables of Markdown."""
    seen = unicodedata.normalize("NFKC", text)
    seen = "".join(c for c in seen if unicodedata.category(c) != "Cf")
    return _HTML_TAG.sub("", _HTML_CELL.sub(" | ", seen))


def _standing_alone(line: str, own: re.Pattern[str] | None) -> str | None:
    name = _named(line, own)
    return name if name and len(line.strip(_MARKS)) <= 2 * len(name) else None


def _named(text: str, own: re.Pattern[str] | None) -> str | None:
    found = (own.search(text) if own else None) or _BENCHMARK.search(text)
    return found[0].lower() if found else None


def _of_row(
    cells: list[str], head: list[str], where: str, own: re.Pattern[str] | None
) -> Iterator[Claim]:
    """The figures of a row in which a cell, or the column's head, names an evaluation."""
    named = ((place, _named(cell, own)) for place, cell in enumerate(cells))
    at, row_name = next(((place, name) for place, name in named if name), (0, None))
    for place, cell in enumerate(cells):
        title = head[place] if place < len(head) and head is not cells else ""
        figure = _FIGURE.fullmatch(_SHOTS.sub("", cell).strip(" *_`~")) or _lone_figure(cell)
        name = _named(title, own) or (row_name if place != at else None)
        if figure and name and not _NO_RESULT.search(title):
            yield Claim(name, figure[1], where, " | ".join(cells)[:200])


def _lone_figure(cell: str) -> re.Match[str] | None:
    """The figure of a cell such as 71.2 ± 0.4 or **71.2** (5-shot)."""
    plain = _SHOTS.sub("", cell)
    match = _FIGURE.search(plain)
    return match if match and not re.search(r"[A-Za-z]{3,}", plain) else None


def _of_line(line: str, where: str, own: re.Pattern[str] | None) -> Iterator[Claim]:
    """In prose a figure needs a decimal point, a percent sign or a word like ``of`` before it."""
    plain = _SHOTS.sub(lambda match: " " * len(match[0]), line)
    name = _named(plain, own)
    if name is None:
        return
    masked = _BENCHMARK.sub(lambda match: "x" * len(match[0]), plain)
    masked = own.sub(lambda match: "x" * len(match[0]), masked) if own else masked
    for figure in _FIGURE.finditer(masked):
        before = masked[: figure.start()]
        if "." in figure[1] or figure[2] or _SCORES.search(before):
            yield Claim(_nearest(plain, figure.start(), own) or name, figure[1], where, line[:200])


def _nearest(line: str, place: int, own: re.Pattern[str] | None) -> str | None:
    """The evaluation that was named last before a place."""
    spots = [
        (match.start(), match[0].lower())
        for pattern in (own, _BENCHMARK)
        if pattern is not None
        for match in pattern.finditer(line)
        if match.start() < place
    ]
    return max(spots)[1] if spots else None


def _named_in(quote: str, others: Sequence[Result]) -> list[Result]:
    """Results of models that a line names, by their whole id or its last part."""
    said = quote.lower()
    return [r for r in others if r.model and r.model.lower().rpartition("/")[2] in said]


def _is_borne_out(claim: Claim, results: Sequence[Result]) -> bool:
    return any(
        _is_about(claim.name, result)
        and any(
            value is not None and says_the_same(claim.figure, value)
            for value in (result.value, result.low, result.high, result.n)
        )
        for result in results
    )


def _is_about(name: str, result: Result) -> bool:
    """Whether a name in a text may mean this result: words are compared, not marks."""
    wanted = _letters(name)
    said = (result.eval, result.task, result.metric, result.dataset, result.suite)
    return any(wanted in _letters(each) or _letters(each) in wanted for each in said if each)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower().rpartition("/")[2]) or text


def _unmet(name: str, false: Sequence[Claim], results: Sequence[Result]) -> Check:
    claims = [claim for claim in false if claim.name == name]
    known = [result for result in results if _is_about(name, result)]
    said = f"they say {known[0].text}" if known else "they hold none for it"
    first = claims[0]
    return Check(
        f"documents.claims:{name}",
        "documents",
        "unmet",
        f"{first.where} claims {first.figure} for {name}, and the results do not: {said}",
        (
            *(Evidence(claim.where, claim.quote) for claim in claims[:5]),
            *(Evidence(r.eval, r.text, r.path, r.sha256) for r in known[:5]),
        ),
        "name the file of results under audit.results, or take the figure out",
    )


def _mappings(value: Any) -> list[dict[str, Any]]:
    items = value[:1000] if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]
