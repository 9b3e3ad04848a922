"""What evaluations found, for people: values with their intervals and where they come from.

Pure. Results of other models, to compare with, stand in a table of their own.
"""

from __future__ import annotations

from collections.abc import Iterable

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.evaluations.belonging import Sorted
from paddock.release.documents.model_card.told import section, told
from paddock.release.documents.plain import table
from paddock.release.results.result import Result

_HEAD = ("Evaluation", "Value", "Interval", "n", "Better", "Data set", "Measured by", "Date")


def evaluation(content: DocumentContent, found: Sorted) -> str:
    """The section; "" when nothing was evaluated and nobody says how it would be."""
    own, others = results_table(found.own), results_table(found.others, with_model=True)
    measured = "Measured on the weights that are shipped, except where a row says otherwise."
    return section(
        "Evaluation",
        [
            f"### Results\n\n{measured}\n\n{own}" if own else "",
            f"### To compare\n\nResults of other models.\n\n{others}" if others else "",
            told(content, "evaluation.summary", "### Summary"),
            told(content, "evaluation.data", "### Testing data"),
            told(content, "evaluation.factors", "### Factors"),
            told(content, "evaluation.metrics", "### Metrics"),
            told(content, "evaluation.examination", "### Model examination"),
        ],
    )


def results_table(results: Iterable[Result], *, with_model: bool = False) -> str:
    """A row for each result; "" without any."""
    rows = [_row(result, with_model=with_model) for result in results]
    head = ("Model", *_HEAD) if with_model else _HEAD
    return table(head, rows) if rows else ""


def interval(result: Result) -> str:
    """The interval with its level, or that there is none."""
    if result.is_point:
        return "none"
    level = f" ({100 * result.level:g} %)" if result.level else ""
    return f"{result.low:.6g} to {result.high:.6g}{level}"


def _row(result: Result, *, with_model: bool) -> tuple[str, ...]:
    name = result.eval
    if result.tuned_from is not None:
        name += " (after tuning)"
    elif result.model_digest is None and not with_model:
        name += " (says of no weights that it is about them)"
    better = {True: "higher", False: "lower", None: ""}[result.higher_is_better]
    dataset = (
        f"{result.dataset or ''}{f' at {result.dataset_revision}' * bool(result.dataset_revision)}"
    )
    row = (
        name, f"{result.value:.6g}", interval(result), "" if result.n is None else str(result.n),
        better, dataset, result.code or "", result.date or "",
    )  # fmt: skip
    return (result.model or "", *row) if with_model else row
