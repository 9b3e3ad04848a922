"""What a request for a repository that is not here sets in motion.

Knows when to ask the other hub, and that one request at a time asks for one repository. A name that
belongs to somebody here is never asked for there: nothing from outside can slip in under it. When
the other hub does not answer, what is here is served as it is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta

import sqlalchemy as sa

from paddock import clock
from paddock.hub import access, lookup
from paddock.hub.context import Hub
from paddock.hub.errors import AlreadyExists, BadName
from paddock.hub.git_http.adopting import missing, open_history
from paddock.hub.large import large_files
from paddock.hub.large.condemned import forget_removed
from paddock.hub.large.content import Content, ContentMissing, open_content
from paddock.hub.mirror import following
from paddock.hub.mirror.following import MirrorRow
from paddock.hub.mirror.growing import Wanted
from paddock.hub.mirror.mirror import Mirror
from paddock.hub.mirror.policy import Admission, NotMirrored, admit
from paddock.hub.mirror.upstream import UpstreamUnreachable
from paddock.hub.names import RepositoryName, check_account_name, check_repository_name
from paddock.hub.people.kept_names import NameKept
from paddock.hub.scans.requests import scan_arrived
from paddock.hub.tables import git_objects
from paddock.hub.types import Caller, FileEntry, Repository
from paddock.log import get_logger
from paddock.storage.blobs import Blob
from paddock.storage.sql import in_chunks

log = get_logger("mirror")

_HAVES = 256  # commits that we say we have


def prepare(hub: Hub, caller: Caller, name: RepositoryName) -> None:
    """Let a repository that the other hub has be here, as fresh as we promise.

    Raises NotMirrored, UpstreamRefused, and UpstreamUnreachable when there is nothing to serve.
    """
    mirror = hub.mirror
    # git writes a repository's name with ".git" behind it or without.
    name = name._replace(name=name.name.removesuffix(".git"))
    if mirror is None or not _is_possible(name):
        return
    with hub.database.read() as conn:
        local = following.find_local(conn, name)
    if local.is_ours or (local.mirror is not None and _is_fresh(mirror, local.mirror)):
        return
    if local.mirror is None and (mirror.is_absent(name) or not _may_start(mirror, caller)):
        return
    with mirror.one_at_a_time(name) as first:
        if not first:
            return  # whoever was first did it, or failed a moment ago
        if local.mirror is None:
            _begin(hub, mirror, name)
            return
        try:
            _refresh(hub, mirror, name, local.mirror)
        except UpstreamUnreachable as e:
            log.warning("the other hub does not answer", repository=name.full, error=e.message)
        except NotMirrored:
            with hub.database.read() as conn:  # who may not see it does not learn of it here
                now = following.find_local(conn, name).mirror
                is_seen = now is not None and access.may_see(conn, caller, now.repo)
            if is_seen:
                raise


def open_file(hub: Hub, repo: Repository, entry: FileEntry, conn: sa.Connection) -> Content:
    """The bytes of a file, fetched as they are read where they are not here; ContentMissing."""
    try:
        return open_content(hub, repo, entry, conn)
    except ContentMissing:
        if entry.large is None:
            raise
        arriving = _open_absent(hub, conn, repo, entry.large.sha256, entry.large.size_bytes)
        if arriving is None:
            raise
        return arriving


def open_absent(hub: Hub, conn: sa.Connection, repo_id: int, sha256: str) -> Content | None:
    """A large file that a mirror's history names and that is not here, or None."""
    if hub.mirror is None:
        return None
    repo = lookup.repository_by_id(conn, repo_id)
    size_bytes = named_sizes(hub, conn, repo, [sha256]).get(sha256)
    return _open_absent(hub, conn, repo, sha256, size_bytes) if size_bytes is not None else None


def named_sizes(
    hub: Hub, conn: sa.Connection, repo: Repository, sha256s: Sequence[str]
) -> dict[str, int]:
    """Sizes of those large files that a mirror's history names, be they here or not."""
    if hub.mirror is None or not following.is_mirror(conn, repo):
        return {}
    objects = git_objects.c
    query = sa.select(objects.lfs_sha256, objects.lfs_size_bytes).where(objects.repo_id == repo.id)
    found: dict[str, int] = {}
    for some in in_chunks(sorted(set(sha256s))):
        rows = conn.execute(query.where(objects.lfs_sha256.in_(some)))
        found.update({row.lfs_sha256: row.lfs_size_bytes for row in rows})
    return found


