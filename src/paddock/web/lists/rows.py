"""A repository as a list shows it: the few facts by which people choose.

Pure: the repository's own row in, nothing else is read. What a release states is told as that.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from paddock.hub.catalogue.facets import LABELS
from paddock.hub.catalogue.release_facts import released_of
from paddock.hub.catalogue.terms import GATE, OPENNESS
from paddock.hub.tags.names import TASKS
from paddock.hub.types import Kind, Repository

_LICENCE = "license:"
_TASK = "task_categories:"
_GATES = {"auto": "gated", "manual": "gated, by request"}
_STATES = {"passed": "good", "waived": "doubtful", "unmet": "bad"}


class Row(NamedTuple):
    """What a list tells of a repository; "" where nothing is known."""

    full_name: str
    href: str
    task: str
    family: str
    parameters: str
    licence: str
    formats: str
    openness: str
    gate: str  # how the release says that it passed its gate
    gate_style: str
    access: str
    likes: int
    downloads: int
    updated: str  # for machines: as ISO writes it
    day: str  # for people


def row_of(repo: Repository) -> Row:
    """The repository's row."""
    facts, updated = repo.facts or {}, repo.updated_at.isoformat()
    tags: list[str] = facts.get("tags") or []
    released = released_of(facts)
    gate = released.gate if released else ""
    openness = str(released.openness) if released and released.openness else ""
    return Row(
        full_name=repo.full_name,
        href=repo.web_path,
        task=_task(repo, facts, tags),
        family=(facts.get("config") or {}).get("model_type") or "",
        parameters=_parameters((facts.get("safetensors") or {}).get("total")),
        licence=_first(tags, _LICENCE),
        formats=", ".join(facts.get("formats") or ()),
        openness=LABELS[OPENNESS].get(openness, ""),
        gate=LABELS[GATE].get(gate, ""),
        gate_style=_STATES.get(gate, ""),
        access=_access(repo),
        likes=repo.likes,
        downloads=repo.downloads,
        updated=f"{updated[:19]}Z",
        day=updated[:10],
    )


def _access(repo: Repository) -> str:
    if repo.is_private:
        return "by invitation" if repo.is_invited else "private"
    return _GATES.get(repo.gated or "", "")


def _task(repo: Repository, facts: dict[str, Any], tags: list[str]) -> str:
    if repo.kind is Kind.SPACE:
        return repo.sdk or ""
    task = facts.get("pipeline_tag") or _first(tags, _TASK)
    return TASKS.get(task, task)


def _parameters(number: int | None) -> str:
    """How many, as people call models by it: 500 M, 7.2 B."""
    if not number:
        return ""
    size = float(number)
    for unit in ("", " k", " M", " B"):
        if size < 1000:
            return f"{size:.2g}{unit}" if size < 10 else f"{size:.0f}{unit}"
        size /= 1000
    return f"{size:.3g} T"


def _first(tags: list[str], prefix: str) -> str:
    return next((tag[len(prefix) :] for tag in tags if tag.startswith(prefix)), "")
