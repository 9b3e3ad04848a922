"""What the catalogue does in the background: counts that grow old, what is trending, what is read
behind a commit or behind an upgrade.

Knows rows and when they are due. Everything may run twice and stop in the middle: each transaction
leaves the counts right.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub.catalogue import weights
from paddock.hub.catalogue.downloads import WINDOW_SECONDS
from paddock.hub.catalogue.indexing import COUNT_PARAMETERS, refresh, replace_terms
from paddock.hub.catalogue.release_facts import READ_RELEASE, tell
from paddock.hub.catalogue.released import MANIFEST, MAX_MANIFEST_BYTES
from paddock.hub.catalogue.tables import (
    download_marks,
    repository_downloads,
    repository_texts,
)
from paddock.hub.context import Hub
from paddock.hub.git import files
from paddock.hub.jobs.handlers import every, handler
from paddock.hub.jobs.stopping import stop_here_if_asked
from paddock.hub.likes.tables import likes
from paddock.hub.lookup import lock_repository, to_repository
from paddock.hub.tables import repositories
from paddock.hub.types import FileEntry, Repository

ROLL_DOWNLOADS = "catalogue.downloads"
SCORE_TRENDING = "catalogue.trending"
INDEX_TEXTS = "catalogue.texts"  # enqueued by a migration, for what was here before
DAYS_COUNTED = 30
DAYS_TRENDING = 7
LIKE_WEIGHT = 10  # a like says as much as ten downloads
MAX_SCORE = 2**31 - 1
_REPOSITORIES_AT_ONCE = 500
_IDS_AT_ONCE = 20_000

every(3600)(ROLL_DOWNLOADS)
every(1800)(SCORE_TRENDING)


@handler(ROLL_DOWNLOADS)
def roll_downloads(hub: Hub, payload: dict[str, Any]) -> None:
    """Let days that are over leave ``downloads``, and forget who was counted in past windows."""
    last_out = clock.now().date() - timedelta(days=DAYS_COUNTED)
    old = repository_downloads.c.day <= last_out
    some = sa.select(repository_downloads.c.repo_id).where(old).distinct()
    while True:
        stop_here_if_asked()
        with hub.database.write() as conn:
            ids = list(conn.execute(some.limit(_REPOSITORIES_AT_ONCE)).scalars())
            if not ids:
                break
            _forget_days(conn, sorted(ids), old)
    window = int(time.time()) // WINDOW_SECONDS
    with hub.database.write() as conn:
        conn.execute(download_marks.delete().where(download_marks.c.window < window - 1))


def _forget_days(conn: sa.Connection, ids: list[int], old: sa.ColumnElement[bool]) -> None:
    of_these = repository_downloads.c.repo_id.in_(ids)
    locked = sa.select(repositories.c.id).where(repositories.c.id.in_(ids))
    conn.execute(locked.order_by(repositories.c.id).with_for_update(key_share=True))
    conn.execute(repository_downloads.delete().where(of_these, old))
    kept = (
        sa.select(sa.func.coalesce(sa.func.sum(repository_downloads.c.count), 0))
        .where(repository_downloads.c.repo_id == repositories.c.id)
        .scalar_subquery()
    )
    conn.execute(repositories.update().where(repositories.c.id.in_(ids)).values(downloads=kept))


@handler(SCORE_TRENDING)
def score_trending(hub: Hub, payload: dict[str, Any]) -> None:
    """Score what was downloaded and liked in the last days; the latest day counts most."""
    with hub.database.read() as conn:
        last_id = conn.execute(sa.select(sa.func.max(repositories.c.id))).scalar() or 0
    for first in range(0, last_id + 1, _IDS_AT_ONCE):
        stop_here_if_asked()
        between = (first, first + _IDS_AT_ONCE - 1)
        with hub.database.read() as conn:
            changed = _changed_scores(conn, between, clock.now())
        for start in range(0, len(changed), _REPOSITORIES_AT_ONCE):
            rows = changed[start : start + _REPOSITORIES_AT_ONCE]
            same = repositories.c.id == sa.bindparam("of")
            update = repositories.update().where(same).values(trending=sa.bindparam("score"))
            with hub.database.write() as conn:
                conn.execute(update, rows)


def _changed_scores(
    conn: sa.Connection, between: tuple[int, int], moment: datetime
) -> list[dict[str, int]]:
    today = moment.date()
    since = today - timedelta(days=DAYS_TRENDING - 1)
    scores: Counter[int] = Counter()
    by_day = sa.select(
        repository_downloads.c.repo_id, repository_downloads.c.day, repository_downloads.c.count
    ).where(repository_downloads.c.repo_id.between(*between), repository_downloads.c.day >= since)
    for repo_id, day, count in conn.execute(by_day):
        scores[repo_id] += _weight(today, day) * count
    start = moment - timedelta(days=DAYS_TRENDING - 1)
    liked = sa.select(likes.c.repo_id, likes.c.created_at).where(
        likes.c.repo_id.between(*between), likes.c.created_at >= start
    )
    for repo_id, created_at in conn.execute(liked):
        scores[repo_id] += _weight(today, created_at.date()) * LIKE_WEIGHT
    c = repositories.c
    present = sa.select(c.id, c.trending).where(c.id.between(*between), c.trending != 0)
    known = {repo_id: score for repo_id, score in conn.execute(present)}
    return [
        {"of": repo_id, "score": min(scores[repo_id], MAX_SCORE)}
        for repo_id in sorted(known.keys() | scores.keys())
        if known.get(repo_id, 0) != min(scores[repo_id], MAX_SCORE)
    ]


def _weight(today: date, day: date) -> int:
    return max(DAYS_TRENDING - (today - day).days, 0)


@handler(COUNT_PARAMETERS)
def count_parameters(hub: Hub, payload: dict[str, Any]) -> None:
    """Read the headers of the weights at main's tip, and keep what they say with the row."""
    row = repositories.c.id == payload["repo_id"]
    with hub.database.read() as conn:
        found = conn.execute(sa.select(repositories).where(row)).mappings().one_or_none()
        if found is None or found["head_oid"] is None:
            return
        repo = to_repository(found)
        entries = weights.entries_of(conn, repo, found["head_oid"])
        files = weights.weight_files(hub, conn, repo, entries)
    summary = weights.summarise(files)
    with hub.database.write() as conn:
        present = conn.execute(sa.select(repositories.c.facts).where(row).with_for_update())
        facts = present.scalar_one_or_none()
        # Another commit may have brought other weights meanwhile: its own job counts those.
        if not facts or facts.get("weights") != (repo.facts or {}).get("weights"):
            return
        values = {
            "facts": {**facts, "safetensors": summary},
            "parameters": summary and summary["total"],
        }
        conn.execute(repositories.update().where(row).values(values))


