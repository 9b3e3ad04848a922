"""The source's own ``.eval_results/*.yaml``: they leave with the release, so they claim.

Pure. The Hub shows such a file beside the model; whatever it says must be among the results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paddock.release.evidence import Check, Evidence
from paddock.release.results.eval_results import parse_eval_results
from paddock.release.results.result import BadResults, Result

_FOLDER = ".eval_results/"


def is_result_file(path: str) -> bool:
    """Whether the Hub reads results out of a file of this name."""
    return path.startswith(_FOLDER) and path.endswith((".yaml", ".yml"))


def result_file_checks(texts: Mapping[str, bytes], results: Sequence[Result]) -> tuple[Check, ...]:
    """Unmet under ``documents.claims:PATH`` for every file that says what no result does."""
    return tuple(
        check
        for path, raw in sorted(texts.items())
        if is_result_file(path) and (check := _check(path, raw, results)) is not None
    )


def _check(path: str, raw: bytes, results: Sequence[Result]) -> Check | None:
    try:
        claimed = parse_eval_results(raw, path)
    except BadResults as e:
        return _unmet(path, e.message, ())
    false = [claim for claim in claimed if not any(_is_it(claim, each) for each in results)]
    if not false:
        return None
    first = false[0]
    sentence = f"{path} claims {first.value:g} for {first.dataset}, which is not in the results"
    quotes = tuple(Evidence(path, f"{each.dataset}: {each.value:g}") for each in false[:5])
    return _unmet(path, sentence, quotes)


def _is_it(claim: Result, result: Result) -> bool:
    names = (result.dataset, result.task, result.eval)
    return claim.value == result.value and claim.dataset in names


def _unmet(path: str, sentence: str, evidence: tuple[Evidence, ...]) -> Check:
    hint = "name it, or what was measured, under audit.results; or exclude the file"
    return Check(f"documents.claims:{path}", "documents", "unmet", sentence, evidence, hint)
