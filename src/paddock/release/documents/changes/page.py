"""documents/CHANGELOG.md: what changed since the release that this one supersedes.

Pure. Without a signed manifest of that release nothing is compared, and the page says so; the
author's own words stand apart from what was measured.
"""

from __future__ import annotations

from collections.abc import Iterable

from paddock.release.documents.changes.comparing import Change, ChangedResult, Changes, compare
from paddock.release.documents.changes.earlier import Earlier, read_earlier
from paddock.release.documents.content import DocumentContent
from paddock.release.documents.evaluations.belonging import sort_results
from paddock.release.documents.model_card.results import interval, results_table
from paddock.release.documents.model_card.told import joined, section
from paddock.release.documents.plain import bullets, in_code, in_line, paragraphs, table
from paddock.release.spec.lifecycle import Lifecycle

CHANGELOG_PATH = "documents/CHANGELOG.md"
MAX_LISTED = 200


def render_changelog(content: DocumentContent) -> bytes | None:
    """The page; None when this release supersedes none and its author says nothing of changes."""
    said = content.spec.docs.changes
    superseded = content.spec.metadata.supersedes
    if content.previous is None and superseded is None and said is None:
        return None
    parts = [f"# Changes in {in_line(content.name)} {in_line(content.version)}"]
    if said is not None:
        parts.append(f"## In the author's words\n\n*Declared.*\n\n{paragraphs(said)}")
    if content.previous is not None:
        parts += _compared(content, read_earlier(content.previous))
    elif superseded is not None:
        parts.append(
            f"This release supersedes {in_line(superseded)}. That release's signed manifest was "
            "not at hand, so nothing is compared with it."
        )
    parts.append(_lifecycle(content.spec.lifecycle))
    return (joined(parts) + "\n").encode()


def _compared(content: DocumentContent, before: Earlier) -> list[str]:
    own = sort_results(content.results, content.spec, content.files).own
    changes = compare(before, content.spec, content.facts, content.files, own)
    parts = [
        f"Compared with {in_line(before.version)}, as its signed manifest tells it.",
        section("Components", [_changes(changes.components)]),
        section("Licences", [_changes(changes.licences)]),
        section("Results", _results(changes)),
        section("Files", [_files(changes)]),
        section("Facts", [_changes(changes.facts)]),
    ]
    return [part for part in parts if part]


def _changes(changes: Iterable[Change]) -> str:
    rows = list(changes)
    return table(("What", "Before", "Now"), rows) if rows else ""


def _results(changes: Changes) -> list[str]:
    rows = [_result_row(changed) for changed in changes.results]
    head = ("Evaluation", "Before", "Now", "Difference", "Interval (95 %)", "Verdict")
    explained = (
        "A difference is called better or worse only when its interval leaves out nought; without "
        "intervals it is not clear."
    )
    new, lost = results_table(changes.new_results), results_table(changes.lost_results)
    return [
        f"{explained}\n\n{table(head, rows)}" if rows else "",
        f"### New\n\n{new}" if new else "",
        f"### No longer reported\n\n{lost}" if lost else "",
    ]


def _result_row(changed: ChangedResult) -> tuple[str, ...]:
    found = changed.difference
    between = "none" if found.low is None else f"{found.low:+.6g} to {found.high:+.6g}"
    old, new = (
        f"{r.value:.6g}" + ("" if r.is_point else f" ({interval(r)})")
        for r in (changed.old, changed.new)
    )
    return changed.new.eval, old, new, f"{found.value:+.6g}", between, found.verdict


def _files(changes: Changes) -> str:
    files = changes.files
    kinds = (("Added", files.added), ("Changed", files.changed), ("Removed", files.removed))
    parts = [_listed(title, [in_code(path) for path in paths]) for title, paths in kinds]
    parts.append(_listed("Renamed", [f"{in_code(a)} to {in_code(b)}" for a, b in files.renamed]))
    count = f"{files.unchanged} unchanged, by SHA-256. Documents and signatures are not compared."
    return joined([*parts, count])


def _listed(title: str, items: list[str]) -> str:
    if not items:
        return ""
    more = [f"and {len(items) - MAX_LISTED} more"] if len(items) > MAX_LISTED else []
    lines = "\n".join(f"- {item}" for item in [*items[:MAX_LISTED], *more])
    return f"**{title}**\n\n{lines}"


def _lifecycle(lifecycle: Lifecycle) -> str:
    said = []
    if lifecycle.support_until:
        said.append(f"Supported until {lifecycle.support_until}.")
    if lifecycle.incident_sla_hours:
        said.append(f"Reports are answered within {lifecycle.incident_sla_hours} hours.")
    return section("Support", [bullets(said)]) if said else ""
