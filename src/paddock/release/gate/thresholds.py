"""Results against bounds: a bound is met when the whole interval lies on its right side.

Pure. Whatever is not known (a point without uncertainty, an interval of too little confidence, a
missing baseline) leaves the condition undecided, which stops the release; an interval on both sides
of the bound decides nothing either. Of several results of one evaluation, the worst counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from paddock.release.evidence import Check, Evidence, Group, Status
from paddock.release.gate.preregistered import Uplift, read_uplift
from paddock.release.results.result import BadResults, Result
from paddock.release.spec.audit import Condition

_WORST: tuple[Status, ...] = ("unmet", "undecided", "met")


@dataclass(frozen=True, slots=True)
class Known:
    """The results that conditions are held against."""

    ours: tuple[Result, ...]  # of the models that are shipped
    others: tuple[Result, ...]  # of parents and baselines
    bases: frozenset[str]  # names of the parents
    preregistered: Mapping[str, bytes]
    level: float = 0.95


class _Judged(NamedTuple):
    status: Status
    sentence: str
    hint: str | None = None


def judge_condition(
    condition: Condition, group: Group, known: Known, suffix: str = ""
) -> list[Check]:
    """One condition on one evaluation: a check for each of its bounds."""
    results = named(condition.eval, known.ours)
    problem = _unusable(condition.eval, results, known)
    bounds = [
        ("min", condition.min), ("max", condition.max),
        ("min_ratio_to_base", condition.min_ratio_to_base), ("max_uplift", condition.max_uplift),
    ]  # fmt: skip
    checks = []
    for name, bound in bounds:
        if bound is None:
            continue
        judged = problem or min(
            (_judge(name, condition, result, known) for result in results),
            key=lambda found: _WORST.index(found.status),
        )
        evidence = tuple(Evidence(r.eval, r.text, r.path, r.sha256) for r in results[:8])
        checks.append(
            Check(
                f"{group}.{condition.eval}.{name}{suffix}", group, judged.status,
                judged.sentence, evidence, judged.hint,
            )
        )  # fmt: skip
    return checks


def named(eval_: str, results: Sequence[Result]) -> list[Result]:
    """The results of an evaluation: of its very name, else of the task of that name."""
    exact = [result for result in results if result.eval == eval_]
    return exact or [result for result in results if result.task == eval_]


def _unusable(eval_: str, results: Sequence[Result], known: Known) -> _Judged | None:
    if not results:
        return _Judged(
            "undecided", f"there is no result of {eval_}", "name its file under audit.results"
        )
    if len(names := sorted({result.eval for result in results})) > 1:
        return _Judged(
            "undecided", f"{eval_} has several results: {', '.join(names[:6])}", "name one of them"
        )
    for result in results:
        if result.is_point:
            return _Judged(
                "undecided", f"{eval_} is {result.value:.6g}, and nobody knows how sure that is",
                "give low and high, or a share with n",
            )  # fmt: skip
        if (result.level or 0) < known.level:
            return _Judged(
                "undecided",
                f"the interval of {eval_} holds with {result.level}, not with {known.level}",
            )
    return None


def _judge(name: str, condition: Condition, result: Result, known: Known) -> _Judged:
    if name == "min":
        assert condition.min is not None  # noqa: S101 - the caller looked
        return _at_least(result, condition.min, "at least")
    if name == "max":
        assert condition.max is not None  # noqa: S101 - the caller looked
        return _at_most(result, condition.max, "at most")
    if name == "min_ratio_to_base":
        return _against_base(condition, result, known)
    return _against_baseline(condition, result, known)


def _against_base(condition: Condition, result: Result, known: Known) -> _Judged:
    """The interval's lower end against the parent's upper end: the least that the ratio can be."""
    assert condition.min_ratio_to_base is not None  # noqa: S101 - the caller looked
    base = _other(result, known, known.bases)
    if isinstance(base, str):
        return _Judged("undecided", f"{result.eval} of the parent: {base}", _BASE_HINT)
    assert base.high is not None  # noqa: S101 - _other looked
    if base.high <= 0:
        return _Judged("undecided", f"a ratio to the parent's {base.text} means nothing")
    bound = condition.min_ratio_to_base * base.high
    return _at_least(
        result, bound, f"at least {condition.min_ratio_to_base:.6g} of the parent's {base.text}:"
    )


def _against_baseline(condition: Condition, result: Result, known: Known) -> _Judged:
    """The interval's upper end against the baseline's lower end: the most that uplift can be."""
    assert condition.baseline is not None  # noqa: S101 - the section requires it
    other = _other(result, known, frozenset({condition.baseline}))
    if isinstance(other, str):
        return _Judged("undecided", f"{result.eval} of {condition.baseline}: {other}")
    assert other.low is not None  # noqa: S101 - _other looked
    try:
        uplift = _most_uplift(condition, result, known)
    except BadResults as e:
        return _Judged("undecided", e.message, e.hint)
    return _at_most(
        result, other.low + uplift.most,
        f"at most {uplift.most:.6g} above {condition.baseline}'s {other.text}{uplift.said}:",
    )  # fmt: skip


def _most_uplift(condition: Condition, result: Result, known: Known) -> Uplift:
    if not isinstance(condition.max_uplift, str):
        assert condition.max_uplift is not None  # noqa: S101 - the caller looked
        return Uplift(condition.max_uplift, "")
    return read_uplift(known.preregistered, condition.max_uplift, condition, result)


_BASE_HINT = "add results whose model is named as under lineage.base_model"


def _other(result: Result, known: Known, names: frozenset[str]) -> Result | str:
    """The same evaluation of another model, or why there is none to compare with."""
    found = [r for r in known.others if r.eval == result.eval and r.model in names]
    if len(found) != 1:
        return "there is no result" if not found else f"there are {len(found)} results"
    if found[0].is_point or (found[0].level or 0) < known.level:
        return f"{found[0].value:.6g}, and nobody knows how sure that is"
    return found[0]


def _at_least(result: Result, bound: float, words: str) -> _Judged:
    assert result.low is not None  # noqa: S101 - points were refused before
    assert result.high is not None  # noqa: S101
    sentence = f"{result.eval} is {result.text}, and {words} {bound:.6g} is asked for"
    if result.low >= bound:
        return _Judged("met", sentence)
    return _short_of(result.high < bound, sentence)


def _at_most(result: Result, bound: float, words: str) -> _Judged:
    assert result.low is not None  # noqa: S101 - points were refused before
    assert result.high is not None  # noqa: S101
    sentence = f"{result.eval} is {result.text}, and {words} {bound:.6g} is asked for"
    if result.high <= bound:
        return _Judged("met", sentence)
    return _short_of(result.low > bound, sentence)


def _short_of(wholly: bool, sentence: str) -> _Judged:
    if wholly:
        return _Judged("unmet", sentence)
    return _Judged(
        "undecided", f"{sentence}: its interval lies on both sides", "measure more samples"
    )