@handler(READ_RELEASE)
def read_large_release(hub: Hub, payload: dict[str, Any]) -> None:
    """Read a release.json that is too large for its row, and keep what it states."""
    row = repositories.c.id == payload["repo_id"]
    with hub.database.read() as conn:
        repo = _find(conn, payload["repo_id"])
        if repo is None or repo.head_oid is None:
            return
        entry = files.entries_at(conn, repo, repo.head_oid, (MANIFEST,)).get(MANIFEST)
        if not isinstance(entry, FileEntry) or entry.size_bytes > MAX_MANIFEST_BYTES:
            return
        raw = files.read_small_file(conn, hub.blobs, repo, entry, MAX_MANIFEST_BYTES)
    told = tell(entry.oid, raw)
    with hub.database.write() as conn:
        present = conn.execute(sa.select(repositories.c.facts).where(row).with_for_update())
        facts = present.scalar_one_or_none()
        # Another commit may have brought another one meanwhile, or a scan withheld this one.
        if not facts or (facts.get("release") or {}).get("manifest") != entry.oid:
            return
        facts = {**facts, "release": told}
        conn.execute(repositories.update().where(row).values(facts=facts))
        replace_terms(conn, repo, facts)


@handler(INDEX_TEXTS)
def index_texts(hub: Hub, _payload: dict[str, Any]) -> None:
    """Let every repository be found by its words and terms that an older paddock has not kept."""
    joined = repositories.outerjoin(
        repository_texts, repository_texts.c.repo_id == repositories.c.id
    )
    unread = (
        sa.select(repositories.c.id)
        .select_from(joined)
        .where(repository_texts.c.repo_id.is_(None), repositories.c.head_oid.is_not(None))
        .order_by(repositories.c.id)
        .limit(_REPOSITORIES_AT_ONCE)
    )
    last_id = 0
    while True:
        with hub.database.read() as conn:
            ids = list(conn.execute(unread.where(repositories.c.id > last_id)).scalars())
        if not ids:
            return
        for last_id in ids:
            stop_here_if_asked()
            with hub.database.write() as conn:
                _index(conn, last_id)


def _index(conn: sa.Connection, repo_id: int) -> None:
    repo = _find(conn, repo_id)
    if repo is not None:
        lock_repository(conn, repo)
        refresh(conn, repo)


def _find(conn: sa.Connection, repo_id: int) -> Repository | None:
    query = sa.select(repositories).where(repositories.c.id == repo_id)
    row = conn.execute(query).mappings().one_or_none()
    return to_repository(row) if row else None
