"""Weights of revoked releases: for those who may write to the repository, and nobody else.

What was downloaded before cannot be called back; what the hub can do is to hand out no more. Bytes
that another release of the repository holds, which is not revoked, are that release's and go on
being served; configuration, cards and licences are, too, so that holders can read what they have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from paddock.hub.lifecycle.releases import Released
from paddock.hub.lifecycle.tables import revoked_contents
from paddock.hub.scans.verdicts import is_weights_name
from paddock.hub.types import FileEntry
from paddock.storage.sql import in_chunks, insert_ignore

_kept = revoked_contents.c


def keep_from_strangers(
    conn: sa.Connection,
    repo_id: int,
    revisions: Sequence[tuple[Released, Sequence[FileEntry]]],
    revoked: Mapping[str, str],
) -> None:
    """Remember the weights of revoked releases (``revoked``: release to sentence) and of no other.

    What was remembered and is in a release that is not revoked is forgotten again.
    """
    good = {
        entry.etag
        for release, entries in revisions
        if release.release not in revoked
        for entry in entries
    }
    rows = {
        entry.etag: {
            "repo_id": repo_id,
            "etag": entry.etag,
            "path": entry.path,
            "sentence": revoked[release.release],
        }
        for release, entries in revisions
        if release.release in revoked
        for entry in entries
        if entry.etag not in good and (entry.large is not None or is_weights_name(entry.path))
    }
    insert_ignore(conn, revoked_contents, list(rows.values()))
    for some in in_chunks(sorted(good)):
        here = (_kept.repo_id == repo_id) & _kept.etag.in_(some)
        conn.execute(revoked_contents.delete().where(here))


def sentence_on(conn: sa.Connection, repo_id: int, etag: str) -> str | None:
    """Why a content is kept from strangers, if it is."""
    query = sa.select(_kept.sentence).where(_kept.repo_id == repo_id, _kept.etag == etag)
    return conn.execute(query).scalar_one_or_none()


def among(conn: sa.Connection, repo_id: int, etags: Iterable[str]) -> set[str]:
    """Those of the contents that are."""
    found: set[str] = set()
    for some in in_chunks(sorted(set(etags))):
        query = sa.select(_kept.etag).where(_kept.repo_id == repo_id, _kept.etag.in_(some))
        found.update(conn.execute(query).scalars())
    return found


def in_repository(conn: sa.Connection, repo_id: int) -> dict[str, str]:
    """All of them, each with a path."""
    query = sa.select(_kept.etag, _kept.path).where(_kept.repo_id == repo_id)
    return {etag: path for etag, path in conn.execute(query)}
