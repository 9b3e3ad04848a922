"""Advisories in the OSV format (schema 1.6), which scanners and feeds of vulnerabilities read.

Pure. A model is no package of an ecosystem that OSV knows, so the range is one of git commits, with
the address that clones them. Severity has no vector there: it is ours, in ``database_specific``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from paddock.hub.advisories.values import Advisory, Affected, Placed
from paddock.hub.reports.values import Report

SCHEMA_VERSION: Final = "1.6.0"
_FROM_THE_BEGINNING: Final = "0"


def render_osv(placed: Placed, base_url: str, credited: Sequence[Report] = ()) -> dict[str, Any]:
    """One advisory; ``credited`` are reports whose writers want to be named."""
    repo, advisory = placed
    page = base_url + placed.path
    told: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "id": advisory.name,
        "published": _moment(advisory.published_at),
        "modified": _moment(advisory.updated_at),
        "summary": advisory.title,
        "details": f"{advisory.details}\n\n{advisory.advice}",
        "affected": [_affected(placed, base_url)],
        "references": [
            {"type": "ADVISORY", "url": page},
            {"type": "WEB", "url": base_url + repo.web_path},
        ],
        "database_specific": {
            "severity": advisory.severity.upper(),
            "action": advisory.advice,
            "repository": {"type": str(repo.kind), "name": repo.full_name},
        },
    }
    if advisory.withdrawn_at is not None:
        told["withdrawn"] = _moment(advisory.withdrawn_at)
    names = dict.fromkeys(r.reporter.name for r in credited if r.is_credited and r.reporter)
    if names:
        told["credits"] = [{"name": name, "type": "FINDER"} for name in names]
    return told


def _affected(placed: Placed, base_url: str) -> dict[str, Any]:
    repo, advisory = placed
    address = f"{base_url}{repo.web_path}.git"
    events = [{key: value} for key, value in _events(advisory.affected)]
    told: dict[str, Any] = {"ranges": [{"type": "GIT", "repo": address, "events": events}]}
    if advisory.tags:
        told["versions"] = list(advisory.tags)
    return told


def _events(affected: Affected) -> list[tuple[str, str]]:
    first = affected.first.commit_oid if affected.first else _FROM_THE_BEGINNING
    events = [("introduced", first)]
    if affected.fixed is not None:
        events.append(("fixed", affected.fixed.commit_oid))
    elif affected.last is not None:
        events.append(("last_affected", affected.last.commit_oid))
    return events


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def range_in_words(advisory: Advisory) -> str:
    """Which revisions it is about, for people."""
    affected = advisory.affected
    begin = f"from {_short(affected.first.revision)}" if affected.first else "all revisions"
    if affected.fixed is not None:
        return f"{begin}, before {_short(affected.fixed.revision)}"
    if affected.last is not None:
        return f"{begin} to {_short(affected.last.revision)}"
    return f"{begin} on" if affected.first else begin


def _short(revision: str) -> str:
    is_commit = len(revision) == 40 and all(c in "0123456789abcdef" for c in revision)
    return revision[:12] if is_commit else revision
