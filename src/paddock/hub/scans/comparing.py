"""The job that looks at the files of a revision together: an index and its shards, copies of one
template, a configuration and the tensors that it describes.

Looks at the revision of every ref, once for each root folder and scanner. Of weights that are not
on this disk as one piece only the beginning is copied, where every format says what is in it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from paddock import clock
from paddock.checkpoint.scan.codes import Level
from paddock.checkpoint.scan.report import Reason, verdict_of
from paddock.errors import NotFound, shown
from paddock.hub.context import Hub
from paddock.hub.git import files
from paddock.hub.git.recent_roots import tree_of
from paddock.hub.jobs.handlers import handler
from paddock.hub.jobs.stopping import stop_here_if_asked
from paddock.hub.large.content import Content, ContentMissing, open_content
from paddock.hub.scans import contents, recording, refusals, scanner
from paddock.hub.scans.refusals import Refusal
from paddock.hub.scans.requests import SCAN_TREE
from paddock.hub.scans.scanner import Item
from paddock.hub.scans.tables import tree_scans
from paddock.hub.scans.verdicts import path_of
from paddock.hub.types import FileEntry, Repository
from paddock.storage.errors import StorageFailed, os_errors

# By names: of a million other files in a revision none has to do with the others.
_COMPARED = (
    *(".json", ".jinja", ".model", ".txt", ".py", ".yaml", ".yml", ".md", ".tiktoken"),
    *(".safetensors", ".gguf", ".bin", ".pt", ".pth", ".ckpt", ".npz", ".npy"),
)
MAX_FILES = 4000
MAX_WHOLE_BYTES = 32 << 20  # a file that is copied whole
HEAD_BYTES = 32 << 20  # of any other
MAX_COPIED_BYTES = 4 << 30  # of all files of a revision
MAX_REVISIONS = 200  # of one repository in one turn; main comes first


@handler(SCAN_TREE)
def compare_files(hub: Hub, payload: dict[str, Any]) -> None:
    """Compare the files of each ref's revision, unless this scanner did."""
    compare_now(hub, int(payload["repo_id"]))


def compare_now(hub: Hub, repo_id: int) -> None:
    """The same here and now."""
    with hub.database.read() as conn:
        repo = recording.find_repository(conn, repo_id)
        if repo is None:
            return
        commits = contents.tip_commits(conn, repo)[:MAX_REVISIONS]
        trees = {tree: oid for oid in commits if (tree := tree_of(conn, repo.id, oid)) is not None}
        known = _known(conn, repo)
    for tree_oid, commit_oid in trees.items():
        if tree_oid not in known:
            stop_here_if_asked()
            _compare(hub, repo, tree_oid, commit_oid)
    with hub.database.write() as conn:
        refusals.tidy(conn, repo.id, list(trees))
        _forget(conn, repo, list(trees))


def _compare(hub: Hub, repo: Repository, tree_oid: str, commit_oid: str) -> None:
    with hub.database.read() as conn:
        entries = files.all_files(conn, repo, commit_oid)
        links = contents.links_out(conn, repo, commit_oid)
    compared = [entry for entry in entries if entry.path.lower().endswith(_COMPARED)]
    compared.sort(key=lambda entry: entry.path.count("/"))  # a model's own files lie at the top
    wanted, left_out = compared[:MAX_FILES], compared[MAX_FILES:]
    with ExitStack() as stack:
        items = []
        left_bytes = MAX_COPIED_BYTES
        for entry in wanted:
            found = stack.enter_context(_on_disk(hub, repo, entry, left_bytes))
            if found is not None:
                file, copied_bytes = found
                left_bytes -= copied_bytes
                items.append(Item(entry.path, file))
        reasons = scanner.compare_items(items)
    if left_out:
        rest = f"it and {len(left_out) - 1} more files were not held against the others"
        reasons = (*reasons, Reason("compared_partly", left_out[0].path, rest))
    led = [Reason("link_out", path, f"it is a link to {shown(target)}") for path, target in links]
    _record(hub, repo, tree_oid, entries, [*reasons, *led])


def _record(
    hub: Hub,
    repo: Repository,
    tree_oid: str,
    entries: Sequence[FileEntry],
    reasons: Sequence[Reason],
) -> None:
    at = {entry.path: entry for entry in entries}
    rejected = [reason for reason in reasons if reason.level is Level.REJECT]
    faulty = {path: at[path] for path in map(path_of, rejected) if path in at}
    values = {
        "verdict": str(verdict_of(tuple(reasons))),
        "reasons": [list(reason) for reason in reasons],
        "scanner": scanner.version(),
        "scanned_at": clock.now(),
    }
    with hub.database.write() as conn:
        here = recording.find_repository(conn, repo.id, lock=True)
        if here is None:
            return
        dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
        insert = dialect.insert(tree_scans).values(repo_id=repo.id, tree_oid=tree_oid, **values)
        key = ["repo_id", "tree_oid"]
        conn.execute(insert.on_conflict_do_update(index_elements=key, set_=values))
        before = refusals.drop_of_tree(conn, repo.id, tree_oid)
        refused = [Refusal(entry.etag, path, tree_oid) for path, entry in faulty.items()]
        new = refusals.add(conn, repo.id, refused) - before
        recording.tell(conn, here, [entry for entry in faulty.values() if entry.etag in new])


@contextmanager
def _on_disk(
    hub: Hub, repo: Repository, entry: FileEntry, left_bytes: int
) -> Iterator[tuple[Path, int] | None]:
    """A file that looks like the entry's, and what was copied for it; None where there is none."""
    try:
        with hub.database.read() as conn:
            content = open_content(hub, repo, entry, conn)
    except (ContentMissing, NotFound):
        yield None
        return
    if content.local_path is not None:
        yield content.local_path, 0
        return
    is_small = content.size_bytes <= MAX_WHOLE_BYTES
    copied_bytes = content.size_bytes if is_small else HEAD_BYTES
    if copied_bytes > left_bytes:
        yield None
        return
    with tempfile.NamedTemporaryFile(prefix="paddock-scan-") as copy:
        try:
            _copy(content, Path(copy.name), copied_bytes)
        except StorageFailed:
            yield None
            return
        yield Path(copy.name), copied_bytes


def _copy(content: Content, target: Path, copied_bytes: int) -> None:
    """The beginning of a content, and a hole for the rest of it."""
    with os_errors("copying a file to scan it"), target.open("wb") as file:
        for piece in content.read(0, copied_bytes):
            file.write(piece)
        file.truncate(content.size_bytes)


def _known(conn: sa.Connection, repo: Repository) -> set[str]:
    query = sa.select(tree_scans.c.tree_oid).where(
        tree_scans.c.repo_id == repo.id, tree_scans.c.scanner == scanner.version()
    )
    return set(conn.execute(query).scalars())


def _forget(conn: sa.Connection, repo: Repository, trees: Sequence[str]) -> None:
    """What was said of revisions long past goes; the latest stay for whoever pins one of them."""
    here = tree_scans.c.repo_id == repo.id
    newest = sa.select(tree_scans.c.scanned_at).where(here)
    newest = newest.order_by(tree_scans.c.scanned_at.desc()).offset(MAX_REVISIONS).limit(1)
    since = conn.execute(newest).scalar_one_or_none()
    if since is not None:
        old = (tree_scans.c.scanned_at < since) & tree_scans.c.tree_oid.not_in(trees)
        conn.execute(tree_scans.delete().where(here, old))
