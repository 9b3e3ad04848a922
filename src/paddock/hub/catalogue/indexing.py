"""Keeps a repository's row in step with the tip of its main branch.

Called inside the transaction that moves main, so a listing never tells of a revision that is not
there. Its cost does not grow with the repository: a few files are read by name, and of the others
the first ``MAX_LISTED`` names. Knows no HTTP and reads no weights.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from paddock.front_matter import CARD_NAME, split_document
from paddock.hub.catalogue.card import read_metadata
from paddock.hub.catalogue.derived import Evidence, Facts, derive
from paddock.hub.git import files, refs
from paddock.hub.git.objects import read_object
from paddock.hub.tables import (
    commits,
    large_files,
    repositories,
    repository_large_files,
    repository_tags,
)
from paddock.hub.types import FileEntry, Repository

CONFIG_PATH = "config.json"
MAX_LISTED = 2000
_NAMED = (
    CARD_NAME,
    CONFIG_PATH,
    "adapter_config.json",
    "model_index.json",
    "modules.json",
    "config_sentence_transformers.json",
    "model.safetensors",
    "model.safetensors.index.json",
)


def refresh(conn: sa.Connection, repo: Repository) -> None:
    """Recompute card, facts, tags, tip and date; whoever calls has just moved main."""
    tip = refs.find_ref(conn, repo, refs.MAIN)
    if tip is None:
        return
    oid = tip.commit_oid
    named = files.entries_at(conn, repo, oid, _NAMED)
    page = files.list_page(conn, repo, oid, "", files.PageRequest(recursive=True, limit=MAX_LISTED))
    entries = {e.path: e for e in [*named.values(), *page.entries] if isinstance(e, FileEntry)}
    card = _text(conn, repo, entries.get(CARD_NAME))
    metadata = read_metadata(card)
    evidence = Evidence(
        kind=repo.kind,
        metadata=metadata or {},
        body=split_document(card).body,
        config=_config(_text(conn, repo, entries.get(CONFIG_PATH))),
        paths=list(entries),
    )
    facts = derive(evidence)
    row = repositories.update().where(repositories.c.id == repo.id)
    conn.execute(
        row.values(
            head_oid=oid,
            updated_at=_committed_at(conn, repo, oid),
            card=sa.null() if metadata is None else metadata,
            facts=_facts_json(facts, entries, _large_bytes(conn, repo)),
        )
    )
    _replace_tags(conn, repo, facts.tags)


def _text(conn: sa.Connection, repo: Repository, entry: FileEntry | None) -> str:
    """A small file's text. What was too large to keep in its row is too large for a card."""
    if entry is None or entry.large is not None:
        return ""
    stored = read_object(conn, repo.id, entry.oid)
    if stored is None or stored.content is None:
        return ""
    return stored.content.decode("utf-8", "replace")


def _config(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _facts_json(facts: Facts, entries: dict[str, FileEntry], large_bytes: int) -> dict[str, Any]:
    small_bytes = sum(entry.size_bytes for entry in entries.values() if entry.large is None)
    gguf_bytes = sum(e.size_bytes for e in entries.values() if e.path.lower().endswith(".gguf"))
    return {
        "pipeline_tag": facts.pipeline_tag,
        "library_name": facts.library_name,
        "config": facts.config,
        "transformers_info": facts.transformers_info,
        "base_models": facts.base_models,
        "tags": list(facts.tags),
        "gguf_bytes": gguf_bytes,
        # Everything large that the repository holds, in any revision, and what is small at the tip.
        "used_storage": large_bytes + small_bytes,
    }


def _large_bytes(conn: sa.Connection, repo: Repository) -> int:
    held = repository_large_files
    query = (
        sa.select(sa.func.coalesce(sa.func.sum(large_files.c.size_bytes), 0))
        .join(held, held.c.sha256 == large_files.c.sha256)
        .where(held.c.repo_id == repo.id)
    )
    return int(conn.execute(query).scalar_one())


def _committed_at(conn: sa.Connection, repo: Repository, oid: str) -> Any:
    query = sa.select(commits.c.committed_at).where(
        commits.c.repo_id == repo.id, commits.c.oid == oid
    )
    return conn.execute(query).scalar_one()


def _replace_tags(conn: sa.Connection, repo: Repository, tags: tuple[str, ...]) -> None:
    """Most commits change no tag: only the difference is written."""
    of_repo = repository_tags.c.repo_id == repo.id
    present = set(conn.execute(sa.select(repository_tags.c.tag).where(of_repo)).scalars())
    gone, new = present - set(tags), [tag for tag in tags if tag not in present]
    if gone:
        conn.execute(repository_tags.delete().where(of_repo, repository_tags.c.tag.in_(gone)))
    if new:
        conn.execute(repository_tags.insert(), [{"repo_id": repo.id, "tag": tag} for tag in new])
