"""Repositories to test with, and short ways to commit to them and look at them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import sqlalchemy as sa

from paddock.hub import repositories
from paddock.hub.git import commits, files, refs
from paddock.hub.git.commits import CommitRequest
from paddock.hub.git.objects import ObjectType, make_object
from paddock.hub.git.operations import AddFile, Operation
from paddock.hub.people.accounts import create_user, find_account
from paddock.hub.types import Account, Caller, FileEntry, Kind, Repository, Token

WRITE_TOKEN = Token(id=1, name="test", role="write", created_at=datetime(2026, 1, 1, tzinfo=UTC))


def make_account(conn: sa.Connection, name: str = "alice") -> Account:
    return find_account(conn, name) or create_user(conn, name)


def make_repository(
    conn: sa.Connection, name: str = "model", kind: Kind = Kind.MODEL, owner: str = "alice"
) -> Repository:
    caller = Caller(make_account(conn, owner), WRITE_TOKEN)
    return repositories.create_repository(
        conn, caller, repositories.NewRepository(kind, name, sdk="static")
    )


def add(path: str, content: bytes = b"x") -> AddFile:
    return AddFile(path, make_object(ObjectType.BLOB, content))


def commit(
    conn: sa.Connection,
    repo: Repository,
    *operations: Operation,
    message: str = "change",
    parent: str | None = None,
    branch: str = "main",
) -> str:
    """Commit as alice."""
    author = make_account(conn)
    request = CommitRequest(refs.BRANCHES + branch, operations, author, message, parent)
    return commits.create_commit(conn, repo, request)


def commit_files(conn: sa.Connection, repo: Repository, contents: Mapping[str, bytes]) -> str:
    return commit(conn, repo, *(add(path, content) for path, content in contents.items()))


def tip(conn: sa.Connection, repo: Repository, branch: str = "main") -> str:
    return refs.resolve_revision(conn, repo, refs.BRANCHES + branch)


def paths(conn: sa.Connection, repo: Repository, revision: str = "main") -> list[str]:
    """Every file but the initial one."""
    entries = files.all_files(conn, repo, refs.resolve_revision(conn, repo, revision))
    return [entry.path for entry in entries if entry.path != ".gitattributes"]


def file_at(conn: sa.Connection, repo: Repository, path: str, revision: str = "main") -> FileEntry:
    entry = files.entry_at(conn, repo, refs.resolve_revision(conn, repo, revision), path)
    assert isinstance(entry, FileEntry)
    return entry
