"""What a gate binds people to: the texts at the tip of main, and the version that the card gives.

Reads small files of main; decides about nobody. A card binds by ``extra_gated_terms``, or by
``extra_gated_terms_version`` alone, which stands for licence and use policy as far as they are
there. The digest covers the version and the words, not how files are called. A text that is named
and missing is never passed over: the terms are not whole then, and nobody can accept them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub import lookup
from paddock.hub.gates.tables import gate_terms
from paddock.hub.git import files
from paddock.hub.git.objects import read_object
from paddock.hub.scans import standing
from paddock.hub.types import FileEntry, Repository
from paddock.licences import is_licence

LICENCE, USE_POLICY, PROMPT = "license", "use_policy", "prompt"
MAX_TEXTS = 8
MAX_VERSION_CHARS = 100
_MAX_PATH_CHARS = 300
_ROOT_FILES = {
    LICENCE: re.compile(r"(?:LICEN[SC]E|COPYING)(?:[-._].*)?", re.IGNORECASE),
    USE_POLICY: re.compile(r"(?:ACCEPTABLE[-_ ])?USE[-_ ]POLICY(?:[-._].*)?", re.IGNORECASE),
}
_SAYS_NOTHING = frozenset({"other", "unknown"})


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is accepted: a file's words, or a licence that everybody knows by its id."""

    name: str  # "license", "use_policy", "prompt", or the path that the card names
    path: str | None = None
    licence: str | None = None
    body: str | None = None  # None: of a licence by its id, or it cannot be read

    @property
    def sha256(self) -> str | None:
        return None if self.body is None else hashlib.sha256(self.body.encode()).hexdigest()

    @property
    def is_there(self) -> bool:
        return self.body is not None or self.licence is not None

    def told(self) -> dict[str, str | None]:
        """As an acceptance keeps it."""
        names = {"name": self.name, "path": self.path, "licence": self.licence}
        return {**names, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Terms:
    """All that somebody accepts at once. ``prompt`` is kept with it, and asks nobody again."""

    version: str | None
    texts: tuple[Text, ...]
    commit_oid: str
    needs_review: bool = False  # who accepts other terms than before waits for a person
    prompt: Text | None = None

    @property
    def is_whole(self) -> bool:
        return bool(self.texts) and all(text.is_there for text in self.texts)

    @property
    def digest(self) -> str:
        words = [text.sha256 or text.licence or f"missing {text.name}" for text in self.texts]
        said = json.dumps([self.version, sorted(words)])
        return hashlib.sha256(said.encode()).hexdigest()


def read_terms(conn: sa.Connection, repo: Repository) -> Terms | None:
    """What binds at the tip of main; None where the card binds nobody."""
    card = repo.card or {}
    version, names = _version(card), _names(card)
    if repo.head_oid is None or not names:
        return None
    found = [text for name in names for text in _find(conn, repo, name)]
    prompt = card.get("extra_gated_prompt")
    if "extra_gated_terms" not in card or card["extra_gated_terms"] is True:
        found = [text for text in found if text.is_there]  # as far as they are there
        if not found and isinstance(prompt, str) and version is not None:
            found = [Text(PROMPT, body=prompt)]  # a version of what the page itself says
    return Terms(
        version,
        tuple(found[:MAX_TEXTS]),
        repo.head_oid,
        needs_review=card.get("extra_gated_reaccept") == "review",
        prompt=Text(PROMPT, body=prompt) if isinstance(prompt, str) and prompt.strip() else None,
    )


def refresh_terms(conn: sa.Connection, repo: Repository) -> None:
    """Keep what binds now; whoever calls has just moved main, so the repository is read again."""
    terms = read_terms(conn, lookup.repository_by_id(conn, repo.id))
    mine = gate_terms.c.repo_id == repo.id
    known = conn.execute(sa.select(gate_terms.c.digest).where(mine)).scalar_one_or_none()
    if terms is None:
        if known is not None:
            conn.execute(gate_terms.delete().where(mine))
        return
    values = {"digest": terms.digest, "is_whole": terms.is_whole}
    if known is None:
        new = {"repo_id": repo.id, "changed_at": clock.now(), **values}
        conn.execute(gate_terms.insert().values(new))
    elif known != terms.digest:
        conn.execute(gate_terms.update().where(mine).values(changed_at=clock.now(), **values))


def _version(card: Mapping[str, Any]) -> str | None:
    """A text, or a number as YAML reads one."""
    version = card.get("extra_gated_terms_version")
    if isinstance(version, bool) or not isinstance(version, str | int | float):
        return None
    shown = "".join(character if character.isprintable() else " " for character in str(version))
    return " ".join(shown.split())[:MAX_VERSION_CHARS] or None


def _names(card: Mapping[str, Any]) -> Sequence[str]:
    """The texts that a card names: its own words for two of them, or paths."""
    wanted = card.get("extra_gated_terms", _version(card) is not None)
    if wanted is True:
        return (LICENCE, USE_POLICY)
    if isinstance(wanted, str):
        wanted = [wanted]
    if not isinstance(wanted, list):
        return ()
    # What is no name of a text is missing like one: nothing that was meant to bind is dropped.
    return tuple(dict.fromkeys(str(name)[:_MAX_PATH_CHARS] for name in wanted))[:MAX_TEXTS]


def _find(conn: sa.Connection, repo: Repository, name: str) -> Iterator[Text]:
    """The texts that go by this name; one that is missing stands for itself."""
    oid = repo.head_oid or ""
    pattern = _ROOT_FILES.get(name)
    paths = [name]
    if pattern is not None:
        paths = sorted(p for p in files.folder_paths(conn, repo, oid) if pattern.fullmatch(p))
    entries = files.entries_at(conn, repo, oid, [p for p in paths if files.may_exist(p)])
    found = [
        Text(name, path=path, body=_body(conn, repo, entry))
        for path, entry in sorted(entries.items())
        if isinstance(entry, FileEntry)
    ]
    if found:
        yield from found
        return
    licence = (repo.card or {}).get("license") if name == LICENCE else None
    known = isinstance(licence, str) and is_licence(licence) and licence not in _SAYS_NOTHING
    yield Text(name, licence=licence if known else None)


def _body(conn: sa.Connection, repo: Repository, entry: FileEntry) -> str | None:
    """Its words; None for what is too long to be read by people, no text, or withheld."""
    if entry.large is not None or standing.is_withheld(conn, repo, entry):
        return None
    stored = read_object(conn, repo.id, entry.oid)
    if stored is None or stored.content is None:
        return None
    try:
        body = stored.content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in body or not body.strip() else body
