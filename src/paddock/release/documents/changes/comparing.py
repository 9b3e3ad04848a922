"""The differences between two releases, as values.

Pure. Files are compared by digest, so a renamed file is told as renamed; results by evaluation and
data set, with the interval of their difference; facts by value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from paddock.release.documents.changes.difference import Difference, difference
from paddock.release.documents.changes.earlier import Earlier
from paddock.release.documents.keys import KNOWN
from paddock.release.facts import Facts
from paddock.release.files.manifest import ReleaseFile
from paddock.release.results.result import Result
from paddock.release.spec.release_spec import ReleaseSpec

# What a version changes by being one, and what is told in a table of its own.
_PASSING = frozenset({"release.version", "release.date", "release.supersedes", "release.purl"})
_LICENCES = frozenset(
    {"release.licence", "release.code_licence", "release.data_licence", "release.document_licence"}
)
_UNSAID = "not stated"


class Change(NamedTuple):
    """Something that was one thing and is another; "not stated" where it was or is nothing."""

    what: str
    before: str
    after: str


class ChangedResult(NamedTuple):
    """An evaluation in both releases."""

    old: Result
    new: Result
    difference: Difference


@dataclass(frozen=True, slots=True)
class FileChanges:
    """Files by path."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that differs."""

    components: tuple[Change, ...]
    licences: tuple[Change, ...]
    facts: tuple[Change, ...]
    files: FileChanges
    results: tuple[ChangedResult, ...]
    new_results: tuple[Result, ...]
    lost_results: tuple[Result, ...]


def compare(
    before: Earlier,
    spec: ReleaseSpec,
    facts: Facts,
    files: Sequence[ReleaseFile],
    results: Sequence[Result],
) -> Changes:
    """What this release changes."""
    old, new = _by_evaluation(before.results), _by_evaluation(results)
    both = [key for key in new if key in old]
    return Changes(
        components=_changed(before.components, {p.name: p.access for p in spec.components}),
        licences=_licence_changes(before, spec),
        facts=_fact_changes(before.facts, facts),
        files=_file_changes(before.files, files),
        results=tuple(ChangedResult(old[k], new[k], difference(old[k], new[k])) for k in both),
        new_results=tuple(new[key] for key in new if key not in old),
        lost_results=tuple(old[key] for key in old if key not in new),
    )


def _by_evaluation(results: Sequence[Result]) -> dict[tuple[str, ...], Result]:
    return {
        (r.eval, r.dataset or "", r.dataset_revision or "", "tuned" if r.tuned_from else ""): r
        for r in results
    }


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    names = list(dict.fromkeys([*after, *before]))
    return tuple(
        Change(name, before.get(name, _UNSAID), after.get(name, _UNSAID))
        for name in names
        if before.get(name) != after.get(name)
    )


def _licence_changes(before: Earlier, spec: ReleaseSpec) -> tuple[Change, ...]:
    kinds = ("distribution", "code", "data", "document")
    after = {kind: value for kind in kinds if (value := getattr(spec.licenses, kind))}
    return _changed({k: v for k, v in before.licenses.items() if k in kinds}, after)


def _fact_changes(before: Facts, after: Facts) -> tuple[Change, ...]:
    old = {f.key: f for f in before if f.is_known and _is_told(f.key)}
    new = {f.key: f for f in after if f.is_known and _is_told(f.key)}
    if not old:  # nothing was said before: everything would be new
        return ()
    changes = []
    for key in sorted({*old, *new}):
        was, now = old.get(key), new.get(key)
        if was is None or now is None or was.value != now.value:
            name = (now or old[key]).name
            changes.append(Change(name, was.text if was else _UNSAID, now.text if now else _UNSAID))
    return tuple(changes)


def _is_told(key: str) -> bool:
    return key in KNOWN and key not in _PASSING | _LICENCES


def _file_changes(
    before: Mapping[str, tuple[int, str]], files: Sequence[ReleaseFile]
) -> FileChanges:
    after = {file.path: file.sha256 for file in files}
    # Documents and signatures are of each release alone.
    old = {path: sha256 for path, (_, sha256) in before.items() if not _is_document(path)}
    removed, added = sorted(set(old) - set(after)), sorted(set(after) - set(old))
    where = {old[path]: path for path in removed}
    renamed = [(where[after[path]], path) for path in added if after[path] in where]
    gone, came = {a for a, _ in renamed}, {b for _, b in renamed}
    both = sorted(set(old) & set(after))
    return FileChanges(
        added=tuple(path for path in added if path not in came),
        removed=tuple(path for path in removed if path not in gone),
        changed=tuple(path for path in both if old[path] != after[path]),
        renamed=tuple(renamed),
        unchanged=sum(old[path] == after[path] for path in both),
    )


def _is_document(path: str) -> bool:
    return path in {"README.md", ".gitattributes"} or path.startswith(
        ("documents/", "attestations/", ".eval_results/", "tuf/", "gate/")
    )
