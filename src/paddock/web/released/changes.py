"""What is different between two releases, as both say themselves.

Pure. Results are held against each other with their intervals, by the same arithmetic that releases
use; a change without two intervals is never called clear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from paddock.hub.releases.results import Result
from paddock.hub.releases.values import ReleasedFile, Statement
from paddock.release.documents.changes.difference import Difference, difference
from paddock.release.results.result import Result as Measured

MAX_ROWS = 200
_PASSING = {"release.version", "release.date", "release.supersedes", "release.purl"}
_OF_EACH = ("documents/", "attestations/", ".eval_results/", "tuf/", "gate/")
_UNSAID = "not stated"


class Change(NamedTuple):
    """Something that was one thing and is another."""

    what: str
    before: str
    after: str


class Files(NamedTuple):
    """Files by path; what each release writes about itself is not counted."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: int


class ChangedResult(NamedTuple):
    """An evaluation that both releases name."""

    before: Result
    after: Result
    difference: Difference


class Changes(NamedTuple):
    """All of it."""

    components: tuple[Change, ...]
    licences: tuple[Change, ...]
    facts: tuple[Change, ...]
    files: Files
    results: tuple[ChangedResult, ...]
    is_same_signer: bool | None  # None: one of them names no key


def compare(before: Statement, after: Statement) -> Changes:
    """What ``after`` changes."""
    keys = [{key.fingerprint for key in each.keys} for each in (before, after)]
    return Changes(
        _changed(_components(before), _components(after)),
        _changed(before.licences, after.licences),
        _changed(_facts(before), _facts(after)),
        _files(before.files, after.files),
        compare_results(before.results, after.results),
        bool(keys[0] & keys[1]) if all(keys) else None,
    )


def compare_results(before: Sequence[Result], after: Sequence[Result]) -> tuple[ChangedResult, ...]:
    """The evaluations that both name: the same id on the same data."""
    old = {result.key: result for result in before}
    return tuple(
        ChangedResult(old[new.key], new, judged(old[new.key], new))
        for new in after
        if new.key in old
    )


def judged(before: Result, after: Result) -> Difference:
    """Whether two values differ by more than chance."""
    return difference(_measured(before), _measured(after))


def _measured(result: Result) -> Measured:
    return Measured(
        eval=result.eval,
        value=result.value,
        low=result.low,
        high=result.high,
        level=result.level,
        higher_is_better=result.higher_is_better,
    )


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    names = list(dict.fromkeys([*after, *before]))
    return tuple(
        Change(name, before.get(name, _UNSAID), after.get(name, _UNSAID))
        for name in names
        if before.get(name) != after.get(name)
    )[:MAX_ROWS]


def _components(statement: Statement) -> dict[str, str]:
    return {part.name: part.access.replace("_", " ") for part in statement.components}


def _facts(statement: Statement) -> dict[str, str]:
    return {fact.name: fact.words for fact in statement.facts if fact.key not in _PASSING}


def _files(before: Sequence[ReleasedFile], after: Sequence[ReleasedFile]) -> Files:
    old, new = (
        {
            file.path: file.sha256
            for file in files
            if not file.path.startswith(_OF_EACH) and file.path not in {"README.md"}
        }
        for files in (before, after)
    )
    both = sorted(old.keys() & new.keys())
    return Files(
        tuple(sorted(new.keys() - old.keys()))[:MAX_ROWS],
        tuple(sorted(old.keys() - new.keys()))[:MAX_ROWS],
        tuple(path for path in both if old[path] != new[path])[:MAX_ROWS],
        sum(old[path] == new[path] for path in both),
    )
