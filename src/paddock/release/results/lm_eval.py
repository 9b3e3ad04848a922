"""What lm-evaluation-harness writes (``results_*.json``), read.

A task has one result for each metric and filter; it is named TASK, METRIC and, where there is one,
FILTER: ``mmlu:acc``, ``gsm8k:exact_match,strict-match``. The format is the harness's own (0.4,
``evaluator.py`` and ``loggers/evaluation_tracker.py``); what of it is not needed is not read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeGuard

from paddock.errors import shown
from paddock.release.results.interval import LEVEL, from_stderr, wilson
from paddock.release.results.result import MAX_RESULTS, BadResults, Method, Result

_SHARES = frozenset({"acc", "acc_norm", "exact_match", "em", "pass@1", "mc1"})
_STDERR = "_stderr"
_LATEST_SECOND = 253_402_300_799  # the end of the year 9999


def is_lm_eval(document: dict[str, Any]) -> bool:
    """Whether this looks like the harness's."""
    return isinstance(document.get("results"), dict) and "configs" in document


def parse_lm_eval(document: dict[str, Any], where: str) -> tuple[Result, ...]:
    """The results in ``document``; raises BadResults."""
    found: list[Result] = []
    for task, metrics in document["results"].items():
        if not isinstance(metrics, dict):
            raise BadResults(f"{where}: the results of {shown(task)} are {shown(metrics)}")
        for key, value in metrics.items():
            name, _, kind = key.partition(",")
            if _is_number(value) and not name.endswith(_STDERR) and kind:
                found.append(_result(document, task, key, where))
        if len(found) > MAX_RESULTS:
            raise BadResults(f"{where}: more than {MAX_RESULTS} results")
    return tuple(found)


def _result(document: dict[str, Any], task: str, key: str, where: str) -> Result:
    metrics, (metric, _, kind) = document["results"][task], key.partition(",")
    value, n = float(metrics[key]), _samples(document, task)
    stderr = metrics.get(f"{metric}{_STDERR},{kind}")
    low, high, method = _interval(metric, value, stderr, n, f"{where}: {task[:80]!a}")
    settings = _object(document, "config")
    version = _object(document, "versions").get(task)
    return Result(
        eval=f"{task}:{metric}" + ("" if kind == "none" else f",{kind}"),
        value=value,
        low=low,
        high=high,
        level=LEVEL if method else None,
        method=method,
        n=n,
        seed=_whole(settings.get("random_seed")),
        higher_is_better=_direction(document, task, metric),
        metric=metric,
        task=task,
        dataset=_dataset(document, task),
        model=_text(document.get("model_name")),
        suite=f"{task} {version}" if isinstance(version, int | float | str) else task,
        suite_digest=_text(_object(document, "task_hashes").get(task)),
        code=f"lm-evaluation-harness {_text(document.get('lm_eval_version')) or ''}".strip(),
        date=_date(document.get("date"), where),
    )


def _interval(
    metric: str, value: float, stderr: object, n: int | None, where: str
) -> tuple[float | None, float | None, Method | None]:
    """Around the value: a standard error of nothing, as for all answers right, is no certainty."""
    is_share = metric in _SHARES and 0 <= value <= 1
    if _is_number(stderr) and stderr > 0:
        low, high = from_stderr(value, stderr)
        return (max(low, 0.0), min(high, 1.0), "stderr") if is_share else (low, high, "stderr")
    if _is_number(stderr) and stderr < 0:
        raise BadResults(f"{where}: a standard error of {shown(stderr)}")
    if is_share and n:
        return *wilson(value, n), "wilson"
    return None, None, None


def _samples(document: dict[str, Any], task: str) -> int | None:
    samples = _object(document, "n-samples").get(task)
    n = samples.get("effective") if isinstance(samples, dict) else None
    return n if (n := _whole(n)) and n > 0 else None


def _direction(document: dict[str, Any], task: str, metric: str) -> bool | None:
    directions = _object(document, "higher_is_better").get(task)
    better = directions.get(metric) if isinstance(directions, dict) else None
    return better if isinstance(better, bool) else None


def _dataset(document: dict[str, Any], task: str) -> str | None:
    settings = _object(document, "configs").get(task)
    return _text(settings.get("dataset_path")) if isinstance(settings, dict) else None


def _date(value: object, where: str) -> str | None:
    if value is None:
        return None
    if not _is_number(value) or not 0 <= value <= _LATEST_SECOND:
        raise BadResults(f"{where}: the date is {shown(value)}, not seconds since 1970")
    moment = datetime.fromtimestamp(int(value), UTC)
    return moment.isoformat().replace("+00:00", "Z")


def _object(document: dict[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _whole(value: object) -> int | None:
    return value if type(value) is int and abs(value) <= 1 << 53 else None


def _text(value: object) -> str | None:
    return value[:500] if isinstance(value, str) and value.strip() else None
