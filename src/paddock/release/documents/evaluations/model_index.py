"""Results in the Hub's two forms: ``model-index`` in the card, and ``.eval_results/*.yaml``.

Pure. Only results that are about the shipped weights get there. The Hub's forms have no field for
an interval, so it is said in the metric's name and in the notes. (Formats: hub-docs,
``modelcard.md`` and ``eval_results.yaml``.)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from paddock.release.results.result import Result

EVAL_RESULTS_PATH = ".eval_results/release.yaml"


def model_index(name: str, pipeline_tag: str, results: Iterable[Result]) -> list[dict[str, Any]]:
    """The value of ``model-index``; empty without results."""
    groups: dict[tuple[str, ...], dict[str, Any]] = {}
    for result in results:
        dataset = result.dataset or result.task or result.eval
        key = (dataset, result.dataset_revision or "")
        group = groups.setdefault(key, _group(pipeline_tag, dataset, result))
        group["metrics"].append(
            {"type": result.metric or result.eval, "value": result.value, "name": label(result)}
        )
    return [{"name": name, "results": list(groups.values())}] if groups else []


def metric_names(results: Iterable[Result]) -> list[str]:
    """The metrics of the results, each once."""
    return list(dict.fromkeys(result.metric for result in results if result.metric))


def render_eval_results(results: Iterable[Result]) -> bytes | None:
    """The file of results that name their data set; None when none does."""
    entries = [_entry(result) for result in results if result.dataset is not None]
    if not entries:
        return None
    return yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=1000).encode()


def label(result: Result) -> str:
    """The evaluation and how sure it is: mmlu (95 %: 0.69 to 0.73, n = 1200)."""
    said = _certainty(result)
    return f"{result.eval} ({said})" if said else result.eval


def _group(pipeline_tag: str, dataset: str, result: Result) -> dict[str, Any]:
    described = {"name": dataset, "type": dataset, "revision": result.dataset_revision}
    return {
        "task": {"type": pipeline_tag},
        "dataset": {key: value for key, value in described.items() if value},
        "metrics": [],
    }


def _entry(result: Result) -> dict[str, Any]:
    dataset = {"id": result.dataset, "task_id": result.task or "default"}
    if result.dataset_revision:
        dataset["revision"] = result.dataset_revision
    entry: dict[str, Any] = {"dataset": dataset, "value": result.value}
    if result.date:
        entry["date"] = result.date
    notes = [result.eval, _certainty(result)]
    notes += [f"weights sha256:{result.model_digest}"] if result.model_digest else []
    notes += [f"by {result.code}"] if result.code else []
    entry["notes"] = "; ".join(note for note in notes if note)
    return entry


def _certainty(result: Result) -> str:
    parts = []
    if not result.is_point:
        level = f"{100 * result.level:g} %: " if result.level else ""
        parts.append(f"{level}{result.low:.6g} to {result.high:.6g}")
    parts += [f"n = {result.n}"] if result.n is not None else []
    parts += ["after tuning"] if result.tuned_from is not None else []
    return ", ".join(parts)
