"""Keeps a repository's row in step with the tip of its main branch.

Called inside the transaction that moves main, so a listing never tells of a revision that is not
there. Its cost does not grow with the repository: a few files are read by name, and of the others
the first ``MAX_LISTED`` names. Knows no HTTP and reads no weights: a job does that afterwards, when
they are others than before. What the repository is found by goes along: tags, terms and words.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from paddock.front_matter import CARD_NAME, split_document
from paddock.hub.catalogue import links
from paddock.hub.catalogue.card import read_metadata
from paddock.hub.catalogue.derived import Evidence, Facts, derive, weight_formats
from paddock.hub.catalogue.release_facts import released_of, told_of_release
from paddock.hub.catalogue.released import MANIFEST
from paddock.hub.catalogue.tables import repository_terms
from paddock.hub.catalogue.terms import Seen, data_formats, terms_of
from paddock.hub.catalogue.texts import keep_words, searched_words
from paddock.hub.catalogue.weight_names import chosen_weights
from paddock.hub.git import files, refs
from paddock.hub.git.objects import read_object
from paddock.hub.jobs.queue import enqueue
from paddock.hub.large import usage
from paddock.hub.scans import standing
from paddock.hub.tables import commits, repositories, repository_tags
from paddock.hub.types import FileEntry, Kind, Repository

CONFIG_PATH = "config.json"
TOKENIZER_PATH = "tokenizer_config.json"
# What a row tells some of.
READ = frozenset({CARD_NAME, CONFIG_PATH, TOKENIZER_PATH, MANIFEST})
COUNT_PARAMETERS = "catalogue.parameters"  # the job that reads weights
MAX_LISTED = 2000
MAX_TOKEN_CHARS = 100
_NAMED = (
    CARD_NAME,
    CONFIG_PATH,
    TOKENIZER_PATH,
    "adapter_config.json",
    "model_index.json",
    "modules.json",
    "config_sentence_transformers.json",
    "model.safetensors",
    "model.safetensors.index.json",
    MANIFEST,
)


def refresh(conn: sa.Connection, repo: Repository) -> None:
    """Recompute card, facts, tags, tip and date; whoever calls has just moved main."""
    tip = refs.find_ref(conn, repo, refs.MAIN)
    if tip is None:
        return
    oid = tip.commit_oid
    entries = _entries(conn, repo, oid)
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
    told = _facts_json(facts, entries, usage.of_repository(conn, repo.id))
    told |= _told_of_files(conn, repo, entries)
    values = {
        "head_oid": oid,
        "updated_at": _committed_at(conn, repo, oid),
        "card": sa.null() if metadata is None else metadata,
        "facts": told,
    }
    if told["weights"] is None:
        values["parameters"] = None
    conn.execute(repositories.update().where(repositories.c.id == repo.id).values(values))
    uses = links.terms(metadata or {}) if repo.kind is Kind.SPACE else ()
    _replace(conn, repo, repository_tags.c.tag, tuple(dict.fromkeys([*facts.tags, *uses])))
    replace_terms(conn, repo, told)
    keep_words(conn, repo, searched_words(evidence, facts))


def _entries(conn: sa.Connection, repo: Repository, oid: str) -> dict[str, FileEntry]:
    """The files that are read by name, and the first of the others."""
    named = files.entries_at(conn, repo, oid, _NAMED)
    page = files.list_page(conn, repo, oid, "", files.PageRequest(recursive=True, limit=MAX_LISTED))
    return {e.path: e for e in [*named.values(), *page.entries] if isinstance(e, FileEntry)}


def _told_of_files(
    conn: sa.Connection, repo: Repository, entries: dict[str, FileEntry]
) -> dict[str, Any]:
    """What a row tells of weights, tokenizer, formats and release."""
    tokenizer = _config(_text(conn, repo, entries.get(TOKENIZER_PATH)))
    return {
        **_weights(conn, repo, entries.values()),
        "mask_token": _mask_token(tokenizer),
        "formats": _formats(repo.kind, list(entries)),
        "release": told_of_release(conn, repo, entries.get(MANIFEST)),
    }


def replace_terms(conn: sa.Connection, repo: Repository, told: dict[str, Any]) -> None:
    """Let the repository have the terms that follow from its facts, and no others."""
    seen = Seen(repo.kind, told.get("config"), tuple(told.get("formats", ())), released_of(told))
    _replace(conn, repo, repository_terms.c.term, terms_of(seen))


def _formats(kind: Kind, paths: Sequence[str]) -> list[str]:
    """Of a model the formats of its weights, of a dataset those of its data."""
    found = {Kind.MODEL: weight_formats, Kind.DATASET: data_formats}.get(kind)
    return list(found(paths)) if found is not None else []


def _weights(conn: sa.Connection, repo: Repository, entries: Iterable[FileEntry]) -> dict[str, Any]:
    """Which weights these are, and what is known of the same ones; others are to be counted."""
    etags = [entry.etag for entry in chosen_weights(list(entries))]
    if repo.kind is not Kind.MODEL or not etags:
        return {"weights": None}
    known = conn.execute(
        sa.select(repositories.c.facts).where(repositories.c.id == repo.id)
    ).scalar_one()
    digest = hashlib.sha256(" ".join(sorted(etags)).encode()).hexdigest()
    if known and known.get("weights") == digest and "safetensors" in known:
        return {"weights": digest, "safetensors": known["safetensors"]}
    enqueue(conn, COUNT_PARAMETERS, {"repo_id": repo.id}, unique=str(repo.id))
    return {"weights": digest}


def _mask_token(tokenizer: dict[str, Any]) -> str | None:
    """The token that stands for a gap: plain text, or the content of an added token."""
    token = tokenizer.get("mask_token")
    if isinstance(token, dict):
        token = token.get("content")
    return token if isinstance(token, str) and 0 < len(token) <= MAX_TOKEN_CHARS else None


def _text(conn: sa.Connection, repo: Repository, entry: FileEntry | None) -> str:
    """A small file's text. What was too large to keep in its row is too large for a card.

    A row is read by everybody, so it tells nothing of a file that a scan rejected.
    """
    if entry is None or entry.large is not None or standing.is_withheld(conn, repo, entry):
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


def _facts_json(facts: Facts, entries: dict[str, FileEntry], used_bytes: int) -> dict[str, Any]:
    gguf_bytes = sum(e.size_bytes for e in entries.values() if e.path.lower().endswith(".gguf"))
    return {
        "pipeline_tag": facts.pipeline_tag,
        "library_name": facts.library_name,
        "config": facts.config,
        "transformers_info": facts.transformers_info,
        "base_models": facts.base_models,
        "tags": list(facts.tags),
        "gguf_bytes": gguf_bytes,
        "used_storage": used_bytes,
    }


def _committed_at(conn: sa.Connection, repo: Repository, oid: str) -> Any:
    query = sa.select(commits.c.committed_at).where(
        commits.c.repo_id == repo.id, commits.c.oid == oid
    )
    return conn.execute(query).scalar_one()


def _replace(
    conn: sa.Connection, repo: Repository, column: sa.Column[Any], terms: tuple[str, ...]
) -> None:
    """Most commits change no tag and no term: only the difference is written."""
    table, of_repo = column.table, column.table.c.repo_id == repo.id
    present = set(conn.execute(sa.select(column).where(of_repo)).scalars())
    gone, new = present - set(terms), [term for term in terms if term not in present]
    if gone:
        conn.execute(table.delete().where(of_repo, column.in_(gone)))
    if new:
        conn.execute(table.insert(), [{"repo_id": repo.id, column.key: term} for term in new])
