"""Real git, to compare with: our rows written out as a repository, and histories imported into one.

Nothing here uses our encoders: git itself builds the trees and commits that ours must equal.
"""

from __future__ import annotations

import os
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.git import refs
from paddock.hub.tables import commits, git_objects
from paddock.hub.types import Repository
from paddock.storage.blobs import BlobStore

_TYPES = {1: b"commit", 2: b"tree", 3: b"blob", 4: b"tag"}
_NO_CONFIG = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "HOME": "/"}


def git(folder: Path, *arguments: str, stdin: bytes = b"", no: int = 0) -> str:
    """Run git in the folder and give what it prints; ``no`` is the status of an honest no."""
    done = subprocess.run(
        ["git", "-c", "core.quotePath=false", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        env={**os.environ, **_NO_CONFIG},
    )
    assert done.returncode in {0, no}, (arguments, done.stdout, done.stderr)
    return done.stdout.decode()


def export(conn: sa.Connection, blobs: BlobStore, repo: Repository, folder: Path) -> Path:
    """Write the repository's rows out as a bare repository."""
    folder.mkdir(parents=True)
    git(folder, "init", "--bare", "--quiet", "--initial-branch=main")
    for row in conn.execute(sa.select(git_objects).where(git_objects.c.repo_id == repo.id)):
        content = row.content
        if content is None:
            content = b"".join(blobs.read(row.blob_sha256))
        path = folder / "objects" / row.oid[:2] / row.oid[2:]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(zlib.compress(b"%s %d\0" % (_TYPES[row.type], len(content)) + content, 1))
    for ref in refs.list_refs(conn, repo):
        git(folder, "update-ref", ref.name, ref.oid)
    return folder


def assert_sound(folder: Path) -> None:
    """``git fsck --strict`` finds nothing: every id, mode, order and link is as git wants it."""
    done = git(folder, "fsck", "--strict", "--full", "--no-dangling", "--no-progress")
    assert done == ""


class Imported(NamedTuple):
    """A commit for git to make: commands of ``git fast-import`` on top of the one before."""

    row: sa.Row[tuple[object, ...]]
    commands: bytes


def import_history(folder: Path, history: Sequence[Imported]) -> str:
    """Let git build the history; gives the id of the last commit."""
    folder.mkdir(parents=True)
    git(folder, "init", "--bare", "--quiet", "--initial-branch=main")
    stream = b""
    for step in history:
        row = step.row
        seconds = int(row.committed_at.timestamp())
        who = f"{row.author} {seconds} +0000".encode()
        message = row.message.encode()
        stream += b"commit refs/heads/main\nauthor %s\ncommitter %s\n" % (who, who)
        stream += b"data %d\n%s\n%s\n" % (len(message), message, step.commands)
    git(folder, "fast-import", "--quiet", stdin=stream)
    return git(folder, "rev-parse", "refs/heads/main").strip()


def commit_row(conn: sa.Connection, repo: Repository, oid: str) -> sa.Row[tuple[object, ...]]:
    """What the database says of a commit."""
    query = sa.select(commits).where(commits.c.repo_id == repo.id, commits.c.oid == oid)
    return conn.execute(query).one()


def modify(path: str, content: bytes) -> bytes:
    """The command that puts a file at a path."""
    return b"M 100644 inline %s\ndata %d\n%s\n" % (_quoted(path), len(content), content)


def delete(path: str) -> bytes:
    """The command that removes a file or a folder."""
    return b"D %s\n" % _quoted(path)


def _quoted(path: str) -> bytes:
    return b'"' + path.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'
