"""Terms accepted: by whom, when, which words of which revision, at which version.

Nobody accepts what they were not shown: whoever accepts names the digest of what they read, and
other terms that came meanwhile are refused. What was accepted is only ever added to; its words are
kept, so that they can be read when the repository has others.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput, Conflict
from paddock.hub import access
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.gates.tables import gate_acceptances, gate_texts
from paddock.hub.gates.terms import Terms
from paddock.hub.paging import Order, Page, Part, read_page
from paddock.hub.tables import accounts, repositories
from paddock.hub.types import Account, Caller, Kind, Repository
from paddock.storage.sql import insert_ignore

MAX_TEXTS_SHOWN = 10  # on a page; each has at most what a small file holds
_c = gate_acceptances.c


class TermsNotAccepted(BadInput):
    """The gate binds to terms, and whoever asks did not say that they accept them."""

    code = "gate_terms_not_accepted"


class TermsChanged(Conflict):
    """Somebody accepts terms that are not those of the repository any more."""

    code = "gate_terms_changed"


class Acceptance(NamedTuple):
    """One row of the history."""

    user: str | None  # None: the account was deleted
    kind: Kind
    full_name: str
    accepted_at: datetime
    version: str | None
    commit_oid: str
    digest: str
    texts: list[dict[str, Any]]
    repo_id: int

    @property
    def web_path(self) -> str:
        return f"/{self.kind.url_prefix}{self.full_name}"


def has_accepted(conn: sa.Connection, repo: Repository, user: Account, digest: str) -> bool:
    """Whether the user accepted these very terms."""
    query = sa.select(_c.id).where(
        _c.repo_id == repo.id, _c.user_id == user.id, _c.digest == digest
    )
    return conn.execute(query.limit(1)).first() is not None


def accepted_others(conn: sa.Connection, repo: Repository, user: Account) -> bool:
    """Whether the user accepted any terms of the repository before."""
    query = sa.select(_c.id).where(_c.repo_id == repo.id, _c.user_id == user.id)
    return conn.execute(query.limit(1)).first() is not None


def accept(
    conn: sa.Connection, repo: Repository, user: Account, terms: Terms, digest: str | None
) -> None:
    """Write down that the user accepts the terms whose digest they name.

    Raises TermsNotAccepted, also where a text is missing, or TermsChanged.
    """
    if not terms.is_whole:
        raise TermsNotAccepted(
            f"the terms of {repo.full_name} cannot be read now, so nobody can accept them",
            hint="its authors have to put the missing text back on main",
        )
    if not digest:
        raise TermsNotAccepted(
            f"{repo.full_name} binds to terms that were not accepted",
            hint=f"read them at {repo.web_path}/ask-access, or {repo.api_path}/access-terms, "
            "and name their digest as acceptTerms",
        )
    if digest != terms.digest:
        raise TermsChanged(
            f"the terms of {repo.full_name} changed since they were read", hint="read them again"
        )
    told = [text for text in (*terms.texts, terms.prompt) if text is not None]
    bodies = {text.sha256: text.body for text in told if text.body is not None}
    texts = [{"repo_id": repo.id, "sha256": key, "body": body} for key, body in bodies.items()]
    insert_ignore(conn, gate_texts, texts)
    conn.execute(
        gate_acceptances.insert().values(
            repo_id=repo.id,
            user_id=user.id,
            accepted_at=clock.now(),
            digest=terms.digest,
            version=terms.version,
            commit_oid=terms.commit_oid,
            texts=[text.told() for text in dict.fromkeys(told)],
        )
    )
    said = {"version": terms.version, "terms": terms.digest}
    note(conn, Act.ACCESS_ASK, repo=repo, account=user, what="accepted terms", **said)


def list_acceptances(conn: sa.Connection, repo: Repository, part: Part) -> Page[Acceptance]:
    """One page of a repository's, the latest first; raises BadInput for a foreign cursor."""
    return _page(conn, _c.repo_id == repo.id, part)


def list_own(conn: sa.Connection, caller: Caller, part: Part) -> Page[Acceptance]:
    """One page of the caller's own, wherever they may still see the repository."""
    mine = _c.user_id == access.require_user(caller).id
    return _page(conn, sa.and_(mine, access.visible_to(caller)), part)


def accepted_words(conn: sa.Connection, items: Sequence[Acceptance]) -> dict[str, tuple[str, str]]:
    """Names and words of the first texts that these accepted, by their hashes."""
    named = {
        text["sha256"]: (one.repo_id, text["path"] or text["name"])
        for one in items
        for text in one.texts
        if text["sha256"] is not None
    }
    found = {}
    c = gate_texts.c
    for sha256, (repo_id, name) in list(named.items())[:MAX_TEXTS_SHOWN]:
        query = sa.select(c.body).where(c.repo_id == repo_id, c.sha256 == sha256)
        found[sha256] = (name, conn.execute(query).scalar_one_or_none() or "")
    return found


def _page(conn: sa.Connection, where: sa.ColumnElement[bool], part: Part) -> Page[Acceptance]:
    source = gate_acceptances.join(repositories).outerjoin(accounts, accounts.c.id == _c.user_id)
    columns = (*_c, repositories.c.kind, repositories.c.full_name, accounts.c.name)
    query = sa.select(*columns).select_from(source).where(where)
    return read_page(conn, query, Order((_c.accepted_at, _c.id)), part, _acceptance)


def _acceptance(row: sa.RowMapping) -> Acceptance:
    return Acceptance(
        row[accounts.c.name],
        Kind(row[repositories.c.kind]),
        row[repositories.c.full_name],
        row[_c.accepted_at],
        row[_c.version],
        row[_c.commit_oid],
        row[_c.digest],
        row[_c.texts],
        row[_c.repo_id],
    )