def _open_absent(
    hub: Hub, conn: sa.Connection, repo: Repository, sha256: str, size_bytes: int
) -> Content | None:
    mirror = hub.mirror
    row = following.find_mirror(conn, repo) if mirror is not None else None
    if mirror is None or row is None or row.upstream != mirror.upstream.url:
        return None
    name = RepositoryName(repo.kind, *repo.full_name.split("/", 1))
    wanted = Wanted(name, sha256, size_bytes)
    if hub.blobs.size_bytes(sha256) is not None:  # from another repository, private perhaps
        mirror.upstream.require_held(name, sha256, size_bytes)

    def source(start: int) -> Iterator[bytes]:
        with mirror.upstream.large_file(name, sha256, size_bytes, start) as pieces:
            yield from pieces

    def on_stored(blob: Blob) -> None:
        forget_removed(hub.database, hub.blobs, [blob.sha256])
        with hub.database.write() as writing:
            large_files.add_blob(writing, repo.id, blob)
            scan_arrived(writing, repo.id, blob.sha256, blob.size_bytes)

    def read(start: int, end: int) -> Iterator[bytes]:
        return mirror.arrivals.read(wanted, source, start, end, on_stored)

    return Content(size_bytes, None, read)


def _is_possible(name: RepositoryName) -> bool:
    try:
        check_account_name(name.namespace)
        check_repository_name(name.name)
    except BadName:
        return False
    return True


def _is_fresh(mirror: Mirror, row: MirrorRow) -> bool:
    age = timedelta(seconds=mirror.upstream.refresh_seconds)
    return row.upstream != mirror.upstream.url or clock.now() - row.checked_at < age


def _may_start(mirror: Mirror, caller: Caller) -> bool:
    return mirror.upstream.for_strangers or not caller.is_anonymous


def _begin(hub: Hub, mirror: Mirror, name: RepositoryName) -> None:
    facts = mirror.upstream.facts(name)
    if facts is None or facts.full_name.lower() != name.key:  # renamed there: ask by the new name
        mirror.remember_absent(name)
        return
    try:
        open_ = admit(facts, mirror.upstream.allowed_licences)
    except NotMirrored:
        if facts.is_private:  # that it exists is told to those who may see it there
            mirror.remember_absent(name)
            return
        raise
    # Another server was faster, or the name is kept here for somebody who left it.
    with tempfile.TemporaryFile() as pack, suppress(AlreadyExists, NameKept):
        found = mirror.upstream.fetch(name, (), {}, pack)
        with (
            open_history(hub, None, pack, missing(found, {})) as history,
            hub.database.write() as conn,
        ):
            if following.find_local(conn, name).is_ours:
                return
            repo = following.create_mirror(conn, mirror.upstream.url, name, facts, open_)
            history.keep(conn, repo)
            following.follow_refs(conn, repo, history, found)
    log.info("mirrored a repository", repository=facts.full_name)


def _refresh(hub: Hub, mirror: Mirror, name: RepositoryName, row: MirrorRow) -> None:
    facts = mirror.upstream.facts(name)
    if facts is None or facts.full_name.lower() != name.key:
        with hub.database.write() as conn:
            following.mark_checked(conn, row.repo, is_gone=True)
        return
    try:
        open_ = admit(facts, mirror.upstream.allowed_licences)
    except NotMirrored:
        if facts.is_private:  # and stays so here, should the other hub not answer one day
            with hub.database.write() as conn:
                following.close_as(conn, row.repo, Admission(is_private=True, gated=None))
        raise
    with hub.database.read() as conn:
        here = following.followed_refs(conn, row.repo)
    known = {ref: held.oid for ref, held in here.items()}
    commits = list({held.commit_oid for held in here.values()})[:_HAVES]
    with tempfile.TemporaryFile() as pack:
        found = mirror.upstream.fetch(name, commits, known, pack)
        tips = missing(found, here)
        with open_history(hub, row.repo, pack, tips) as history, hub.database.write() as conn:
            lookup.lock_repository(conn, row.repo)
            following.close_as(conn, row.repo, open_)
            history.keep(conn, row.repo)
            following.follow_refs(conn, row.repo, history, found)
            following.mark_checked(conn, row.repo, is_gone=False)
